#!/usr/bin/env python3
"""Start to ready of `gatehouse serve` with many connections whose lists are stored.

    tests/bench/startup.py BINARY [CONNECTIONS [RUNS]]

Makes a store with CONNECTIONS (200) HTTP connections that share the tools of
tests/data/mcp_catalog, starts the gateway RUNS (15) times and prints the median time from exec to
the ready line, beside that of an empty store, and of the first search after it.
"""
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / "data" / "mcp_catalog" / "tools.jsonl"


def texts(items):
    """As vault::encode_texts()."""
    return b"".join(len(i).to_bytes(4, "big") + i for i in (i.encode() for i in items))


def fill(home, connections):
    tools = []
    with open(TOOLS, encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            schema = one.get("input_schema") or {}
            if not isinstance(schema, dict):
                schema = {}
            tools.append(json.dumps({"name": one["name"], "description": one.get("description", ""),
                                     "inputSchema": {"type": "object", **schema}}))
    now = int(time.time() * 1000)
    database = sqlite3.connect(next(Path(home).rglob("gatehouse.db")))
    share = -(-len(tools) // connections)
    for i in range(connections):
        row = f"con_{i:04}"
        database.execute(
            "INSERT INTO connections (id, organization, name, transport, url, command, directory, "
            "auth, mode, header_names, environment_names, client_id, issuer, scopes, redirect_port, "
            "redirect_path, allowances, secrets, created_at, revision) VALUES (?, 'org_local', ?, "
            "'http', ?, x'', '', 'none', 'shared', x'', x'', '', '', x'', 0, '/callback', x'', "
            "NULL, ?, 1)", (row, f"server-{i:03}", f"https://server-{i}.example/mcp", now))
        names = {}
        for tool in tools[i * share:(i + 1) * share]:
            names.setdefault(json.loads(tool)["name"], tool)
        database.execute(
            "INSERT INTO catalogs (connection, owner, tools, prompts, resources, templates, "
            "dropped, fetched_at, ttl_ms) VALUES (?, '', ?, x'', x'', x'', x'', ?, 0)",
            (row, texts(names.values()), now))
        database.execute(
            "INSERT INTO connection_states (connection, health, detail, hint, checked_at, ready_at, "
            "era, protocol_version, era_at, server_info) VALUES (?, 'ready', '', '', ?, ?, '', '', "
            "NULL, '')", (row, now, now))
    database.commit()
    database.close()
    return len(tools)


def start(binary, env):
    begin = time.perf_counter()
    child = subprocess.Popen([binary, "serve", "--listen", "127.0.0.1:0", "--json"], env=env,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ready = json.loads(child.stdout.readline())
    return child, ready, (time.perf_counter() - begin) * 1000


def search(url, token):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "search_capabilities", "arguments": {"query": "create an issue"},
        "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                  "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                  "io.modelcontextprotocol/clientCapabilities": {}}}}).encode()
    request = urllib.request.Request(url, body, {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call", "Mcp-Name": "search_capabilities"})
    begin = time.perf_counter()
    with urllib.request.urlopen(request) as response:
        response.read()
    return (time.perf_counter() - begin) * 1000


def measure(binary, connections, runs):
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "GATEHOUSE_HOME": home, "HOME": home}
        token = json.loads(subprocess.run([binary, "token", "create", "bench", "--json"], env=env,
                                          check=True, capture_output=True).stdout)["token"]
        tools = fill(home, connections) if connections else 0
        times, searches = [], []
        for _ in range(runs):
            child, ready, took = start(binary, env)
            times.append(took)
            if connections:
                searches.append([search(ready["mcp"], token) for _ in range(3)])
            child.terminate()
            child.wait()
        line = f"{connections:4} connections, {tools:5} tools: ready {statistics.median(times):6.1f} ms"
        if searches:
            line += (f"; first search {statistics.median(s[0] for s in searches):.1f} ms, "
                     f"later ones {statistics.median(s[-1] for s in searches):.1f} ms")
        print(line, flush=True)


def main():
    binary = sys.argv[1]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    measure(binary, 0, runs)
    measure(binary, int(sys.argv[2]) if len(sys.argv) > 2 else 200, runs)


if __name__ == "__main__":
    main()
