// The server's figures as they change: the last minute of each as a line.
import { createClient, type Transport } from "@connectrpc/connect";
import { type Figures, FiguresService } from "#generated/figures/v1/figures_pb";
import { element, follow } from "./connection";

const shown = 60;

/** A line of the last values, from 0 to the highest of them. */
class Line {
  readonly #svg: SVGSVGElement;
  readonly #path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  readonly #values: number[] = [];

  constructor(id: string) {
    this.#svg = element(id, SVGSVGElement);
    this.#svg.setAttribute("viewBox", `0 0 ${shown - 1} 30`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#path.setAttribute("fill", "none");
    this.#path.setAttribute("stroke", "currentColor");
    this.#path.setAttribute("stroke-width", "2");
    this.#path.setAttribute("vector-effect", "non-scaling-stroke");
    this.#svg.append(this.#path);
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > shown) this.#values.shift();
    const highest = Math.max(...this.#values, 1e-9);
    const first = shown - this.#values.length;
    const points = this.#values.map((each, i) => `${first + i} ${(29 - (each / highest) * 28).toFixed(2)}`);
    this.#path.setAttribute("d", `M${points.join("L")}`);
  }
}

/** Three digits. */
function short(value: number): string {
  if (value === 0) return "0";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(value < 1 ? 2 : 3);
}

export function showFigures(transport: Transport): void {
  const client = createClient(FiguresService, transport);
  const tiles = [
    { id: "calls", text: (f: Figures) => short(f.callsPerSecond), value: (f: Figures) => f.callsPerSecond },
    { id: "in-flight", text: (f: Figures) => `${f.callsInFlight}`, value: (f: Figures) => Number(f.callsInFlight) },
    {
      id: "latency",
      text: (f: Figures) => [f.latencyP50Ms, f.latencyP90Ms, f.latencyP99Ms].map(short).join(" · "),
      value: (f: Figures) => f.latencyP99Ms,
    },
    { id: "lag", text: (f: Figures) => short(f.loopLagMs), value: (f: Figures) => f.loopLagMs },
  ].map((tile) => ({ ...tile, output: element(tile.id, HTMLOutputElement), line: new Line(`${tile.id}-line`) }));

  void follow(
    (signal) => client.watch({ intervalMs: 1000 }, { signal }),
    (figures) => {
      for (const tile of tiles) {
        tile.output.value = tile.text(figures);
        tile.line.add(tile.value(figures));
      }
    },
    // Not in hidden tabs: browsers open six connections to a server over HTTP/1.1, for all tabs together.
    false,
  );
}
