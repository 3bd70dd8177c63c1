// The five-minute tour: the demo provider, a login in a real Chromium, search, call; then the same
// call from the official SDK clients, and the README's own commands, typed as written.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Gatehouse, add_http, call, demo_servers, describe_run, input_schema_of } from '../cli.mjs';
import { assert_done, binary, make_gatehouse, peer, run_json, run_sdk_client, text_of,
  tool_names, wait_for_output } from './harness.mjs';

async function start_demo(t) {
  const host = new Gatehouse(binary);
  t.after(() => host.dispose());
  const ready = await host.start_until_ready(['demo', '--listen', '127.0.0.1:0']);
  return new Map(demo_servers(ready).map((server) => [server.name, server.url]));
}

// A tool of the connection that can be called without arguments.
async function find_simple_tool(gatehouse, connection) {
  const names = tool_names(await run_json(gatehouse, ['tools', connection, '--json']));
  assert.ok(names.length >= 3, `tools of ${connection}: ${names}`);
  for (const name of names) {
    const full = name.startsWith(`${connection}.`) ? name : `${connection}.${name}`;
    const schema = input_schema_of(await run_json(gatehouse, ['describe', full, '--json']));
    if (!schema.required?.length) return full;
  }
  throw new Error(`every tool of ${connection} wants arguments`);
}

for (const era of ['modern', 'legacy']) {
  test(`the demo's ${era} server: login in Chromium, then find and call a tool`, async (t) => {
    const servers = await start_demo(t);
    const gatehouse = make_gatehouse(t, { browser: peer('chromium_browser.mjs') });
    assert_done(await gatehouse.run(add_http('demo', servers.get(era)), { deadline_ms: 60_000 }));
    const tool = await find_simple_tool(gatehouse, 'demo');
    const found = await run_json(gatehouse, ['search', tool.split('.')[1], '--json']);
    assert.match(JSON.stringify(found), new RegExp(tool.replaceAll('.', '\\.')));
    const direct = text_of(await run_json(gatehouse, call(tool)));
    assert.ok(direct.length > 0, `${tool} said nothing`);

    const token = (await run_json(gatehouse, ['token', 'create', 'agent', '--json'])).token;
    const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
    const calls = ['--call', 'search_capabilities', '--arguments',
      JSON.stringify({ query: tool }), '--call', 'execute_capability', '--arguments',
      JSON.stringify({ name: tool, arguments: {} })];
    for (const client of ['modern', 'legacy']) {
      const report = await run_sdk_client(client, ['--url', `${gateway.url}/mcp`, ...calls],
          { env: { MCP_TOKEN: token } });
      assert.match(JSON.stringify(report.calls[0].result), new RegExp(tool.replaceAll('.', '\\.')));
      assert.notEqual(report.calls[1].result.isError, true, text_of(report.calls[1].result));
      assert.ok(text_of(report.calls[1].result).length > 0);
    }
  });
}

test('a normal serve contains nothing of the demo', async (t) => {
  const gatehouse = make_gatehouse(t);
  const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  for (const place of ['/demo', '/authorize', '/token', '/register', '/consent']) {
    assert.equal((await fetch(gateway.url + place)).status, 404, place);
  }
});

// The shell blocks of the README's section whose heading contains "tour", one command a line;
// a trailing backslash joins lines, `$ ` in front of a command is left out.
function tour_commands() {
  const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
  if (!existsSync(readme)) return [];
  const text = readFileSync(readme, 'utf8');
  const section = text.split(/^(?=#{1,3} )/m).filter((part) => /^#+ .*tour/i.test(part)).join('\n');
  const blocks = [...section.matchAll(/^```(sh|bash|console)\n([\s\S]*?)^```/gm)];
  return blocks.flatMap(([, kind, body]) => body.replaceAll('\\\n', ' ').split('\n')
      .filter((line) => (kind === 'console' ? line.startsWith('$ ') : /^[^#\s]/.test(line)))
      .map((line) => line.replace(/^\$ /, '').trim()));
}

const stays = /^(make run|(\S*\/)?gatehouse (demo|serve)\b)/;

// Runs a line of the README as bash does in a terminal, answering yes to what it asks.
function type(gatehouse, line) {
  const terminal = spawn('script', ['-qefc', 'exec bash -c "$TYPED"', '/dev/null'], {
    cwd: gatehouse.home, stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...gatehouse.env, SHELL: '/bin/bash', TERM: 'xterm', TYPED: line } });
  gatehouse.adopt(terminal);
  terminal.stdout.on('data', (data) => {
    if (/\[y\/n\][^\n]*$/i.test(String(data))) terminal.stdin.write('y\n');
  });
  return terminal;
}

function is_free(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function free_port() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The README's own ports where they are free; elsewhere the commands get others, since somebody may
// be trying the tour on this machine right now.
async function port_changer() {
  if (await is_free(8484) && await is_free(8485)) return (line) => line;
  const [gateway, provider] = [await free_port(), await free_port()];
  return (line) => line
      .replace(/gatehouse demo$/, `gatehouse demo --listen 127.0.0.1:${provider} ` +
          `--gateway 127.0.0.1:${gateway}`)
      .replaceAll('127.0.0.1:8484', `127.0.0.1:${gateway}`)
      .replaceAll('127.0.0.1:8485', `127.0.0.1:${provider}`);
}

const commands = tour_commands();
test('the README\'s tour works as written', { skip: commands.length === 0 }, async (t) => {
  const gatehouse = make_gatehouse(t, { browser: peer('chromium_browser.mjs') });
  for (const folder of ['bin', 'build/release']) {
    mkdirSync(path.join(gatehouse.home, folder), { recursive: true });
    symlinkSync(gatehouse.binary, path.join(gatehouse.home, folder, 'gatehouse'));
  }
  gatehouse.env.PATH = `${gatehouse.home}/bin:${gatehouse.env.PATH}`;
  delete gatehouse.env.GATEHOUSE_HOME; // the reader has none; HOME is this test's own
  const change_ports = await port_changer();
  for (const written of commands) {
    if (/^(git clone|cd|sudo|make (deps|build))\b/.test(written)) continue;
    const line = change_ports(written.replace(/^make run$/, 'build/release/gatehouse demo'));
    const child = type(gatehouse, line);
    if (stays.test(line)) {
      await wait_for_output(child, /http:\/\/127\.0\.0\.1:\d+/);
      continue;
    }
    let said = '';
    child.stdout.on('data', (data) => { said += data; });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const end = await child.gone;
    clearTimeout(timer);
    assert.equal(end.code, 0, describe_run({ args: [written], stdout: said, stderr: '', ...end }));
  }
});
