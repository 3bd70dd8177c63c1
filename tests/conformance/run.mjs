// Runs the legs of the official conformance suite against a gatehouse binary; see `run`.
//
// A scenario counts as passed when the suite saw at least one SUCCESS, no FAILURE and no WARNING,
// and, for the client under test, the driver ended as the scenario wants. expected/<leg>.txt names
// the scenarios that may still fail, one a line with the reason behind `#`; a listed one that
// passes is stale and fails the run, so the files can only shrink.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { legs, name_of, title_of } from './legs.mjs';
import { start_target } from './servers.mjs';
import { complaints, required_scenarios, run_suite } from './suite.mjs';
import { page_is_current, write_page } from './summary.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const output_root = here('../../build/conformance');
const kept_runs = 5;

// scenario → reason.
function read_expected(leg) {
  const file = here(`./expected/${name_of(leg)}.txt`);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return new Map(lines.map((line) => line.split('#').map((part) => part.trim()))
      .filter(([scenario]) => scenario).map(([scenario, reason]) => [scenario, reason ?? '']));
}

function is_alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// A folder of this run's own, <time>-<process>; old ones go, unless their run is under way.
function make_output() {
  mkdirSync(output_root, { recursive: true });
  const old = readdirSync(output_root).filter((name) => /^\d{8}T\d{6}Z-\d+$/.test(name))
      .sort().slice(0, 1 - kept_runs)
      .filter((name) => !is_alive(Number(name.split('-').at(-1)) || 0));
  for (const name of old) rmSync(path.join(output_root, name), { recursive: true, force: true });
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const output = path.join(output_root, `${stamp}-${process.pid}`);
  mkdirSync(output);
  return output;
}

// Runs what the leg wants and gives for each scenario where its results are.
async function run_scenarios(leg, output, target, scenario) {
  const ran = await run_suite(leg, output, target, scenario);
  if (scenario) return new Map([[scenario, output]]);
  const where = new Map((required_scenarios(leg) ?? ran).map((name) => [name, output]));
  for (const name of leg.further ?? []) {
    if (ran.includes(name)) {
      where.set(name, output);
      continue;
    }
    const own = path.join(output, 'further', name.replaceAll('/', '_'));
    await run_suite(leg, own, target, name);
    where.set(name, own);
  }
  return where;
}

function judge(leg, where, one_only) {
  const expected = read_expected(leg);
  const result = { leg, expected, failures: [], scored: { passed: 0, total: 0 },
    further: { passed: 0, total: 0 } };
  for (const [name, output] of where) {
    const tally = (leg.further ?? []).includes(name) ? result.further : result.scored;
    const bad = complaints(leg, output, name);
    tally.total += 1;
    if (bad.length === 0) {
      tally.passed += 1;
      if (expected.has(name)) result.failures.push(`${name}: stale expected failure`);
    } else if (!expected.has(name)) {
      result.failures.push(`${name}\n    ${bad.join('\n    ')}`);
    }
  }
  for (const [name, reason] of expected) {
    if (!reason) result.failures.push(`${name}: expected, but nobody says why`);
    if (!where.has(name) && !one_only) result.failures.push(`${name}: expected, but not scored`);
  }
  if (where.size === 0) result.failures.push('no scenario ran');
  return result;
}

async function run_leg(leg, binaries, root, scenario) {
  const output = path.join(root, name_of(leg));
  mkdirSync(output, { recursive: true });
  const started = performance.now();
  let target = { binary: binaries.gatehouse, close: async () => {} };
  try {
    if (leg.leg !== 'client') target = await start_target(leg, binaries, output);
    const where = await run_scenarios(leg, output, target, scenario);
    const result = judge(leg, where, scenario !== undefined);
    return { ...result, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { ...judge(leg, new Map()), failures: [error.stack], seconds: 0 };
  } finally {
    await target.close();
  }
}

function print(result) {
  for (const failure of result.failures) console.log(`${title_of(result.leg)} ${failure}`);
  const passed = result.scored.passed + result.further.passed;
  const total = result.scored.total + result.further.total;
  console.log(`${title_of(result.leg)} ${passed}/${total}`);
  console.log(`  ${result.seconds.toFixed(1)} s, ${result.scored.passed} of ${result.scored.total}` +
      ` scored, ${result.further.passed} of ${result.further.total} further`);
}

// As many at a time as there are cores: a leg waits more than it works. Those of the client come
// first and alone, for one of their scenarios measures milliseconds.
async function run_all(chosen, run_one) {
  const results = [];
  const queue = [...chosen];
  while (queue[0]?.leg === 'client') results.push(await run_one(queue.shift()));
  const worker = async () => {
    while (queue.length > 0) results.push(await run_one(queue.shift()));
  };
  await Promise.all(Array.from({ length: Math.max(2, cpus().length) }, worker));
  return results.sort((a, b) => legs.indexOf(a.leg) - legs.indexOf(b.leg));
}

const [gatehouse, fixture] = process.argv.slice(2, 4).map((file) => path.resolve(file));
const { LEG, REVISION, UPSTREAM, SCENARIO, WRITE } = process.env;
const chosen = legs.filter((leg) => (!LEG || leg.leg === LEG) &&
    (!REVISION || leg.revision === REVISION) && (!UPSTREAM || leg.upstream === UPSTREAM));
const output = make_output();
const results = await run_all(chosen, async (leg) => {
  const result = await run_leg(leg, { gatehouse, fixture }, output, SCENARIO || undefined);
  print(result);
  return result;
});
let passed = 0;
let failed = 0;
for (const result of results) {
  passed += result.scored.passed + result.further.passed;
  failed += result.failures.length;
}
const whole = chosen.length === legs.length && !SCENARIO;
if (WRITE && whole) write_page(results);
if (whole && failed === 0 && !page_is_current(results)) {
  console.log('docs/conformance.md says otherwise: tests/conformance/run --write');
  failed += 1;
}
console.log(`details: ${path.relative(process.cwd(), output)}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
