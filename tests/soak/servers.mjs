// The tool servers of a soak: two of the demo, behind a login whose tokens live for seconds, and
// three of ours that die and come back. Knows for each connection when errors are to be expected.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Gatehouse, demo_servers } from '../cli.mjs';

const fixture = process.env.FIXTURE_BINARY;
const token_life_s = 4;
// After a server is back its breaker may leave it alone a little longer.
const grace_ms = 12_000;

async function start_fixture(eras, port = 0) {
  const child = spawn(fixture, ['--eras', eras, '--port', String(port)],
      { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.once('close', resolve));
  const line = await Promise.race([
    new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    gone.then(() => { throw new Error('mcp_fixture ended at once'); })]);
  return { child, gone, url: line.trim() };
}

// Child processes of `pid` that run the fixture.
function children_of(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean));
  return children.map(Number).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('mcp_fixture');
    } catch {
      return false;
    }
  });
}

export class Servers {
  constructor(binary) {
    this.demo = new Gatehouse(binary);
    this.http = new Map();       // connection -> {child, gone, url, eras}
    this.windows = new Map();    // connection -> [{from, until}]
    this.deaths = 0;
  }

  async start() {
    const ready = await this.demo.start_until_ready(
        ['demo', '--listen', '127.0.0.1:0', '--gateway', '127.0.0.1:0', '--token-life', String(token_life_s)]);
    const urls = Object.fromEntries(demo_servers(ready).map(({ name, url }) => [name, url]));
    for (const [name, eras] of [['fresh', 'modern-only'], ['old', 'legacy-only']])
      this.http.set(name, { eras, ...await start_fixture(eras) });
    return { docs: urls.modern, tracker: urls.legacy, fresh: this.http.get('fresh').url,
      old: this.http.get('old').url };
  }

  stdio_command() {
    return [fixture, '--eras', 'legacy-only', '--stdio'];
  }

  // Whether an error of a call between the two times may come from what was done to its server.
  excuses(connection, from, until) {
    const windows = this.windows.get(connection) ?? [];
    return windows.some((window) => from <= window.until && until >= window.from);
  }

  open_window(connection) {
    const window = { from: Date.now(), until: Infinity };
    const windows = this.windows.get(connection) ?? [];
    this.windows.set(connection, [...windows.slice(-50), window]);
    return () => { window.until = Date.now() + grace_ms; };
  }

  async kill(connection, gateway_pid) {
    this.deaths += 1;
    const back = this.open_window(connection);
    const server = this.http.get(connection);
    if (server) {
      server.child.kill('SIGKILL');
      await server.gone;
      const again = await start_fixture(server.eras, new URL(server.url).port);
      this.http.set(connection, { eras: server.eras, ...again });
    } else {
      children_of(gateway_pid).forEach((pid) => process.kill(pid, 'SIGKILL'));
    }
    back();
  }

  async stop() {
    for (const { child, gone } of this.http.values()) {
      child.kill('SIGKILL');
      await gone;
    }
    await this.demo.dispose();
  }
}
