// gatehouse import, install and uninstall against a home directory with the files of every agent.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync,
  symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { exit_code } from '../cli.mjs';
import { assert_done, assert_exit, binary, make_gatehouse, run_json, run_sdk_client }
  from './harness.mjs';

const files = {
  '.claude.json': '{"numStartups": 3, "mcpServers": {"notion": {"type": "http", ' +
      '"url": "https://mcp.notion.com/mcp"}}, "projects": {"/p": {"mcpServers": ' +
      '{"local": {"type": "stdio", "command": "npx", "args": ["-y", "x"]}}}}}',
  '.config/Claude/claude_desktop_config.json':
      '{"mcpServers": {"notion": {"command": "npx", "args": ["mcp-notion"]}}}',
  '.cursor/mcp.json': '{ // mine\n  "mcpServers": {"linear": {"url": "https://mcp.linear.app/mcp"},}}',
  '.config/Code/User/mcp.json': '{"servers": {"keyed": {"url": "https://k.example/mcp", ' +
      '"headers": {"X-Key": "${input:key}"}}}}',
  '.codex/config.toml': '# mine\nmodel = "x"\n\n[mcp_servers.docs]\ncommand = "docs"\n',
  '.config/opencode/opencode.json': '{"mcp": {"far": {"type": "remote", ' +
      '"url": "https://far.example/mcp", "headers": {"Authorization": "Bearer {env:FAR}"}}}}',
  '.tomo/config.yaml': '# mine\nmcp:\n  connections:\n    jira:\n      transport: http\n' +
      '      url: https://jira.example/mcp\n',
  '.openab/agent/mcp.json': '{"mcpServers": {"exa": {"type": "http", ' +
      '"url": "https://mcp.exa.ai/mcp", "headers": {"x-api-key": "k-literal-123456"}}}, "broken": ',
};

function make_home(t) {
  const home = mkdtempSync(path.join(tmpdir(), 'agents-'));
  t.after(() => rmSync(home, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), text);
  }
  const work = path.join(home, 'work');
  mkdirSync(work);
  return { home, options: { env: { HOME: home, XDG_CONFIG_HOME: '' }, cwd: work },
    read: (name) => readFileSync(path.join(home, name), 'utf8') };
}

