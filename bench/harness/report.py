"""Results as JSON, as a table, as a plot."""
import datetime
import json
import os
import platform
import subprocess

from . import measurements


def show(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def plotter():
    """matplotlib's pyplot, set up; None where it is not installed."""
    try:
        import matplotlib
        matplotlib.use("svg")
        from matplotlib import pyplot
    except ImportError:
        print("no plot: python3-matplotlib is not installed")
        return None
    # The salt makes the same figures the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "tern", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    return pyplot


class Results:
    def __init__(self, folder):
        self.folder = folder
        self.files = []
        self.rows = {}
        path = folder / "results.json"
        # Measurements of earlier runs stay until they are made anew.
        if path.exists():
            self.rows = json.loads(path.read_text())["measurements"]

    def add(self, name, result):
        row = self.rows.setdefault(name, {"results": []})
        measurement = measurements.ALL[name]
        row.update(title=measurement.title, unit=measurement.unit, more_is_better=measurement.more_is_better,
                   taken=datetime.datetime.now().isoformat(timespec="seconds"))
        row["results"] = [old for old in row["results"] if old["peer"] != result.peer]
        row["results"].append({"peer": result.peer, "kind": result.kind, "median": result.median, "values": result.values,
                               **({"cpu_us": result.cpu} if result.cpu else {})})

    def _lines(self, name):
        row = self.rows[name]
        own = next((entry["median"] for entry in row["results"] if entry["peer"] == "tern"), None)
        for entry in sorted(row["results"], key=lambda entry: entry["median"], reverse=row["more_is_better"]):
            ratio = ""
            if own and entry["peer"] != "tern" and entry["median"]:
                times = own / entry["median"] if row["more_is_better"] else entry["median"] / own
                ratio = f"{times:.2f}"
            cpu = sorted(entry.get("cpu_us", []))
            yield [entry["peer"], f"{show(entry['median'])} {row['unit']}",
                   f"{show(min(entry['values']))}–{show(max(entry['values']))}",
                   f"{cpu[len(cpu) // 2]:.3g}" if cpu else "", ratio]

    HEAD = ["", "median", "spread", "CPU, µs a call", "tern is better ×"]

    def text(self, name):
        lines = list(self._lines(name))
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        return "\n".join("   " + "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                           for column, (cell, width) in enumerate(zip(line, widths)))
                         for line in lines)

    def write(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
        about = {"commit": commit, "processors": os.cpu_count(), "machine": platform.machine(),
                 "kernel": platform.release(), "processor": _processor()}
        ordered = {name: self.rows[name] for name in measurements.ALL if name in self.rows}
        self._write("results.json", json.dumps({"about": about, "measurements": ordered}, indent=1, ensure_ascii=False) + "\n")
        table = [f"Taken by `bench/run` on {about['processors']} shared cores ({about['processor']}), commit {commit}."]
        for name, row in ordered.items():
            table += ["", f"## {row['title'][0].upper()}{row['title'][1:]}", "", "| " + " | ".join(self.HEAD) + " |",
                      "| --- | ---: | ---: | ---: | ---: |"]
            table += ["| " + " | ".join(line) + " |" for line in self._lines(name)]
        self._write("table.md", "\n".join(table) + "\n")
        self._plot(ordered)

    def _write(self, name, text):
        (self.folder / name).write_text(text)
        self.files.append(self.folder / name)

    SHOWN = ["unary_1000", "stream_64B", "clients", "one_at_a_time"]

    def _plot(self, rows):
        shown = [name for name in self.SHOWN if name in rows]
        pyplot = plotter()
        if pyplot is None or not shown:
            return
        figure, axes = pyplot.subplots((len(shown) + 1) // 2, min(len(shown), 2), squeeze=False,
                                       figsize=(10, 3.2 * ((len(shown) + 1) // 2)))
        colours = {"tern": "#2f6fdf", "below": "#a9b4c2", "peer": "#e08a2c"}
        for axis, name in zip(axes.flat, shown):
            row = rows[name]
            entries = sorted(row["results"], key=lambda entry: entry["median"], reverse=not row["more_is_better"])
            medians = [entry["median"] for entry in entries]
            spread = [[entry["median"] - min(entry["values"]) for entry in entries],
                      [max(entry["values"]) - entry["median"] for entry in entries]]
            axis.barh([entry["peer"] for entry in entries], medians, xerr=spread,
                      color=[colours[entry["kind"]] for entry in entries], error_kw={"lw": 0.8})
            axis.set_title(f"{row['title']}\n({row['unit']}, {'more' if row['more_is_better'] else 'less'} is better)",
                           fontsize=9, loc="left")
            axis.xaxis.set_major_locator(pyplot.MaxNLocator(4))
            axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        for axis in axes.flat[len(shown):]:
            axis.remove()
        figure.tight_layout()
        figure.savefig(self.folder / "peers.svg", metadata={"Date": None})
        self.files.append(self.folder / "peers.svg")


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
