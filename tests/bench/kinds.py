"""What is measured in rounds: each kind of call, and the plain proxy it is compared with.

A kind is one row of the first table: so many connections, one tool, who speaks which era. Gatehouse
gets `ours` (options of the load generator), the plain proxies get the same call of the same tool
server without it.
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    key: str
    connections: int
    requests: int
    words: str
    goal: str = ""
    tool: str = "echo"
    ours: tuple = ("--execute", "bench")
    plain: tuple = ()
    peers: dict = field(default_factory=lambda: {n: n for n in ("nginx", "nginx_logging", "haproxy")})
    latency: bool = False


AT_MOST = "≤ 1.2 × nginx"
KINDS = [
    Kind("cpu_us_1", 1, 6000, "1 connection", latency=True),
    Kind("cpu_us_16", 16, 16000, "16 connections", AT_MOST),
    Kind("cpu_us_64", 64, 16000, "64 connections", AT_MOST),
    Kind("cpu_us_256", 256, 16000, "256 connections"),
    Kind("cpu_us_64_large", 64, 2000, "64 KB result", "≤ 0.8 × nginx", tool="echo_64k"),
    Kind("cpu_us_64_connection", 64, 16000, "through `/mcp/c/bench`", AT_MOST,
         ours=("--path", "/mcp/c/bench"), peers={"nginx": "nginx"}),
    Kind("cpu_us_64_all", 64, 16000, "through `/mcp/all`",
         ours=("--path", "/mcp/all", "--tool", "bench.echo"), peers={"nginx": "nginx"}),
    Kind("cpu_us_64_legacy_agent", 64, 16000, "legacy agent", AT_MOST,
         ours=("--execute", "bench", "--era", "legacy"), peers={"nginx": "nginx"}),
    Kind("cpu_us_64_legacy_server", 64, 16000, "legacy tool server", AT_MOST,
         ours=("--execute", "old"), plain=("--era", "legacy"), peers={"nginx": "nginx_old"}),
    Kind("cpu_us_64_sse", 64, 8000, "answer as one event (SSE)", AT_MOST, tool="echo_sse",
         peers={"nginx": "nginx"}),
    Kind("cpu_us_64_sse_large", 64, 2000, "64 KB as one event (SSE)", AT_MOST, tool="echo_sse_64k",
         peers={"nginx": "nginx"}),
    Kind("cpu_us_64_tls", 64, 8000, "tool server behind TLS", AT_MOST,
         ours=("--execute", "secure"), peers={"nginx": "nginx_tls"}),
    Kind("cpu_us_64_spread_10", 64, 16000, "10 tool servers in turn",
         ours=("--execute", "spread", "--spread", "10"), peers={}),
    Kind("cpu_us_64_spread_100", 64, 16000, "100 tool servers in turn",
         ours=("--execute", "spread", "--spread", "100"), peers={}),
]


def chosen(text):
    """The kinds named in `text`, separated by commas; all when it is empty."""
    names = [name for name in text.split(",") if name]
    unknown = set(names) - {kind.key for kind in KINDS}
    if unknown:
        raise SystemExit(f"bench: no such kind: {', '.join(sorted(unknown))}")
    return [kind for kind in KINDS if not names or kind.key in names]
