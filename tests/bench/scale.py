"""What many of one thing cost: idle sessions and streams, abandoned sessions, connections at start,
shards. Each figure is taken on a `gatehouse serve` of its own.
"""
import os
import re
import subprocess
import time

from proxies import read_json_line

HELD = 5000
ABANDONED = 100_000
CONNECTIONS = 200
TOOLS_EACH = 20
STARTS = 7
SETTLE_SECONDS = 20
FORGOTTEN_SECONDS = 200


def settled_rss_mb(proxy):
    """Resident memory once it no longer changes from one look to the next."""
    last = proxy.rss_mb()
    for _ in range(SETTLE_SECONDS):
        time.sleep(1)
        now = proxy.rss_mb()
        if abs(now - last) < 0.05:
            return now
        last = now
    return last


def hold(bench, proxy, kind, count, tokens):
    """Starts a process that opens `count` of `kind` and holds them."""
    command = [bench.programs / "hold", proxy.port, "--kind", kind, "--count", count, "--seconds", 280]
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "BENCH_TOKENS": ",".join(tokens)})
    bench.processes.append(process)
    return process, read_json_line(process, 290)


def let_go(bench, process):
    process.stdin.close()
    process.wait(30)
    bench.processes.remove(process)


def per_held_kb(bench, kind, tokens, count=HELD):
    """Kilobytes of the gateway's own memory for each that is held."""
    proxy = bench.start_gatehouse()
    try:
        bench.load(proxy, 2000, 16)
        before = settled_rss_mb(proxy)
        process, _ = hold(bench, proxy, kind, count, tokens)
        after = settled_rss_mb(proxy)
        let_go(bench, process)
        return 1024 * (after - before) / count
    finally:
        bench.stop(proxy.process)


def abandoned(bench, tokens):
    """(MB before, MB after) of sessions that were opened and left alone, each token's in turn."""
    proxy = bench.start_gatehouse()
    try:
        bench.load(proxy, 2000, 16)
        before = settled_rss_mb(proxy)
        process, _ = hold(bench, proxy, "session", ABANDONED, tokens)
        let_go(bench, process)
        # A session that was never used is forgotten after two minutes.
        end = time.monotonic() + FORGOTTEN_SECONDS
        while proxy.rss_mb() > 1.1 * before and time.monotonic() < end:
            time.sleep(2)
        bench.load(proxy, 2000, 16)
        return before, settled_rss_mb(proxy)
    finally:
        bench.stop(proxy.process)


def start_with_many(bench):
    """Milliseconds from exec to ready, and MB, with 200 connections of 24 tools each in the store."""
    server = bench.start_upstream("many", "--tools", str(TOOLS_EACH))
    home, bench.home = bench.home, bench.folder / "many"
    try:
        for number in range(CONNECTIONS):
            bench.add_connection(f"many{number}", server.port)
        times, rss = [], []
        for _ in range(STARTS):
            started = time.perf_counter()
            proxy = bench.start_gatehouse(core=None)
            times.append(1000 * (time.perf_counter() - started))
            rss.append(settled_rss_mb(proxy))
            bench.stop(proxy.process)
        return times, rss
    finally:
        bench.home = home
        bench.stop(server.process)


def shards_cpu_us(bench, shards, requests=24000, connections=64):
    """CPU per call of a gateway with so many shards, on all cores."""
    proxy = bench.start_gatehouse(core=None, options=["--shards", str(shards)])
    try:
        bench.load(proxy, 4000, connections)
        before = proxy.cpu_ns()
        bench.load(proxy, requests, connections)
        return (proxy.cpu_ns() - before) / 1000 / requests
    finally:
        bench.stop(proxy.process)


def search_figures(bench, root):
    """{(tools, "p50" or "p99"): µs} of search over the first 1,000 and 8,000 tools of the data set."""
    figures = {}
    data = root / "tests/data/mcp_catalog/tools.jsonl"
    if not data.exists():
        return figures
    lines = data.read_text().splitlines()
    for count in (1000, 8000):
        part = bench.folder / f"tools-{count}.jsonl"
        part.write_text("\n".join(lines[:count]) + "\n")
        done = subprocess.run([bench.programs / "search_eval", part], capture_output=True, text=True,
                              check=True, timeout=120)
        for share in ("p50", "p99"):
            found = re.search(rf"^search_{share} ([\d.]+) us$", done.stdout, re.M)
            figures[count, share] = float(found[1])
    return figures
