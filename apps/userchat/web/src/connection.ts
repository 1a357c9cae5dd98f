// The server goes away and comes back: streams are opened again, and the badge says how it stands.

const firstPause = 250;
const longestPause = 4000;

/** An element of the page, which has it. */
export function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

function showState(state: "connected" | "away"): void {
  const badge = element("connection", HTMLElement);
  badge.dataset.state = state;
  badge.textContent = state === "connected" ? "connected" : "server away, trying again";
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const seen = () => new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));

/** Takes what `open` streams, for ever; after an end it is opened again, ever later while nothing comes. */
export async function follow<T>(open: (signal: AbortSignal) => AsyncIterable<T>, take: (item: T) => void, whileHidden: boolean): Promise<never> {
  let wait = firstPause;
  for (;;) {
    while (!whileHidden && document.hidden) await seen();
    const stop = new AbortController();
    const hide = () => document.hidden && stop.abort();
    if (!whileHidden) document.addEventListener("visibilitychange", hide);
    try {
      for await (const item of open(stop.signal)) {
        wait = firstPause;
        showState("connected");
        take(item);
      }
    } catch (error) {
      if (!stop.signal.aborted) console.warn("the stream ended:", error);
    }
    document.removeEventListener("visibilitychange", hide);
    if (stop.signal.aborted) continue;
    showState("away");
    await pause(wait);
    wait = Math.min(wait * 2, longestPause);
  }
}
