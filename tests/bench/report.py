"""Words and numbers of a run: lines for programs, a table for docs/benchmarks.md."""
import re
import subprocess
from pathlib import Path
from statistics import median

GOALS = {
    "cpu_us_1": "", "cpu_us_16": "≤ 1.2 × nginx", "cpu_us_64": "≤ 1.2 × nginx",
    "cpu_us_64_large": "≤ 0.8 × nginx", "p50_us": "", "p99_us": "",
    "added_p50_us": "≤ 50", "added_p99_us": "≤ 250", "rss_idle_mb": "≤ 20", "rss_loaded_mb": "",
    "start_ms": "≤ 50", "instructions_per_call": "≤ 32,000", "syscalls_per_call_64": "≤ 6",
    "syscalls_per_call_1": "≤ 8",
}
ROWS = {
    "cpu_us_1": "CPU µs per call, 1 connection", "cpu_us_16": "CPU µs per call, 16 connections",
    "cpu_us_64": "CPU µs per call, 64 connections",
    "cpu_us_64_large": "CPU µs per call, 64 connections, 64 KB result",
    "added_p50_us": "added latency p50, µs, 1 connection",
    "added_p99_us": "added latency p99, µs, 1 connection", "rss_idle_mb": "resident memory idle, MB",
    "rss_loaded_mb": "resident memory after the load, MB", "start_ms": "start to ready, ms",
    "instructions_per_call": "user instructions per call (callgrind)",
    "syscalls_per_call_64": "system calls per call, 64 connections",
    "syscalls_per_call_1": "system calls per call, 1 connection",
}
COLUMNS = ["gatehouse", "nginx", "nginx_logging", "haproxy"]
BEGIN, END = "<!-- measured by make bench -->\n", "<!-- end -->\n"


def format_value(value):
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ratio(samples, what, ours, theirs):
    """Median of the ratios within each round, which share what the machine was doing then."""
    pairs = zip(samples.get((ours, what), []), samples.get((theirs, what), []))
    ratios = [a / b for a, b in pairs]
    return median(ratios) if ratios else None


def difference(samples, what, ours, theirs):
    pairs = zip(samples.get((ours, what), []), samples.get((theirs, what), []))
    differences = [a - b for a, b in pairs]
    return median(differences) if differences else None


def figures_of(samples):
    """{column: {row: value}} of medians, and the lines that close a run."""
    columns = {}
    for (name, what), values in samples.items():
        columns.setdefault(name, {})[what] = median(values)
    for name, column in columns.items():
        if name == "direct":
            continue
        for share in ("p50", "p99"):
            added = difference(samples, f"{share}_us", name, "direct")
            if added is not None:
                column[f"added_{share}_us"] = added
    return columns


def closing_lines(samples, columns):
    ours = columns.get("gatehouse", {})
    lines = []
    for connections in (1, 16, 64):
        for other in ("nginx", "nginx_logging", "haproxy"):
            value = ratio(samples, f"cpu_us_{connections}", "gatehouse", other)
            if value is not None:
                lines.append((f"cpu_vs_{other}_{connections}", value, "ratio"))
    large = ratio(samples, "cpu_us_64_large", "gatehouse", "nginx")
    if large is not None:
        lines.append(("cpu_vs_nginx_64_large", large, "ratio"))
    units = {"cpu_us_16": "us", "cpu_us_64": "us", "added_p50_us": "us", "added_p99_us": "us",
             "rss_idle_mb": "MB", "rss_loaded_mb": "MB", "start_ms": "ms",
             "instructions_per_call": "instructions", "syscalls_per_call_1": "calls",
             "syscalls_per_call_64": "calls"}
    lines += [(name, ours[name], unit) for name, unit in units.items() if name in ours]
    return [f"{name} {value:.2f} {unit}" for name, value, unit in lines]


def make_table(columns, facts):
    present = [name for name in COLUMNS if name in columns]
    titles = [name.replace("_", ", ") for name in present]
    lines = [facts, "", "| " + " | ".join(["what", *titles, "goal"]) + " |",
             "|---" * (len(present) + 2) + "|"]
    for row, words in ROWS.items():
        values = [columns[name].get(row) for name in present]
        if any(value is not None for value in values):
            cells = ["" if value is None else format_value(value) for value in values]
            lines.append(f"| {words} | " + " | ".join(cells) + f" | {GOALS[row]} |")
    return "\n".join(lines) + "\n"


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
