// What servers ask back reaches the agent across the eras, and one server is shown as it is:
// SDK clients of both generations, three kinds of upstream, /mcp and /mcp/c/NAME.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { add_http, add_stdio, describe_run } from '../cli.mjs';
import { assert_done, binary, make_gatehouse, run_json, run_sdk_client, text_of,
} from './harness.mjs';

const fixture = path.join(path.dirname(binary), 'mcp_fixture');

async function start_fixture(t, eras) {
  const child = spawn(fixture, ['--eras', eras], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('mcp_fixture ended before it was ready');
}

const upstreams = {
  'a modern server over HTTP': async (t) => add_http('fixture', await start_fixture(t, 'modern-only')),
  'a legacy server over HTTP': async (t) => add_http('fixture', await start_fixture(t, 'legacy-only')),
  'a legacy server over stdio': async () =>
    add_stdio('fixture', [fixture, '--eras', 'legacy-only', '--stdio']),
};

async function serve_with_token(t, add) {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add));
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  return { gatehouse, token, url: gateway.url };
}

for (const [kind, add] of Object.entries(upstreams)) {
  for (const era of ['modern', 'legacy']) {
    test(`${kind} asks the person of a ${era} agent`, async (t) => {
      const { token, url } = await serve_with_token(t, await add(t));
      const tool = 'test_elicitation_sep1034_defaults';

      const direct = await run_sdk_client(era, ['--url', `${url}/mcp/c/fixture`, '--elicit', 'form',
        '--call', tool], { env: { MCP_TOKEN: token } });
      assert.equal(direct.elicited.length, 1, JSON.stringify(direct));
      assert.match(direct.elicited[0].message, /^Please review/);
      assert.match(text_of(direct.calls[0].result), /action=accept/);

      const through = await run_sdk_client(era, ['--url', `${url}/mcp`, '--elicit', 'form',
        '--call', 'execute_capability', '--arguments',
        JSON.stringify({ name: `fixture.${tool}` })], { env: { MCP_TOKEN: token } });
      assert.equal(through.elicited.length, 1, JSON.stringify(through));
      assert.match(through.elicited[0].message, /^fixture asks: Please review/);
      assert.match(text_of(through.calls[0].result), /action=accept/);

      const all = await run_sdk_client(era, ['--url', `${url}/mcp/all`, '--elicit', 'form',
        '--call', `fixture.${tool}`], { env: { MCP_TOKEN: token } });
      assert.equal(all.elicited.length, 1, JSON.stringify(all));
      assert.match(all.elicited[0].message, /^fixture asks: Please review/);
      assert.match(text_of(all.calls[0].result), /action=accept/);
    });
  }
}

test('an agent that declared nothing is not asked, and the tool says so', async (t) => {
  const { token, url } = await serve_with_token(t, await upstreams['a legacy server over HTTP'](t));
  const report = await run_sdk_client('modern', ['--url', `${url}/mcp/c/fixture`,
    '--call', 'test_elicitation', '--arguments', '{"message":"Who?"}'], { env: { MCP_TOKEN: token } });
  assert.deepEqual(report.elicited, []);
  assert.ok(report.calls[0].error || report.calls[0].result.isError, JSON.stringify(report));
});

test('a connection that is not there looks like one that is, until the caller is known', async (t) => {
  const { token, url } = await serve_with_token(t, await upstreams['a modern server over HTTP'](t));
  const describe = async (name) => {
    const refused = await fetch(`${url}/mcp/c/${name}`, { method: 'POST' });
    const challenge = refused.headers.get('www-authenticate').replaceAll(name, 'NAME');
    const metadata = await fetch(
        `${url}/.well-known/oauth-protected-resource/mcp/c/${name}`);
    return { status: refused.status, challenge, metadata: metadata.status,
      document: (await metadata.text()).replaceAll(name, 'NAME') };
  };
  assert.deepEqual(await describe('fixture'), await describe('nothing'));
  assert.match((await describe('fixture')).document, /"resource":"[^"]*\/mcp\/c\/NAME"/);

  const unknown = await fetch(`${url}/mcp/c/nothing`,
      { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  assert.equal(unknown.status, 404);
});

test('stdio --connection shows one server as it is, joined or on its own', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(await upstreams['a legacy server over stdio'](t)));
  const look = async () => {
    const report = await run_sdk_client('legacy', ['--call', 'test_simple_text', '--',
      gatehouse.binary, 'stdio', '--connection', 'fixture'], { env: gatehouse.env });
    assert.ok(report.tools.some((tool) => tool.name === 'test_simple_text'), JSON.stringify(report));
    assert.ok(!report.calls[0].error, JSON.stringify(report.calls));
  };
  await look();
  await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  await look();
  const missing = await gatehouse.run(['stdio', '--connection', 'nothing'], { stdin: '' });
  assert.notEqual(missing.code, 0, describe_run(missing));
  assert.match(missing.stderr, /mcp\/c\/nothing/);
});
