// The gatehouse command line as the tests see it: the one place that knows its flags, its exit
// codes and its readiness lines. Used by e2e/ and conformance/.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const exit_code = { done: 0, failed: 1, usage: 2, sign_in: 3 };
export const headless_browser =
    fileURLToPath(new URL('./peers/headless_browser.mjs', import.meta.url));

export const client_metadata_variable = 'GATEHOUSE_CLIENT_METADATA_URL';

// Flags of `gatehouse add` for a server on loopback: it is asked about, and the answer is yes.
const loopback_flags = ['--allow-loopback', '--yes'];

export function add_http(name, url, more = []) {
  return ['add', name, url, ...loopback_flags, ...more];
}

export function add_stdio(name, command, env = {}) {
  const pairs = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  return ['add', name, '--yes', ...pairs, '--', ...command];
}

export function call(tool, args = {}, more = []) {
  return ['call', tool, JSON.stringify(args), '--json', ...more];
}

// What `gatehouse demo --json` tells when it is ready: its MCP servers as [{name, url}], among them
// one called `modern` and one called `legacy`.
export function demo_servers(ready) {
  return ready.servers;
}

// What `describe --json` and `tools --json` call a tool's schema.
export function input_schema_of(described) {
  return described.input_schema ?? described.inputSchema;
}

// One store, and commands run on it. `home` is removed by dispose().
export class Gatehouse {
  constructor(binary, { env = {}, browser = headless_browser } = {}) {
    this.binary = path.resolve(binary);
    this.home = mkdtempSync(path.join(tmpdir(), 'gatehouse-test-'));
    this.env = { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: this.home, NO_COLOR: '1',
      GATEHOUSE_HOME: path.join(this.home, 'store'), NODE_OPTIONS: process.env.NODE_OPTIONS ?? '',
      ...(process.env.TSAN_OPTIONS ? { TSAN_OPTIONS: process.env.TSAN_OPTIONS } : {}),
      ...(browser ? { BROWSER: browser } : {}), ...env };
    this.children = new Set();
  }

  start(args, { env = {}, stdio = ['ignore', 'pipe', 'pipe'], cwd = this.home } = {}) {
    return this.adopt(spawn(this.binary, args, { stdio, cwd, env: { ...this.env, ...env } }));
  }

  // The child dies with this store, and `child.gone` resolves to {code, signal} when it has ended.
  adopt(child) {
    this.children.add(child);
    child.gone = new Promise((resolve) => child.once('close', (code, signal) => {
      this.children.delete(child);
      resolve({ code, signal });
    }));
    child.once('error', () => this.children.delete(child));
    return child;
  }

  // Runs one command to its end. `stdin` is text, or a function (child) that writes. When the
  // deadline passes the command is killed and `timed_out` is set.
  async run(args, { env = {}, stdin, deadline_ms = 30_000, cwd = this.home } = {}) {
    const stdio = [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
    const child = this.start(args, { env, stdio, cwd });
    const result = { args, stdout: '', stderr: '', timed_out: false };
    child.stdout.on('data', (data) => { result.stdout += data; });
    child.stderr.on('data', (data) => { result.stderr += data; });
    if (typeof stdin === 'function') stdin(child, result);
    else if (stdin !== undefined) child.stdin.end(stdin);
    const timer = setTimeout(() => {
      result.timed_out = true;
      child.kill('SIGKILL');
    }, deadline_ms);
    const failed = new Promise((_, reject) => child.once('error', reject));
    Object.assign(result, await Promise.race([child.gone, failed]));
    clearTimeout(timer);
    return result;
  }

  // Starts `serve` or `demo` and resolves to its readiness object, with the child beside it.
  async start_until_ready(args, options = {}) {
    const child = this.start([...args, '--json'], options);
    let log = '';
    child.stderr.on('data', (data) => { log += data; });
    const lines = createInterface({ input: child.stdout });
    const ready = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready: ${args.join(' ')}\n${log}`)),
          20_000);
      lines.on('line', (line) => {
        const message = line.startsWith('{') ? JSON.parse(line) : {};
        if (message.event !== 'ready') return;
        clearTimeout(timer);
        resolve(message);
      });
      child.gone.then((end) => reject(new Error(`ended: ${JSON.stringify(end)}\n${log}`)));
      child.once('error', reject);
    });
    return { ...ready, child, log: () => log };
  }

  async dispose() {
    const ends = [...this.children].map((child) => { child.kill('SIGKILL'); return child.gone; });
    await Promise.all(ends);
    rmSync(this.home, { recursive: true, force: true });
  }
}

// What a failed expectation should show.
export function describe_run(result) {
  return `gatehouse ${result.args.join(' ')}\nexit ${result.code ?? result.signal}` +
      `${result.timed_out ? ' (deadline passed)' : ''}\n--- stdout\n${result.stdout}` +
      `\n--- stderr\n${result.stderr}`;
}
