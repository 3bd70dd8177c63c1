// Agents and frameworks that others made, pointed at the gateway: Claude Code's and Codex's own MCP
// commands, which need no account, and tool servers made with fastmcp and mcp-use behind it. The two
// agents are native programs: their ways out are closed by a proxy that nobody listens at.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { add_http, add_stdio, call } from '../cli.mjs';
import { assert_done, binary, make_gatehouse, node, run_json, run_sdk_client, text_of, tool_names }
  from '../e2e/harness.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const claude = here('node_modules/claude-code-linux-x64/claude');
const codex = here('node_modules/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex');
const no_way_out = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9',
  ALL_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost' };
const skip_claude = !existsSync(claude) && 'no Claude Code for this machine';
const skip_codex = !existsSync(codex) && 'no Codex for this machine';

async function start_server(t, script, ...args) {
  const cwd = mkdtempSync(path.join(tmpdir(), 'gatehouse-agents-'));  // they leave files where they run
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const child = spawn(node, [here(script), ...args], { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('{"event":"listening"')) return JSON.parse(line).url;
  throw new Error(`${script} ended before it listened`);
}

// A gateway with one server behind it, made with fastmcp, and a token for an agent.
async function gateway_for(t, agent) {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_stdio('sums', [node, here('fastmcp_server.mjs')])));
  const { token } = await run_json(gatehouse, ['token', 'create', agent, '--json']);
  const { mcp } = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  const home = path.join(gatehouse.home, agent);
  mkdirSync(home);
  return { gatehouse, token, mcp, home };
}

// Runs a command of an agent, with nothing of this machine's configuration.
function run_agent(program, args, { home, env = {} }) {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: home, timeout: 60_000, env: { PATH: process.env.PATH, HOME: home,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_TELEMETRY: '1', NO_COLOR: '1',
      ...no_way_out, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code ?? -1 : 0, text: stdout + stderr }));
  });
}

test('claude_mcp_list_finds_every_endpoint_connected', { skip: skip_claude }, async (t) => {
  const { token, mcp, home } = await gateway_for(t, 'claude');
  const header = ['--header', `Authorization: Bearer ${token}`];
  for (const [name, url] of [['two', mcp], ['all', `${mcp}/all`], ['one', `${mcp}/c/sums`]]) {
    const added = await run_agent(claude, ['mcp', 'add', '--transport', 'http', name, url, ...header], { home });
    assert.equal(added.code, 0, added.text);
  }
  const listed = await run_agent(claude, ['mcp', 'list'], { home });
  for (const name of ['two', 'all', 'one'])
    assert.match(listed.text, new RegExp(`^${name}: .*Connected$`, 'm'), listed.text);
});

test('claude_mcp_list_finds_gatehouse_stdio_connected', { skip: skip_claude }, async (t) => {
  const { gatehouse, home } = await gateway_for(t, 'claude');
  const env = ['--env', `GATEHOUSE_HOME=${gatehouse.env.GATEHOUSE_HOME}`];
  const added = await run_agent(claude,
      ['mcp', 'add', 'gatehouse', ...env, '--', binary, 'stdio'], { home });
  assert.equal(added.code, 0, added.text);
  const listed = await run_agent(claude, ['mcp', 'list'], { home });
  assert.match(listed.text, /^gatehouse: .*Connected$/m, listed.text);
});

test('claude_says_that_a_token_is_no_good', { skip: skip_claude }, async (t) => {
  const { mcp, home } = await gateway_for(t, 'claude');
  await run_agent(claude, ['mcp', 'add', '--transport', 'http', 'gatehouse', mcp, '--header',
    'Authorization: Bearer nonsense'], { home });
  const listed = await run_agent(claude, ['mcp', 'list'], { home });
  assert.doesNotMatch(listed.text, /✔ Connected/);
  assert.match(listed.text, /^gatehouse: .*(authenticat|Failed)/im);
});

// What `codex app-server` answers to mcpServerStatus/list: it connects to every configured server.
function codex_status(home, env) {
  const child = spawn(codex, ['app-server'], { cwd: home, stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, HOME: home, ...no_way_out, ...env } });
  const send = (message) => child.stdin.write(`${JSON.stringify(message)}\n`);
  send({ id: 1, method: 'initialize',
    params: { clientInfo: { name: 'test', title: 'test', version: '1' } } });
  send({ method: 'initialized' });
  send({ id: 2, method: 'mcpServerStatus/list', params: {} });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('codex app-server says nothing')), 60_000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.id !== 2) return;
      clearTimeout(timer);
      resolve(message.result ?? message.error);
    });
    child.once('exit', () => reject(new Error('codex app-server ended')));
  }).finally(() => child.kill('SIGKILL'));
}

test('codex_lists_the_tools_of_every_endpoint', { skip: skip_codex }, async (t) => {
  const { token, mcp, home } = await gateway_for(t, 'codex');
  const env = { GATEHOUSE_TOKEN: token };
  for (const [name, url] of [['two', mcp], ['all', `${mcp}/all`], ['one', `${mcp}/c/sums`]]) {
    const added = await run_agent(codex, ['mcp', 'add', name, '--url', url, '--bearer-token-env-var',
      'GATEHOUSE_TOKEN'], { home, env });
    assert.equal(added.code, 0, added.text);
  }
  const { data } = await codex_status(home, env);
  const tools = Object.fromEntries(data.map((server) => [server.name, Object.keys(server.tools).sort()]));
  assert.deepEqual(tools,
      { two: ['execute_capability', 'search_capabilities'], all: ['sums.add'], one: ['add'] });
});

test('servers_made_with_fastmcp_and_mcp_use_work_through_every_endpoint', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('sums', await start_server(t, 'fastmcp_server.mjs', 'http'))));
  assert_done(await gatehouse.run(add_http('weather', await start_server(t, 'mcp_use_server.mjs'))));
  assert.deepEqual(tool_names(await run_json(gatehouse, ['tools', 'sums', '--json'])).length, 1);
  const weather = await run_json(gatehouse, call('weather.get-weather', { city: 'Oslo' }));
  assert.deepEqual(weather.structuredContent, { city: 'Oslo', degrees: 22 });
  const { token } = await run_json(gatehouse, ['token', 'create', 'sdk', '--json']);
  const { mcp } = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  for (const era of ['modern', 'legacy']) {
    const session = (url, name, args) => run_sdk_client(era, ['--url', url, '--call', name, '--arguments',
      JSON.stringify(args)], { env: { MCP_TOKEN: token } });
    const one = await session(`${mcp}/c/sums`, 'add', { a: 2, b: 3 });
    assert.deepEqual(one.tools.map(({ name }) => name), ['add'], era);
    assert.equal(text_of(one.calls[0].result), '5', era);
    const all = await session(`${mcp}/all`, 'weather.get-weather', { city: 'Oslo' });
    assert.deepEqual(all.tools.map(({ name }) => name), ['sums.add', 'weather.get-weather'], era);
    assert.deepEqual(all.calls[0].result.structuredContent, { city: 'Oslo', degrees: 22 }, era);
  }
});