test('import says what is there and what cannot come along, and a dry run takes nothing', async (t) => {
  const { options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  const found = await run_json(gatehouse, ['import', '--dry-run', '--json'], options);
  const fates = Object.fromEntries(found.connections.map((row) =>
    [`${row.agent}.${row.name}`, row.action]));
  assert.deepEqual(fates, { 'claude-code.notion': 'add', 'claude-code.local': 'add',
    'claude-desktop.notion': 'name_taken', 'cursor.linear': 'add', 'vscode.keyed': 'impossible',
    'codex.docs': 'add', 'opencode.far': 'add', 'tomo.jira': 'add' });
  assert.match(found.problems.join('\n'), /openab/, 'a broken file is named and hides no other');
  const { connections } = await run_json(gatehouse, ['list', '--json']);
  assert.deepEqual(connections, []);
});

test('import takes over once, renames, and skips what is here', async (t) => {
  const { options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  assert_exit(await gatehouse.run(['import', 'cursor'], options), exit_code.usage);
  assert_done(await gatehouse.run(['import', '--yes'], options));
  const { connections } = await run_json(gatehouse, ['list', '--json']);
  assert.deepEqual(connections.map(({ name }) => name),
      ['docs', 'far', 'jira', 'linear', 'local', 'notion']);
  const shown = assert_done(await gatehouse.run(['show', 'far']));
  assert.doesNotMatch(shown.stdout, /undefined/);
  const again = await run_json(gatehouse, ['import', '--yes', '--json'], options);
  assert.ok(again.connections.every(({ action }) => action !== 'add'), JSON.stringify(again));
  assert_done(await gatehouse.run(
      ['import', 'claude-desktop', '--yes', '--rename', 'notion=notion-local'], options));
  const after = await run_json(gatehouse, ['list', '--json']);
  assert.ok(after.connections.some(({ name }) => name === 'notion-local'));
});

test('import shows what comes, and refuses placeholders that only Gatehouse knows', async (t) => {
  const { home, options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  writeFileSync(path.join(home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: {
    runs: { url: 'https://a.example/mcp', headers: { 'X-A': '${command:cat /etc/passwd}' } },
    ring: { command: 'x', env: { A: '${keyring:thing}' } },
    fine: { command: 'node', args: ["it's"],
      env: { KEY: 'pre-${env:MINE}', LITERAL: 'hidden-abc' } } } }));
  const { connections } = await run_json(gatehouse, ['import', 'cursor', '--dry-run', '--json'], options);
  const rows = Object.fromEntries(connections.map((row) => [row.name, row]));
  assert.equal(rows.runs.action, 'impossible');
  assert.match(rows.runs.reason, /\$\{command:cat/);
  assert.equal(rows.ring.action, 'impossible');
  assert.equal(rows.fine.address, "node 'it'\\''s'");
  assert.equal(rows.fine.directory, undefined, 'it runs in the home directory');
  assert.deepEqual(rows.fine.variables.map(({ name }) => name).sort(), ['KEY', 'LITERAL']);
  assert.doesNotMatch(JSON.stringify(connections), /hidden-abc|pre-/);
  const { stderr } = assert_done(await gatehouse.run(['import', 'cursor', '--dry-run'], options));
  assert.match(stderr, /from +.*\.cursor\/mcp\.json/);
  assert.match(stderr, /with variable +KEY=…\$\{env:MINE\}/);
  assert.match(stderr, /with variable +LITERAL=\(a value, not shown\)/);
});

test('a project\'s files are only taken without a question when they are named', async (t) => {
  const { options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  writeFileSync(path.join(options.cwd, '.mcp.json'),
      '{"mcpServers": {"planted": {"command": "sh", "args": ["-c", "id"]}}}');
  const row = async (flags) => (await run_json(gatehouse,
      ['import', 'claude-code', '--dry-run', '--json', ...flags], options))
    .connections.find(({ name }) => name === 'planted');
  assert.equal((await row([])).action, 'add');
  assert.equal((await row(['--yes'])).action, 'left_out');
  assert.match((await row(['--yes'])).reason, /--include-project/);
  assert.equal((await row(['--yes', '--include-project'])).action, 'add');
  assert_done(await gatehouse.run(['import', 'claude-code', '--yes'], options));
  const { connections } = await run_json(gatehouse, ['list', '--json']);
  assert.ok(connections.every(({ name }) => name !== 'planted'));
});

test('import of an export shows where its references lead', async (t) => {
  const { home, options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  writeFileSync(path.join(home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: {
    keyed: { url: 'https://k.example/mcp', headers: { 'X-K': '${file:~/key}', 'X-L': 'literal-abc' } } } }));
  assert_done(await gatehouse.run(['import', 'cursor', '--yes'], options));
  const archive = path.join(home, 'export.json');
  writeFileSync(archive, assert_done(await gatehouse.run(['export'], options)).stdout);
  const other = make_gatehouse(t);
  const { stderr } = assert_done(await other.run(['import', archive, '--dry-run'], options));
  assert.match(stderr, /sends header +X-K=\$\{file:~\/key\}/);
  assert.doesNotMatch(stderr, /literal-abc/);
});

test('import says which flag has no use here, and what differs from the one that is here', async (t) => {
  const { home, options } = make_home(t);
  const gatehouse = make_gatehouse(t);
  assert_exit(await gatehouse.run(['import', '--yes', '--rename', 'nobody=x'], options), exit_code.usage);
  assert_exit(await gatehouse.run(['import', '--yes', '--replace'], options), exit_code.usage);
  const twice = await run_json(gatehouse, ['import', '--dry-run', '--json', '--rename', 'notion=mine'],
      options);
  assert.match(twice.problems.join('\n'), /import claude-desktop --rename notion=NEW/);
  assert_done(await gatehouse.run(['import', 'cursor', '--yes'], options));
  writeFileSync(path.join(home, '.cursor/mcp.json'), '{"mcpServers": {"linear": ' +
      '{"url": "https://mcp.linear.app/mcp", "headers": {"X-Team": "a"}}}}');
  const again = await run_json(gatehouse, ['import', 'cursor', '--dry-run', '--json'], options);
  assert.match(again.connections[0].reason, /other headers or variables/);
});

test('install follows no planted link, needs a home and leaves a project alone', async (t) => {
  const { home, options, read } = make_home(t);
  const gatehouse = make_gatehouse(t);
  const planted = path.join(home, '.cursor/mcp.json.before-gatehouse');
  symlinkSync(path.join(home, 'elsewhere'), planted);
  const { files: [{ backup }] } = await run_json(gatehouse, ['install', 'cursor', '--json'], options);
  assert.equal(backup, planted + '.2');
  assert.ok(lstatSync(planted).isSymbolicLink() && !existsSync(path.join(home, 'elsewhere')));
  const own = path.join(options.cwd, '.cursor/mcp.json');
  mkdirSync(path.dirname(own));
  writeFileSync(own, read('.cursor/mcp.json'));
  assert_done(await gatehouse.run(['uninstall', 'cursor'], options));
  assert.match(readFileSync(own, 'utf8'), /gatehouse/);
  assert_done(await gatehouse.run(['uninstall', 'cursor', '--file', own], options));
  assert.doesNotMatch(readFileSync(own, 'utf8'), /gatehouse/);
  rmSync(path.join(home, '.tomo/config.yaml'));
  assert_done(await gatehouse.run(['install', 'tomo'], options));
  assert_done(await gatehouse.run(['uninstall', 'tomo'], options));
  assert.doesNotMatch(read('.tomo/config.yaml'), /gatehouse/);
  for (const HOME of ['', 'relative']) {
    const refused = await gatehouse.run(['install', 'cursor', '--dry-run'],
        { ...options, env: { ...options.env, HOME } });
    assert_exit(refused, exit_code.usage);
    assert.match(refused.stderr, /set HOME to an absolute path/);
  }
});

test('install and uninstall change one entry and keep the file as it was beside it', async (t) => {
  const { home, options, read } = make_home(t);
  const gatehouse = make_gatehouse(t);
  const places = { 'claude-code': '.claude.json', cursor: '.cursor/mcp.json',
    'claude-desktop': '.config/Claude/claude_desktop_config.json',
    vscode: '.config/Code/User/mcp.json', codex: '.codex/config.toml',
    opencode: '.config/opencode/opencode.json', tomo: '.tomo/config.yaml' };
  for (const [agent, file] of Object.entries(places)) {
    assert_done(await gatehouse.run(['install', agent, '--dry-run'], options));
    assert.equal(read(file), files[file], `${agent}: a dry run changes nothing`);
    const result = await run_json(gatehouse, ['install', agent, '--json'], options);
    assert.equal(result.files[0].outcome, 'added');
    assert.equal(readFileSync(result.files[0].backup, 'utf8'), files[file]);
    const installed = read(file);
    assert.ok(installed.includes(binary), `${agent}: ${installed}`);
    const twice = await run_json(gatehouse, ['install', agent, '--json'], options);
    assert.equal(twice.files[0].outcome, 'there already');
    assert.equal(read(file), installed);
    assert_done(await gatehouse.run(['uninstall', agent], options));
    assert.doesNotMatch(read(file), new RegExp('gatehouse'), agent);
  }
  assert.equal(read('.cursor/mcp.json'), files['.cursor/mcp.json'], 'not a byte is left behind');
  const broken = assert_exit(await gatehouse.run(['install', 'openab'], options), exit_code.failed);
  assert.match(broken.stderr, /openab/);
  assert.equal(read('.openab/agent/mcp.json'), files['.openab/agent/mcp.json']);
  rmSync(path.join(home, '.codex'), { recursive: true });
  assert_done(await gatehouse.run(['install', 'codex'], options));
  assert.equal(statSync(path.join(home, '.codex/config.toml')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(path.join(home, '.codex')), ['config.toml']);
});

test('what install writes starts a gateway that an SDK client can use', async (t) => {
  const { options, read } = make_home(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(['install', 'claude-code'], options));
  const { command, args, env } = JSON.parse(read('.claude.json')).mcpServers.gatehouse;
  const report = await run_sdk_client('legacy', ['--', command, ...args], { env });
  assert.match(JSON.stringify(report), /search_capabilities/);
});

test('an agent that is not known is answered with those that are', async (t) => {
  const gatehouse = make_gatehouse(t);
  const result = assert_exit(await gatehouse.run(['install', 'cursr']), exit_code.usage);
  assert.match(result.stderr, /did you mean cursor/);
});
