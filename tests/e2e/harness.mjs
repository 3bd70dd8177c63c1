// What every end-to-end test starts from: one store per test, peers on free ports, children that
// die with the test, waiting on conditions with a deadline and never on the clock.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Gatehouse, describe_run, exit_code } from '../cli.mjs';

export const binary = process.env.GATEHOUSE_BINARY;
export const node = process.env.NODE || process.execPath;
export const peer = (name) => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

// A store for the test `t`, gone with it.
export function make_gatehouse(t, options) {
  const gatehouse = new Gatehouse(binary, options);
  t.after(() => gatehouse.dispose());
  return gatehouse;
}

export function assert_done(result) {
  assert.equal(result.code, exit_code.done, describe_run(result));
  return result;
}

export function assert_exit(result, code) {
  assert.equal(result.code, code, describe_run(result));
  return result;
}

// Runs a command that must succeed, and gives what it printed as JSON.
export async function run_json(gatehouse, args, options) {
  const result = assert_done(await gatehouse.run(args, options));
  try {
    return JSON.parse(result.stdout);
  } catch (error) {
    throw new Error(`not JSON: ${error.message}\n${describe_run(result)}`);
  }
}

export function text_of(tool_result) {
  return (tool_result.content ?? []).map((item) => item.text ?? '').join('\n');
}

// The names in `gatehouse tools NAME --json`.
export function tool_names(listing) {
  return (Array.isArray(listing) ? listing : listing.tools).map((tool) => tool.name);
}

// oidc-provider in front of the SDK's MCP servers; peers/protected_server.mjs tells the options.
export async function start_protected_server(t, ...args) {
  const child = spawn(node, [peer('protected_server.mjs'), ...args],
      { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const server = JSON.parse(line);
    const json = async (url, init) => (await fetch(url, init)).json();
    return { ...server, child,
      provider_stats: () => json(`${server.issuer}/__peer/stats`),
      stats: () => json(`${server.origin}/__peer/stats`),
      expire_access_tokens: () => json(`${server.origin}/__peer/expire`, { method: 'POST' }),
      drop_sessions: () => json(`${server.origin}/__peer/drop_sessions`, { method: 'POST' }) };
  }
  throw new Error('protected_server ended before it was ready');
}

// Runs a peer program to its end: {code, stdout, stderr}.
export function run_peer(name, args, { env = {}, deadline_ms = 60_000 } = {}) {
  return new Promise((resolve) => {
    execFile(node, [peer(name), ...args], { env: { ...process.env, ...env },
      timeout: deadline_ms, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code ?? -1 : 0, stdout, stderr }));
  });
}

// The SDK clients' report; `era` is modern or legacy, a stdio command goes last, after '--'.
export async function run_sdk_client(era, args, options) {
  const { code, stdout, stderr } = await run_peer(`sdk_client_${era}.mjs`, args, options);
  assert.equal(code, 0, `sdk_client_${era} failed\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

// Resolves with the first match of `pattern` in what `child` writes to stderr or stdout.
export function wait_for_output(child, pattern, deadline_ms = 15_000) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in:\n${text}`)), deadline_ms);
    const look = (data) => {
      text += data;
      const match = text.match(pattern);
      if (!match) return;
      clearTimeout(timer);
      resolve(match);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`ended without ${pattern}:\n${text}`));
    });
  });
}

// Asks `probe` again until it gives something truthy.
export async function eventually(what, probe, deadline_ms = 15_000) {
  const end = Date.now() + deadline_ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
