"""Counts that do not depend on the machine: instructions and system calls of one more call.

Two runs of `gatehouse serve`, with N and 2N calls; what the second did more, divided by N. Start,
connecting and shutdown cancel out.
"""
import re
import shutil
import subprocess

from proxies import SLOW_START_SECONDS

CALLGRIND_CALLS = 1500
STRACE_CALLS = 4000


def instructions_per_call(bench, connections=16):
    """User instructions, or None without valgrind."""
    strip = shutil.which("llvm-strip-19") or shutil.which("strip")
    if shutil.which("valgrind") is None or strip is None:
        return None
    # Debian 12's valgrind cannot read clang 19's line tables and gives up; names are enough.
    stripped = bench.folder / "gatehouse"
    subprocess.run([strip, "--strip-debug", "-o", stripped, bench.gatehouse_binary], check=True)
    totals = []
    for runs in (1, 2):
        out = bench.folder / f"callgrind.{runs}"
        tracer = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"]
        run_traced(bench, tracer, CALLGRIND_CALLS * runs, connections, binary=stripped)
        totals.append(int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M)[1]))
    return (totals[1] - totals[0]) / CALLGRIND_CALLS


def syscalls_per_call(bench, connections):
    """(calls, {name: calls}) per call, or None where strace is missing or may not trace."""
    if shutil.which("strace") is None:
        return None
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        return None
    counts = []
    for runs in (1, 2):
        out = bench.folder / f"strace.{connections}.{runs}"
        run_traced(bench, ["strace", "-f", "-c", "-o", out], STRACE_CALLS * runs, connections)
        counts.append(read_strace(out.read_text()))
    names = {name: (counts[1].get(name, 0) - counts[0].get(name, 0)) / STRACE_CALLS
             for name in counts[1]}
    return names.pop("total"), {name: n for name, n in names.items() if n >= 0.005}


def run_traced(bench, tracer, calls, connections, binary=None):
    proxy = bench.start_gatehouse(tracer, seconds=SLOW_START_SECONDS, binary=binary)
    try:
        bench.load(proxy, calls, connections, seconds=120)
    finally:
        # The tracer passes no signal on; the traced process is its only child.
        traced = proxy.pids()[1:]
        for pid in traced or [proxy.process.pid]:
            subprocess.run(["kill", "-TERM", str(pid)], check=False)
        try:
            proxy.process.wait(60)
        except subprocess.TimeoutExpired:
            pass
        bench.stop(proxy.process)


def read_strace(text):
    counts = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[3].isdigit():
            counts[fields[-1]] = int(fields[3])
    return counts
