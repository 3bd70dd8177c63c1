"""Words and numbers of a run: lines for programs, tables for docs/benchmarks.md."""
import re
import subprocess
from pathlib import Path
from statistics import median

from kinds import KINDS

COLUMNS = ["gatehouse", "nginx", "nginx_logging", "haproxy"]
PLAIN = COLUMNS[1:]
LATENCY = {"added_p50_us": ("added latency p50, µs, 1 connection", "≤ 50"),
           "added_p99_us": ("added latency p99, µs, 1 connection", "≤ 250")}
# Figures of Gatehouse alone or beside the others: words, unit, goal.
FIGURES = {
    "instructions_per_call": ("user instructions per call (callgrind)", "instructions", "≤ 32,000"),
    "syscalls_per_call_64": ("system calls per call, 64 connections", "calls", "≤ 6"),
    "syscalls_per_call_1": ("system calls per call, 1 connection", "calls", "≤ 8"),
    "rss_idle_mb": ("resident memory idle, MB", "MB", "≤ 20"),
    "rss_loaded_mb": ("resident memory after the load, MB", "MB", ""),
    "start_ms": ("start to ready, ms", "ms", "≤ 50"),
    "start_many_ms": ("start to ready with 200 connections of 24 tools, ms", "ms", "≤ 50"),
    "rss_many_mb": ("resident memory idle with 200 connections, MB", "MB", ""),
    "session_kb": ("KB for each idle legacy session (5,000 held)", "KB", "≤ 4"),
    "get_stream_kb": ("KB for each session with its GET stream open (5,000 held)", "KB", ""),
    "listen_kb": ("KB for each open `subscriptions/listen` (5,000 held)", "KB", ""),
    "abandoned_ratio": ("memory after 100,000 abandoned sessions, of that before", "ratio", "≤ 1.1"),
    "shards_2_vs_1": ("CPU per call with two shards, of that with one", "ratio", "0.9 to 1.1"),
    "search_1000_p50_us": ("search over 1,000 real tools, p50, µs", "us", "≤ 200"),
    "search_1000_p99_us": ("search over 1,000 real tools, p99, µs", "us", ""),
    "search_8000_p50_us": ("search over 8,000 real tools, p50, µs", "us", "≤ 1,000"),
    "search_8000_p99_us": ("search over 8,000 real tools, p99, µs", "us", ""),
}
RIVALS = {"executor": ("executor 1.5.9", "gatehouse", "≥ 50 ×"),
          "mcp_proxy": ("mcp-proxy 6.7.19", "gatehouse_stdio", "≥ 20 ×")}
RIVAL_CONNECTIONS = (1, 16)
BEGIN, END = "<!-- measured by make bench -->\n", "<!-- end -->\n"


def format_value(value):
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def pairs(samples, what, ours, theirs):
    return list(zip(samples.get((ours, what), []), samples.get((theirs, what), [])))


def ratio(samples, what, ours, theirs):
    """Median of the ratios within each round, which share what the machine was doing then."""
    ratios = [a / b for a, b in pairs(samples, what, ours, theirs)]
    return median(ratios) if ratios else None


def difference(samples, what, ours, theirs):
    differences = [a - b for a, b in pairs(samples, what, ours, theirs)]
    return median(differences) if differences else None


def figures_of(samples):
    """{column: {row: value}} of medians, added latency included."""
    columns = {}
    for (name, what), values in samples.items():
        columns.setdefault(name, {})[what] = median(values)
    for name, column in columns.items():
        for share in ("p50", "p99"):
            added = difference(samples, f"{share}_us", name, "direct")
            if added is not None and name != "direct":
                column[f"added_{share}_us"] = added
    return columns


