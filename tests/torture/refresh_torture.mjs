// Eight processes at a time, and a `serve` that refreshes what nobody uses, work on one store with access tokens of two seconds and a provider that
// ends a login when a refresh token is used twice. They are killed (SIGKILL) at random moments,
// answers get lost, the client is refused in passing, logins are ended under a refresh by a logout,
// a removal or another URL, and the wall clock jumps by hours. All connections share one issuer and
// one client. No login may be lost except where the provider consumed a refresh token whose answer
// never arrived: what the provider did (ledger.mjs) and what the store says must agree. A login that
// was ended stays ended. At the end the store opens, `status` is right, and a login repairs what
// was lost.
//
// MINUTES: how long at most (1). ROUNDS: commands of each process, at most (no limit for a minute,
// else 200). SEED: which choices (printed). Nothing here waits for a time to pass: the processes
// follow one another, faults and kills happen when a request is met.
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Gatehouse, add_http, call, exit_code } from '../cli.mjs';
import { FaultProxy, losing_kinds } from '../peers/fault_proxy.mjs';
import { start_provider } from '../peers/providers.mjs';
import { make_random } from '../random.mjs';
import { Ledger } from './ledger.mjs';
import { JumpingClock } from './jumping_clock.mjs';
import { Command, owner_of } from './workers.mjs';

const minutes = Number(process.env.MINUTES || 1);
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 31));
const kind = process.env.PROVIDER || 'demo';
const workers = 8;
const rounds = Number(process.env.ROUNDS || (minutes > 1 ? 200 : Infinity));
const connections = Array.from({ length: 6 }, (_, i) => `c${i}`);
const without_person = { BROWSER: '', GATEHOUSE_LOG_LEVEL: 'info', GATEHOUSE_LOG_FORMAT: 'json' };
// A pending login lives for ten minutes by the wall clock, so that signing in keeps to one.
const person = { env: {}, clock: {} };
const access_life_s = 2;
const command_deadline_ms = 180_000;

// What happens to a refresh request, in percent; the rest is answered.
const fates = [['refuse', 6], ['error', 6], ['client', 5], ['lose', 4], ['mask', 3], ['cut', 3],
  ['kill_before', 5], ['kill_during', 4], ['kill_after', 6]];
const stray_kill_percent = 3;  // of a process, at any request of any process
const farewell_percent = 3;    // of the rounds end a login on purpose
const jump_percent = 2;        // of the requests find another wall clock

