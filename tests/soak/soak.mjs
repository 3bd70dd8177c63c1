// An hour of mixed load (MINUTES, one in `make test`) on a gateway under sanitizers: agents of both
// eras on all endpoints, three kinds of tool servers and two logins whose tokens live for seconds;
// servers die and come back, agents vanish. No error that was not made, and at the end neither
// memory nor descriptors nor rows have grown. SEED repeats the agents' choices.
import path from 'node:path';
import { Gatehouse, add_http, add_stdio, describe_run, exit_code } from '../cli.mjs';
import { make_random } from '../random.mjs';
import { Agent, actions } from './agents.mjs';
import { descriptors, median, rows, rss_mb } from './growth.mjs';
import { Servers } from './servers.mjs';
import { Wire } from './wire.mjs';

const minutes = Number(process.env.MINUTES || 1);
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 31));
const agent_count = Number(process.env.AGENTS || 12);
const binary = process.env.GATEHOUSE_BINARY;
const death_every_ms = 9_000;   // of one server; each is left alone between its deaths
const abandon_every_ms = 15_000;
const settle_ms = 30_000;       // for what ends after its agent has gone
const mortal = ['fresh', 'old', 'child'];
const sanitizers = { ASAN_OPTIONS: 'quarantine_size_mb=8:malloc_context_size=8:detect_leaks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' };

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Soak {
  constructor() {
    this.random = make_random(seed);
    this.stopping = false;
    this.problems = new Map();  // text -> how often
    this.excused = 0;
    this.abandoned_at = 0;
    this.counts = {};
    this.samples = [];
  }

  // Calls that wait for answers are few by design, so that one is left alone only now and then.
  may_abandon() {
    if (Date.now() - this.abandoned_at < abandon_every_ms) return false;
    this.abandoned_at = Date.now();
    return true;
  }

  count(kind) {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  // An error may be one that was made; without a connection it never is.
  report(connection, from, problem) {
    if (connection && this.servers.excuses(connection, from, Date.now())) {
      this.excused += 1;
      return;
    }
    const text = `${connection || 'gateway'}: ${problem}`;
    this.problems.set(text, (this.problems.get(text) ?? 0) + 1);
  }

  async prepare() {
    this.servers = new Servers(binary);
    this.gatehouse = new Gatehouse(binary, { env: sanitizers });
    const urls = await this.servers.start();
    for (const [name, url] of Object.entries(urls))
      await this.command(add_http(name, url));
    await this.command(add_stdio('child', this.servers.stdio_command()));
    this.token = JSON.parse((await this.command(['token', 'create', 'soak', '--json'])).stdout).token;
    this.gateway = await this.gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
    this.pid = this.gateway.child.pid;
    this.database = path.join(this.gatehouse.env.GATEHOUSE_HOME, 'gatehouse.db');
  }

  async command(args) {
    const run = await this.gatehouse.run(args, { deadline_ms: 60_000 });
    if (run.code !== exit_code.done) throw new Error(describe_run(run));
    return run;
  }

  sample() {
    this.samples.push({ at: Date.now(), rss: rss_mb(this.pid), fds: descriptors(this.pid),
      rows: rows(this.database) });
  }

  async kill_servers(end) {
    for (let turn = 0; Date.now() < end && !this.stopping; turn += 1) {
      await sleep(Math.min(death_every_ms, Math.max(0, end - Date.now())));
      if (Date.now() < end) await this.servers.kill(mortal[turn % mortal.length], this.pid);
    }
  }

  async load() {
    const idle = { fds: descriptors(this.pid) };
    const end = Date.now() + minutes * 60_000;
    const wires = Array.from({ length: agent_count }, () => new Wire(this.gateway.url, this.token));
    const agents = wires.map((wire) => new Agent(wire, this).run(actions));
    const killer = this.kill_servers(end - 15_000);
    let died = false;
    this.gateway.child.gone.then(() => { died = true; this.stopping = true; });
    while (Date.now() < end && !died) {
      await sleep(1000);
      if (!died) this.sample();
    }
    this.stopping = true;
    await Promise.all([...agents, killer]);
    wires.forEach((wire) => wire.close());
    return { idle, died };
  }

  // Memory and rows of the last quarter beside those of the second.
  growth() {
    const quarter = Math.floor(this.samples.length / 4);
    const early = this.samples.slice(quarter, 2 * quarter);
    const late = this.samples.slice(-quarter);
    const found = [];
    const before = median(early.map(({ rss }) => rss));
    const after = median(late.map(({ rss }) => rss));
    // A minute is too short for what is bounded by time: sessions live on for a while.
    const allowed = minutes >= 10 ? 1.1 : 1.3;
    console.log(`memory ${before.toFixed(1)} MB, later ${after.toFixed(1)} MB`);
    if (after > before * allowed + 8) found.push(`memory grew from ${before.toFixed(1)} to ${after.toFixed(1)} MB`);
    for (const [table, last] of Object.entries(late.at(-1)?.rows ?? {})) {
      const first = early[0].rows[table];
      if (last > first * 1.5 + 300) found.push(`table ${table} grew from ${first} to ${last} rows`);
    }
    return found;
  }

  async settled_descriptors(idle) {
    const end = Date.now() + settle_ms;
    const most = idle + 6 * agent_count;  // kept alive towards servers for a minute, pipes of children
    let now = descriptors(this.pid);
    while (now > most && Date.now() < end) {
      await sleep(250);
      now = descriptors(this.pid);
    }
    return now > most ? [`${now} descriptors are open where ${idle} were before the load`] : [];
  }

  async finish() {
    this.gateway.child.kill('SIGTERM');
    const { code, signal } = await this.gateway.child.gone;
    const log = this.gateway.log();
    const found = [];
    if (code !== 0) found.push(`serve ended with ${code ?? signal}\n${log.slice(-3000)}`);
    for (const line of log.split('\n')) {
      if (/ERROR: \w+Sanitizer|runtime error:|"level":"error"/.test(line)) found.push(line.slice(0, 600));
    }
    return found;
  }
}

let failed = 0;
let passed = 0;
function verdict(name, found) {
  if (found.length === 0) passed += 1;
  else failed += 1;
  console.log(`${found.length ? 'FAILED' : 'ok    '} ${name}`);
  found.slice(0, 20).forEach((line) => console.log(`    ${line}`));
}

const soak = new Soak();
console.log(`soak of ${minutes} minutes, SEED=${seed}, ${agent_count} agents`);
try {
  await soak.prepare();
  const { idle, died } = await soak.load();
  const total = Object.values(soak.counts).reduce((sum, n) => sum + n, 0);
  console.log(`${total} actions ${JSON.stringify(soak.counts)}; ${soak.servers.deaths} deaths of servers, ` +
      `${soak.excused} errors of theirs`);
  verdict('the agents did something', total > 50 * minutes ? [] : [`only ${total} actions`]);
  verdict('no error that was not made', [...soak.problems].map(([text, n]) => `${n} × ${text}`));
  if (!died) {
    verdict('memory and rows do not grow', soak.growth());
    verdict('descriptors are given back', await soak.settled_descriptors(idle.fds));
  }
  verdict('the end is clean, and sanitizers are silent', await soak.finish());
} catch (error) {
  verdict(`the soak itself: ${error.stack}`, ['see above']);
} finally {
  await soak.servers?.stop();
  await soak.gatehouse?.dispose();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
