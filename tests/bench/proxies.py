"""The processes that are measured, and what the kernel says about them.

Each proxy runs alone on one core; the tool server and the load generator share the other. Whatever
is started here lives in a folder of its own and ends with the `Bench` it belongs to.
"""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 20
SLOW_START_SECONDS = 120  # under a tracer

NGINX = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log warn; {user}
events {{ worker_connections 4096; }}
http {{
  log_format json escape=json '{{"time":"$time_iso8601","peer":"$remote_addr","request":"$request",'
      '"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"id":"$request_id"}}';
  access_log {log};
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  client_body_buffer_size 64k; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on;
  upstream tools {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port}{listen};
    location / {{
      proxy_pass {scheme}://tools; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering on; proxy_buffer_size 8k; proxy_buffers 16 8k; proxy_max_temp_file_size 0;
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend in
  bind 127.0.0.1:{port}
  default_backend tools
backend tools
  server one 127.0.0.1:{upstream}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process, port):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"{process.args[0]} does not listen")


def read_json_line(process, seconds):
    """The first line of its standard output that is JSON. A process that says nothing is killed."""
    end = time.monotonic() + seconds
    text = b""
    while time.monotonic() < end:
        readable, _, _ = select.select([process.stdout], [], [], 0.5)
        chunk = os.read(process.stdout.fileno(), 65536) if readable else None
        if chunk == b"":
            break
        text += chunk or b""
        for line in text.split(b"\n")[:-1]:
            if line.startswith(b"{"):
                return json.loads(line)
    process.kill()
    raise RuntimeError(f"{process.args} did not say that it is ready")


class Proxy:
    """One measured server: where it listens, and the processes whose work counts."""

    def __init__(self, name, process, port, load_options=(), environment=None):
        self.name = name
        self.process = process
        self.port = port
        self.load_options = list(load_options)
        self.environment = environment or {}

    def pids(self):
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(pid) for path in threads for pid in path.read_text().split())]

    def cpu_ns(self):
        """Time on a core of all threads so far, user and kernel."""
        return sum(int(path.read_text().split()[0]) for pid in self.pids()
                   for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))

    def rss_mb(self):
        kilobytes = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    kilobytes += int(line.split()[1])
        return kilobytes / 1024


class Bench:
    """Owns the folder and the processes of one run."""

    def __init__(self, programs, gatehouse):
        self.programs = Path(programs)
        self.gatehouse_binary = Path(gatehouse)
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
        self.processes = []
        cores = sorted(os.sched_getaffinity(0))
        self.pinned = len(cores) > 1
        self.proxy_core, self.peer_core = cores[0], cores[-1]
        self.upstream = self.legacy = self.secure = None
        self.home = self.folder / "store"
        self.serve_options = []

    def start(self, command, core=None, **options):
        if core is not None and self.pinned:
            command = ["taskset", "-c", str(core), *command]
        process = subprocess.Popen([str(part) for part in command],
                                   stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        self.processes.remove(process)

    def close(self):
        for process in reversed(list(self.processes)):
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_upstream(self, name="direct", *options):
        process = self.start([self.programs / "upstream", "--seconds", "3600", *options],
                             self.peer_core, stdout=subprocess.PIPE)
        proxy = Proxy(name, process, read_json_line(process, START_SECONDS)["port"])
        self.upstream = self.upstream or proxy
        return proxy

    def start_nginx(self, name, upstream, log="off", tls=None, core="proxy"):
        """`tls`: "to" speaks TLS to the upstream, "from" takes it off in front of the upstream."""
        home = self.folder / name
        home.mkdir()
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        config = home / "nginx.conf"
        listen = f" ssl; ssl_certificate {self.certificate()}; ssl_certificate_key {self.folder}/key.pem"
        config.write_text(NGINX.format(
            home=home, port=port, upstream=upstream.port, user=user, log=log.format(home=home),
            listen=listen if tls == "from" else "", scheme="https" if tls == "to" else "http"))
        process = self.start(["nginx", "-p", home, "-c", config, "-e", home / "early.log"],
                             self.proxy_core if core == "proxy" else core)
        wait_for_port(process, port)
        return Proxy(name, process, port)

    def certificate(self):
        """A certificate of its own for loopback, made at the first use."""
        path = self.folder / "certificate.pem"
        if not path.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", self.folder / "key.pem",
                 "-out", path], check=True, capture_output=True)
        return path

    def start_haproxy(self):
        port = free_port()
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY.format(port=port, upstream=self.upstream.port))
        process = self.start(["haproxy", "-db", "-q", "-f", config], self.proxy_core)
        wait_for_port(process, port)
        return Proxy("haproxy", process, port)

    def gatehouse_environment(self):
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder),
                "NO_COLOR": "1", "GATEHOUSE_HOME": str(self.home),
                "GATEHOUSE_CA_FILE": str(self.certificate()),
                # Counted as ever, but never reached: one token makes all calls here.
                "GATEHOUSE_LIMITS_TOKEN_RATE": "100000",
                "GATEHOUSE_LIMITS_CONNECTION_RATE": "100000"}

    def gatehouse(self, *arguments):
        """One command on the bench's store; its standard output."""
        done = subprocess.run([self.gatehouse_binary, *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=30, cwd=self.folder,
                              env=self.gatehouse_environment(), check=False)
        if done.returncode != 0:
            raise RuntimeError(f"gatehouse {' '.join(arguments)} ended with {done.returncode}: "
                               f"{done.stderr or done.stdout}")
        return done.stdout

    def prepare_store(self):
        """A store with the connection `bench` and an agent token."""
        self.add_connection("bench", self.upstream.port)
        self.token = self.make_token("bench")

    def add_connection(self, name, port, scheme="http"):
        self.gatehouse("add", name, f"{scheme}://127.0.0.1:{port}/mcp", "--allow-loopback", "--yes")

    def add_connection_stdio(self, name):
        self.gatehouse("add", name, "--yes", "--", self.programs / "upstream", "--stdio", "--era", "legacy")

    def make_token(self, name):
        return json.loads(self.gatehouse("token", "create", name, "--json"))["token"]

    def start_gatehouse(self, before=(), core="proxy", seconds=START_SECONDS, binary=None, options=()):
        """`gatehouse serve` with all that it does for an agent. `before` is a tracer's command."""
        command = [*before, binary or self.gatehouse_binary, "serve", "--listen", "127.0.0.1:0",
                   "--json", *(options or self.serve_options)]
        with open(self.folder / "gatehouse.log", "ab") as log:
            process = self.start(command, self.proxy_core if core == "proxy" else core,
                                 stdout=subprocess.PIPE, stderr=log, cwd=self.folder,
                                 env=self.gatehouse_environment())
        ready = read_json_line(process, seconds)
        return Proxy("gatehouse", process, int(ready["url"].rsplit(":", 1)[1]),
                     ["--execute", "bench"], {"BENCH_TOKEN": self.token})

    def load(self, proxy, requests, connections, warmup=0, tool="echo", seconds=60, options=None):
        """Calls through `proxy` and returns the load generator's report."""
        command = [self.programs / "load", proxy.port, "--requests", requests, "--connections",
                   connections, "--warmup", warmup, "--tool", tool, "--seconds", seconds,
                   *(proxy.load_options if options is None else options)]
        if self.pinned:
            command = ["taskset", "-c", self.peer_core, *command]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=seconds + 10, check=False,
                              env={"PATH": os.environ["PATH"],
                                   "BENCH_TOKEN": "x" * 52, **proxy.environment})
        if done.returncode != 0:
            raise RuntimeError(f"{proxy.name}: {done.stderr}")
        return json.loads(done.stdout)
