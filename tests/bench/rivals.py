"""Other gateways on the same tool server, from npm: executor and punkpeye's mcp-proxy.

They are installed by tools/deps bench into tests/bench/rivals. Calls per second and latency at 1 and
16 connections; Gatehouse is called the same way in the same turn.
"""
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from proxies import Proxy, free_port, wait_for_port

FOLDER = Path(__file__).resolve().parent / "rivals"
MODULES = FOLDER / "node_modules"
SECONDS = 8  # for each rival, tool and number of connections
TOKEN = "bench-token-for-loopback-only"


def present():
    return (MODULES / "executor-linux-x64/bin/executor").exists()


def node_environment(bench, home):
    node = FOLDER.parent.parent.parent / "build/node/bin"
    return {"PATH": f"{node}:{os.environ['PATH']}", "HOME": str(home), "NO_COLOR": "1",
            "LANG": "C.UTF-8"}


class Client:
    """As much of a legacy MCP client as setting up a rival takes."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json",
                        "Accept": "application/json, text/event-stream"}

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            session = answer.headers.get("mcp-session-id")
            if session:
                self.headers["Mcp-Session-Id"] = session
            return answer.read().decode()

    def call(self, tool, arguments):
        """The structured result of one call."""
        text = self.post("/mcp", {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments}})
        return json.loads(text)["result"]["structuredContent"]

    def initialize(self):
        self.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"}}})
        self.post("/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"})


def wait_until_answered(process, client):
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            return client.initialize()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"{process.args[0]} does not answer")


def start_executor(bench):
    """Executor with the tool server as its only integration."""
    home = bench.folder / "executor"
    (home / "scope").mkdir(parents=True)
    port = free_port()
    environment = {**node_environment(bench, home), "EXECUTOR_DATA_DIR": str(home / "data"),
                   "EXECUTOR_DISABLE_UPDATE_CHECK": "1", "EXECUTOR_DISABLE_INTEGRATIONS_FETCH": "1"}
    with open(home / "log", "wb") as log:
        process = bench.start([MODULES / "executor-linux-x64/bin/executor", "web", "--port", port, "--hostname",
                               "127.0.0.1", "--auth-token", TOKEN, "--scope", home / "scope"],
                              bench.proxy_core, stdout=log, stderr=log, env=environment, cwd=home)
    client = Client(port)
    wait_until_answered(process, client)
    asked = client.call("execute", {"code":
        'return await tools.executor.mcp.addServer({transport:"remote",name:"bench",slug:"bench",'
        f'endpoint:"http://127.0.0.1:{bench.legacy.port}/mcp"}})'})
    client.call("resume", {"executionId": asked["executionId"], "action": "accept", "content": "{}"})
    connection = {"owner": "org", "name": "main", "integration": "bench", "template": "none",
                  "values": {}}
    client.post("/api/connections", connection)
    found = client.call("execute", {"code": 'return await tools.search({query:"echo kilobyte"})'})
    path = next(item["path"] for item in found["result"]["items"] if item["name"] == "echo")
    code = f'return await tools.{path}({{text:"hello from the benchmark",count:3}})'
    call = f'"name":"execute","arguments":{json.dumps({"code": code})}'
    options = ["--era", "legacy", "--call", call, "--expect", "Loopback answers quickly"]
    return Proxy("executor", process, port, options, {"BENCH_TOKEN": TOKEN})


def start_mcp_proxy(bench):
    """mcp-proxy in front of the tool server as a child over stdio, which is what it is for."""
    home = bench.folder / "mcp-proxy"
    home.mkdir()
    port = free_port()
    with open(home / "log", "wb") as log:
        process = bench.start(
            [MODULES / ".bin/mcp-proxy", "--host", "127.0.0.1", "--port", port, "--server", "stream", "--",
             bench.programs / "upstream", "--stdio", "--era", "legacy"],
            bench.proxy_core, stdout=log, stderr=log, env=node_environment(bench, home), cwd=home)
    wait_for_port(process, port)
    return Proxy("mcp_proxy", process, port, ["--era", "legacy"])


def calls_per_second(bench, proxy, connections, options=None):
    """Of as many calls as fit into some seconds, after a few to warm up."""
    trial = bench.load(proxy, 20 * connections, connections, options=options)
    requests = max(20 * connections, min(200_000, int(trial["per_second"] * SECONDS)))
    return bench.load(proxy, requests, connections, options=options, seconds=120)