def closing_lines(samples, columns):
    """One line per figure: name, value, unit."""
    ours = columns.get("gatehouse", {})
    lines = []
    for kind in KINDS:
        for other in kind.peers:
            value = ratio(samples, kind.key, "gatehouse", other)
            if value is not None:
                lines.append((kind.key.replace("cpu_us", f"cpu_vs_{other}"), value, "ratio"))
    lines += [(kind.key, ours[kind.key], "us") for kind in KINDS if kind.key in ours]
    lines += [(name, ours[name], "us") for name in LATENCY if name in ours]
    lines += [(name, ours[name], unit) for name, (_, unit, _) in FIGURES.items() if name in ours]
    for rival, (_, same, _) in RIVALS.items():
        for connections in RIVAL_CONNECTIONS:
            value = ratio(samples, f"per_second_{connections}", same, rival)
            if value is not None:
                lines.append((f"calls_vs_{rival}_{connections}", value, "ratio"))
    return [f"{name} {value:.2f} {unit}" for name, value, unit in lines]


def lines_of_table(header, rows):
    return ["| " + " | ".join(cells) + " |"
            for cells in [header, ["---"] * len(header), *rows]]


def call_table(samples, columns):
    """CPU per call of every kind beside the plain proxies, and added latency."""
    present = [name for name in COLUMNS if name in columns]
    rows = []
    for kind in KINDS:
        if kind.key not in columns.get("gatehouse", {}):
            continue
        cells = [format_value(columns[name].get(kind.key)) for name in present]
        beside = ratio(samples, kind.key, "gatehouse", "nginx")
        rows.append([kind.words, *cells, format_value(beside), kind.goal])
    for key, (words, goal) in LATENCY.items():
        if key in columns.get("gatehouse", {}):
            cells = [format_value(columns[name].get(key)) for name in present]
            rows.append([words, *cells, "", goal])
    titles = [name.replace("_", ", ") for name in present]
    return lines_of_table(["CPU µs per call", *titles, "of nginx", "goal"], rows) if rows else []


def figure_table(columns):
    present = [name for name in COLUMNS if name in columns]
    rows = []
    for key, (words, _, goal) in FIGURES.items():
        if key in columns.get("gatehouse", {}):
            rows.append([words, *(format_value(columns[name].get(key)) for name in present), goal])
    titles = [name.replace("_", ", ") for name in present]
    return lines_of_table(["what", *titles, "goal"], rows) if rows else []


def rival_table(samples, columns):
    rows = []
    for rival, (words, same, goal) in RIVALS.items():
        for connections in RIVAL_CONNECTIONS:
            what = f"per_second_{connections}"
            if what not in columns.get(rival, {}) or what not in columns.get(same, {}):
                continue
            theirs, ours = columns[rival], columns[same]
            rows.append([words, str(connections), format_value(theirs[what]), format_value(ours[what]),
                         f"{ratio(samples, what, same, rival):.0f} ×", goal,
                         f"{theirs[f'rival_p50_{connections}'] / 1000:.2f} / "
                         f"{ours[f'rival_p50_{connections}'] / 1000:.2f}"])
    header = ["beside", "connections", "its calls per second", "Gatehouse's", "ratio", "goal",
              "p50 ms, its / ours"]
    return lines_of_table(header, rows) if rows else []


def make_tables(samples, columns, facts):
    parts = [[facts], call_table(samples, columns), figure_table(columns),
             rival_table(samples, columns)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def write_table(path, table):
    """Replaces what stands between the two comments."""
    path = Path(path)
    text = path.read_text()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(before + BEGIN + table + END + after)


def machine_facts(pinned):
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.M))
    kernel = Path("/proc/sys/kernel/osrelease").read_text().strip()
    placed = "proxy alone on one, load and tool server on another" if pinned else "nothing pinned"
    return (f"{cpu[1] if cpu else 'unknown processor'}, {cores} cores ({placed}), Linux {kernel}; "
            f"{version(['nginx', '-v'])}; {version(['haproxy', '-v'])}")


def version(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        return f"no {command[0]}"
    text = (done.stdout + done.stderr).splitlines()[0]
    number = re.search(r"(\d+\.\d+[\d.]*)", text)
    return f"{command[0]} {number[1] if number else text}"