class Torture {
  constructor(gatehouse, provider, proxy, clock) {
    Object.assign(this, { gatehouse, provider, proxy, clock });
    this.eras = new Map(connections.map((name) => [name, 'modern']));  // connection -> its server
    this.refused = new Set();  // logins whose client was just refused: once is a passing fault
    this.random = make_random(seed);
    this.ledger = new Ledger();
    this.running = new Set();
    this.repairs = Promise.resolve();
    this.repaired = new Map();  // connection -> {begun, ended}
    this.problems = [];
    this.tally = { done: 0, failed: 0, sign_in: 0, killed: 0, repaired: 0, ended: 0, jumps: 0,
      served: 0 };
    this.faults = {};
    this.armed = false;
    proxy.decide = (exchange) => this.decide(exchange);
    proxy.on_answer = (exchange) => this.on_answer(exchange);
    proxy.on_end = (exchange) => this.on_end(exchange);
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  choose_fate() {
    let left = this.random() * 100;
    for (const [name, percent] of fates) {
      if (left < percent) return name;
      left -= percent;
    }
    return undefined;
  }

  decide(exchange) {
    if (this.armed && this.random() * 100 < stray_kill_percent) {
      const victim = this.pick([...this.running]);
      if (victim?.may_die) this.kill(victim, 'stray_kill');
    }
    if (this.armed && this.random() * 100 < jump_percent) {
      this.clock.jump((this.random() - 0.5) * 12 * 3600_000);
      this.tally.jumps += 1;
    }
    if (exchange.step !== 'refresh') return undefined;
    exchange.owner = owner_of(this.running, exchange.req.socket) ?? this.make_unknown_owner();
    this.ledger.on_request(exchange);
    exchange.fate = this.armed ? this.choose_fate() : undefined;
    const login = this.ledger.login_of(exchange);
    if (exchange.fate === 'client' && this.refused.has(login)) exchange.fate = undefined;
    if (exchange.fate === 'client') this.refused.add(login);
    else this.refused.delete(login);
    if (exchange.fate) this.faults[exchange.fate] = (this.faults[exchange.fate] ?? 0) + 1;
    if (exchange.fate === 'kill_before') this.kill(exchange.owner);
    return exchange.fate?.startsWith('kill') ? undefined : exchange.fate;
  }

  // Killed before its socket could be looked at; many of them would excuse what nothing excuses.
  make_unknown_owner() {
    this.ledger.counts.unknown_owners += 1;
    return { killed: true, answered: 0, stored: () => 0 };
  }

  kill(command, name) {
    if (name) this.faults[name] = (this.faults[name] ?? 0) + 1;
    command.kill?.();
  }

  on_answer(exchange) {
    if (exchange.step !== 'refresh' && exchange.step !== 'code') return undefined;
    const answer = JSON.parse(exchange.answer);
    if (exchange.step === 'code') {
      if (answer.refresh_token) this.ledger.on_code(answer);
      return undefined;
    }
    this.ledger.on_answer(exchange, answer);
    exchange.swallowed = losing_kinds.includes(exchange.fault);
    if (exchange.swallowed && answer.access_token) this.ledger.counts.unanswered += 1;
    if (!exchange.swallowed && answer.access_token) exchange.owner.answered += 1;
    if (exchange.fate === 'kill_during') this.kill(exchange.owner);
    return undefined;
  }

  on_end(exchange) {
    if (exchange.step !== 'refresh') return;
    this.ledger.on_end(exchange);
    if (exchange.fate === 'kill_after') this.kill(exchange.owner);
  }

  // Runs one command on `connection` to its end.
  async run(connection, args, { may_die, env = without_person, clock = this.clock.env,
    deadline_ms = command_deadline_ms }) {
    const child = this.gatehouse.start(args, { env: { ...clock, ...env } });
    const command = Object.assign(new Command(connection, args, child), { may_die });
    this.running.add(command);
    const timer = setTimeout(() => {
      this.problems.push(`no end after ${deadline_ms} ms: ${command.describe()}`);
      child.kill('SIGKILL');
    }, deadline_ms);
    const { code, signal } = await child.gone;
    clearTimeout(timer);
    this.running.delete(command);
    this.check_output(command);
    if (signal && !command.killed) this.problems.push(`${signal}: ${command.describe()}`);
    return Object.assign(command, { code });
  }

  check_output(command) {
    if (this.proxy.leaks(command.stdout + command.stderr).length > 0)
      this.problems.push(`a secret was shown: ${command.describe()}`);
  }

  a_call(connection) {
    const [tool, args] = this.provider.tools[this.eras.get(connection)].simple;
    return call(`${connection}.${tool}`, args);
  }

  async work_once() {
    const connection = this.pick(connections);
    if (this.random() * 100 < farewell_percent) return this.say_farewell(connection);
    const commands = [this.a_call(connection), this.a_call(connection),
      ['tools', connection, '--json'], ['status', connection, '--json']];
    const before = this.repairs_of(connection);
    return this.note(await this.run(connection, this.pick(commands), { may_die: true }), before);
  }

  // Ends a login on purpose while others use it, sees that it stays ended, and signs in again.
  say_farewell(connection) {
    const turn = this.repairs.then(async () => {
      const { begun, ended } = this.repairs_of(connection);
      this.repaired.set(connection, { begun: begun + 1, ended });
      this.ledger.on_farewell(connection);
      const rivals = [1, 2].map(() =>
        this.run(connection, this.a_call(connection), { may_die: true }));
      const way = this.pick(['logout', 'remove', 'edit']);
      await this.end_login(connection, way);
      await Promise.all(rivals);
      await this.check_ended(connection, way);
      if (way === 'remove') await this.add(connection);
      else await this.login(connection);
      this.repaired.set(connection, { begun: begun + 1, ended: begun + 1 });
      this.tally.ended += 1;
    });
    this.repairs = turn.catch(() => {});
    return turn;
  }

  async end_login(connection, way) {
    if (way === 'edit')
      this.eras.set(connection, this.eras.get(connection) === 'modern' ? 'legacy' : 'modern');
    const commands = { logout: ['logout', connection], remove: ['remove', connection, '--yes'],
      edit: ['edit', connection, '--url', this.url_of(connection), '--yes', '--allow-loopback'] };
    const result = await this.run(connection, commands[way], {});
    if (result.code !== exit_code.done) this.problems.push(result.describe());
  }

  // Late answers of refreshes that were under way bring nothing back.
  async check_ended(connection, way) {
    const result = await this.run(connection, ['status', connection, '--json'], {});
    const gone = way === 'remove';
    const health = gone ? undefined : JSON.parse(result.stdout).connections[0].health;
    if (gone ? result.code !== exit_code.failed : health !== 'sign_in_required')
      this.problems.push(`not ended by ${way}: ${result.describe()}`);
  }

  url_of(connection) {
    return this.proxy.address(this.provider.urls[this.eras.get(connection)]);
  }

  async add(connection) {
    this.ledger.expect_login(connection);
    const result = await this.run(connection, add_http(connection, this.url_of(connection)),
        person);
    if (result.code !== exit_code.done && !/signed in/i.test(result.stderr))
      throw new Error(`add: ${result.describe()}`);
  }

  // Logins begun and ended on a connection; what a command says of the login before is old news.
  repairs_of(connection) {
    const { begun = 0, ended = 0 } = this.repaired.get(connection) ?? {};
    return { begun, ended };
  }

  async note(command, before) {
    const { connection, code } = command;
    const now = this.repairs_of(connection);
    const old_news = before.begun !== before.ended || now.begun !== before.begun;
    if (command.killed) {
      this.tally.killed += 1;
    } else if (code === exit_code.done) {
      this.tally.done += 1;
    } else if (code === exit_code.sign_in) {
      this.tally.sign_in += 1;
      if (!old_news) await this.repair(connection, this.ledger.current(connection));
    } else {
      this.tally.failed += 1;
      const told = command.stderr + command.stdout !== '';
      if ((code !== exit_code.failed && !old_news) || !told)
        this.problems.push(`exit ${code}: ${command.describe()}`);
    }
  }

  // One login at a time; who comes second finds it repaired.
  repair(connection, lost) {
    const turn = this.repairs.then(async () => {
      if (this.ledger.current(connection) !== lost) return;
      this.ledger.on_sign_in_required(connection);
      const { begun, ended } = this.repairs_of(connection);
      this.repaired.set(connection, { begun: begun + 1, ended });
      await this.login(connection);
      this.repaired.set(connection, { begun: begun + 1, ended: begun + 1 });
      this.tally.repaired += 1;
    });
    this.repairs = turn.catch(() => {});
    return turn;
  }

  async login(connection) {
    this.ledger.expect_login(connection);
    const result = await this.run(connection, ['login', connection, '--json'], person);
    // The sign-in itself is stored before the tools are listed, which may meet a fault again.
    if (result.code !== exit_code.done && !/signed in/i.test(result.stderr))
      this.problems.push(`a login repairs nothing: ${result.describe()}`);
  }

  async add_all() {
    for (const connection of connections) await this.add(connection);
  }

  async rage(deadline) {
    this.armed = true;
    const worker = async () => {
      for (let round = 0; round < rounds && Date.now() < deadline; ++round) {
        if (this.problems.length > 0) return;
        await this.work_once();
      }
    };
    const server = this.keep_serving(deadline);
    await Promise.all(Array.from({ length: workers }, worker));
    this.armed = false;
    [...this.running].filter(({ args }) => args[0] === 'serve').forEach((one) => one.kill());
    await server;
    await this.repairs;
    this.clock.jump(0);
  }

  // A gateway without agents, started again whenever it was killed.
  async keep_serving(deadline) {
    while (this.armed && Date.now() < deadline && this.problems.length === 0) {
      const command = await this.run('serve', ['serve', '--listen', '127.0.0.1:0'],
          { may_die: true, deadline_ms: 2 * (deadline - Date.now()) + command_deadline_ms });
      this.tally.served += 1;
      if (!command.killed) this.problems.push(command.describe());
    }
  }

  // All is quiet: what `status` says of each connection is what the provider says. After several
  // lost answers in a row a refresh pauses and then settles it by itself, which takes a minute.
  async settle() {
    for (const connection of connections) {
      const end = Date.now() + command_deadline_ms;
      let state = await this.read_state(connection);
      while (state.health === 'unreachable' && Date.now() < end) {
        if (!/gatehouse login/.test(state.hint))
          this.problems.push(`no way out of it: ${JSON.stringify(state)}`);
        state = await this.read_state(connection);
      }
      if (!['ready', 'sign_in_required'].includes(state.health))
        this.problems.push(`it never settles: ${JSON.stringify(state)}`);
      if (state.health !== 'sign_in_required') continue;
      this.tally.sign_in += 1;
      await this.repair(connection, this.ledger.current(connection));
    }
  }

  async read_state(connection) {
    const command = await this.run(connection, ['status', connection, '--json'], {});
    return JSON.parse(command.stdout).connections[0];
  }

  // A loss may come to light only now: `status` is right to say ready while the access token lives.
  async prove_all_work() {
    for (const connection of connections) {
      let command = await this.run(connection, this.a_call(connection), {});
      if (command.code === exit_code.sign_in) {
        this.tally.sign_in += 1;
        await this.repair(connection, this.ledger.current(connection));
        command = await this.run(connection, this.a_call(connection), {});
      }
      if (command.code !== exit_code.done) this.problems.push(command.describe());
    }
  }
}

function integrity_of(home) {
  const database = new DatabaseSync(path.join(home, 'gatehouse.db'), { readOnly: true });
  return database.prepare('PRAGMA integrity_check').all().map((row) => row.integrity_check).join();
}

let passed = 0;
let failed = 0;
function check(what, ok, detail = '') {
  if (ok) passed += 1;
  else failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}${ok || !detail ? '' : `\n${detail}`}`);
}

console.log(`seed ${seed}, ${minutes} minute(s), ${kind}`);
const provider = await start_provider(kind);
const proxy = await FaultProxy.start(provider.origins);
proxy.access_life_s = access_life_s;
const gatehouse = new Gatehouse(process.env.GATEHOUSE_BINARY);
const clock = new JumpingClock(process.env.TORTURE_CLOCK_LIBRARY, gatehouse.home);
try {
  const torture = new Torture(gatehouse, provider, proxy, clock);
  await torture.add_all();
  await torture.rage(Date.now() + minutes * 60_000);
  await torture.settle();
  await torture.prove_all_work();
  const { ledger } = torture;
  const lost = ledger.judge();
  console.log(JSON.stringify({ commands: torture.tally, refreshes: ledger.counts,
    faults: torture.faults, logins_lost: lost, because: ledger.excuses }));
  check('every command ended in a way that a person can understand', torture.problems.length === 0,
      torture.problems.slice(0, 5).join('\n'));
  check('no login was lost but where the answer of a consumed token never arrived',
      ledger.violations.length === 0, ledger.violations.slice(0, 10).join('\n'));
  check('the provider and the store count the same losses', lost.provider === lost.store,
      JSON.stringify(lost));
  check('requests are traced to their processes',
      ledger.counts.unknown_owners <= Math.max(3, ledger.counts.refreshes / 20));
  check('there were refreshes, lost answers and kills',
      ledger.counts.consumed > 10 && ledger.counts.unanswered > 0 && torture.tally.killed > 0);
  check('logins were ended under a refresh, and the clock jumped',
      torture.tally.ended > 0 && torture.tally.jumps > 0, JSON.stringify(torture.tally));
  const integrity = integrity_of(gatehouse.env.GATEHOUSE_HOME);
  check('the store is whole', integrity === 'ok', integrity);
} catch (error) {
  check('the torture ran to its end', false, error.stack);
} finally {
  await gatehouse.dispose();
  proxy.stop();
  provider.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
