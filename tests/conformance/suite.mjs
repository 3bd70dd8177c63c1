// Starts the official suite and reads what it left behind.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const package_dir = here('../node_modules/@modelcontextprotocol/conformance');
const suite = path.join(package_dir, 'dist/index.js');
export const node = process.execPath;
const client_driver = `${node} ${here('./client_driver.mjs')}`;

export function suite_version() {
  return JSON.parse(readFileSync(path.join(package_dir, 'package.json'), 'utf8')).version;
}

// The scenarios that a revision's frozen list scores; nothing when it has no such list.
export function required_scenarios(leg) {
  if (!leg.args.includes('--requirements')) return undefined;
  const file = path.join(package_dir, 'requirements', `${leg.revision}.yaml`);
  return parse(readFileSync(file, 'utf8'))[leg.leg === 'client' ? 'client' : 'server'];
}

// Runs the leg, or one scenario of it, against `target`: {binary} for the client under test, {url}
// for a server. Results go to `output`; gives the names of the scenarios that ran.
export async function run_suite(leg, output, target, scenario) {
  const log = path.join(output, 'driver');
  mkdirSync(log, { recursive: true });
  const which = scenario ? ['--scenario', scenario, '--spec-version', leg.revision, '--force'] :
    leg.args;
  const under_test = target.url ? ['server', '--url', target.url] :
    ['client', '--command', client_driver];
  const child = spawn(node, [suite, ...under_test, ...which, '-o', output], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GATEHOUSE_BINARY: target.binary ?? '', CONFORMANCE_LOG: log } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
  await new Promise((resolve) => child.once('close', resolve));
  writeFileSync(path.join(output, 'suite.log'), text);
  const summary = [...text.matchAll(/^[✓✗] (\S+): \d+ passed/gm)].map((match) => match[1]);
  return scenario ? [scenario] : summary;
}

// Result folders are named [server-]<scenario>-<timestamp>; scenarios with a slash are one level
// deeper.
function find_checks(output, scenario) {
  const folder = path.join(output, path.dirname(scenario));
  const base = path.basename(scenario);
  const found = existsSync(folder) ? readdirSync(folder).filter((name) =>
    [base, `server-${base}`].some((start) => name.startsWith(`${start}-2`) &&
        /^\d{3}-/.test(name.slice(start.length + 2)))) : [];
  const file = found.length === 1 ? path.join(folder, found[0], 'checks.json') : undefined;
  return file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

// The reasons why the scenario did not pass; empty when it did. For the client under test the
// driver has a say as well.
export function complaints(leg, output, scenario) {
  const checks = find_checks(output, scenario);
  const bad = checks.filter((check) => ['FAILURE', 'WARNING'].includes(check.status))
      .map((check) => `${check.status} ${check.id}: ${check.errorMessage ?? check.description}`);
  if (!checks.some((check) => check.status === 'SUCCESS')) bad.push('no check succeeded');
  if (leg.leg !== 'client') return bad;
  const log = path.join(output, 'driver', `${scenario.replaceAll('/', '_')}.log`);
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  if (!text.trimEnd().endsWith('driver: right')) bad.push(`the driver disagrees, see ${log}`);
  return bad;
}
