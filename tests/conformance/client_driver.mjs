// The "client under test" of the official conformance suite: drives the production gatehouse
// command line as a person would, with one fresh store per scenario and a headless browser.
//
// The suite starts it as `client_driver.mjs URL` with MCP_CONFORMANCE_SCENARIO, …_CONTEXT and
// …_PROTOCOL_VERSION; run.mjs adds GATEHOUSE_BINARY and CONFORMANCE_LOG. What a scenario wants
// beyond "add, sign in, call" is in the table below. A scenario whose server misbehaves is passed
// when gatehouse refuses, so the driver's own exit code is 0 for a right refusal; run.mjs counts a
// scenario only when the driver agrees with the suite.
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Gatehouse, add_http, call, client_metadata_variable, describe_run, exit_code,
  input_schema_of,
} from '../cli.mjs';

const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const url = process.argv.at(-1);
const log_file = path.join(process.env.CONFORMANCE_LOG, `${scenario.replaceAll('/', '_')}.log`);
const log = (text) => appendFileSync(log_file, `${text}\n`);

const gatehouse = new Gatehouse(process.env.GATEHOUSE_BINARY, { env: {
  [client_metadata_variable]: 'https://conformance-test.local/client-metadata.json' } });

function secret_file(name, text) {
  const file = path.join(gatehouse.home, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function run(args, options) {
  const result = await gatehouse.run(args, { deadline_ms: 25_000, ...options });
  log(describe_run(result));
  return result;
}

function expect_done(result) {
  if (result.code !== exit_code.done) throw new Error(describe_run(result));
  return result;
}

// Refused means: ended by itself, and not with success.
function expect_refused(result) {
  if (result.timed_out || result.code === exit_code.done || result.code === null) {
    throw new Error(`should have refused\n${describe_run(result)}`);
  }
}

// `add` signs in. When a command says "sign in" (exit 3), a person does so, once.
async function with_one_login(args) {
  const result = await run(args);
  if (result.code !== exit_code.sign_in) return expect_done(result);
  // A server that moved to another authorization server is followed only by the command that the
  // person is shown.
  const moved = result.stderr.match(/`gatehouse login test --issuer (\S+)`/);
  expect_done(await run(['login', 'test',
    ...(moved ? ['--issuer', moved[1], '--allow-loopback'] : [])]));
  return args[0] === 'add' ? result : expect_done(await run(args));
}

async function add(more = []) {
  await with_one_login(add_http('test', url, more));
}

async function call_tool(name, args = {}, more = []) {
  return with_one_login(call(`test.${name}`, args, more));
}

async function add_and_call_test_tool() {
  await add();
  await call_tool('test-tool');
}

async function refuse_to_add() {
  expect_refused(await run(add_http('test', url)));
}

const special = {
  'initialize': () => add(),
  'tools_call': async () => {
    await add();
    await call_tool('add_numbers', { a: 5, b: 3 });
  },
  'elicitation-sep1034-client-defaults': async () => {
    await add();
    await call_tool('test_client_elicitation_defaults', {}, ['--accept-defaults']);
  },
  'sse-retry': async () => {
    await add();
    await call_tool('test_reconnection');
  },
  'request-metadata': () => add(),
  'json-schema-ref-no-deref': async () => {
    await add();
    expect_done(await run(['tools', 'test', '--json']));
  },
  'json-schema-2020-12-preservation': async () => {
    await add();
    const described = expect_done(await run(['describe', 'test.json_schema_2020_12_tool',
      '--json']));
    const schema = input_schema_of(JSON.parse(described.stdout));
    await call_tool('json_schema_echo', { schema });
  },
  'http-standard-headers': async () => {
    await add();
    await call_tool('test_headers');
    await call_tool('my-hyphenated-tool');
  },
  'http-custom-headers': async () => {
    await add();
    for (const { name, arguments: args } of context.toolCalls) await call_tool(name, args);
  },
  'http-invalid-tool-headers': async () => {
    await add();
    await call_tool('valid_tool', { region: 'eu' });
    const listed = expect_done(await run(['tools', 'test', '--json'])).stdout;
    if (listed.includes('invalid_')) throw new Error(`an invalid tool is listed\n${listed}`);
    expect_refused(await run(call('test.invalid_empty_header', { value: 'x' })));
  },
  'sep-2322-client-request-state': async () => {
    await add();
    await call_tool('test_mrtr_echo_state', {}, ['--accept-defaults']);
    await call_tool('test_mrtr_unrelated');
    await call_tool('test_mrtr_no_state', {}, ['--accept-defaults']);
    await call_tool('test_mrtr_no_result_type');
  },
  'auth/pre-registration': async () => {
    const secret = secret_file('client-secret', context.client_secret);
    await add(['--client-id', context.client_id, '--client-secret-file', secret]);
    await call_tool('test-tool');
  },
  'auth/client-credentials-jwt': async () => {
    const key = secret_file('client.pem', context.private_key_pem);
    await add(['--grant', 'client_credentials', '--client-id', context.client_id,
      '--private-key', `file:${key}`, '--signing-algorithm', context.signing_algorithm]);
    await call_tool('test-tool');
  },
  'auth/client-credentials-basic': async () => {
    const secret = secret_file('client-secret', context.client_secret);
    await add(['--grant', 'client_credentials', '--client-id', context.client_id,
      '--client-secret-file', secret]);
    await call_tool('test-tool');
  },
  // The suite's provider hands its ID token over without a page to sign in at.
  'auth/enterprise-managed-authorization': async () => {
    const secret = secret_file('client-secret', context.client_secret);
    const id_token = secret_file('id-token', context.idp_id_token);
    expect_done(await run(['add', 'idp', '--identity-provider', context.idp_issuer,
      '--client-id', context.idp_client_id, '--assertion', `file:${id_token}`, '--allow-loopback',
      '--yes']));
    await add(['--sign-in-through', 'idp', '--client-id', context.client_id,
      '--client-secret-file', secret]);
    await call_tool('test-tool');
  },
  'auth/wif-jwt-bearer': async () => {
    const jwt = secret_file('assertion', context.valid_jwt);
    await add(['--grant', 'jwt_bearer', '--client-id', context.client_id, '--assertion',
      `file:${jwt}`]);
    await call_tool('test-tool');
  },
  // Ends after the attempts that `add` makes; asking a fourth time would be the person's doing.
  'auth/scope-retry-limit': refuse_to_add,
  'auth/resource-mismatch': refuse_to_add,
  'auth/metadata-issuer-mismatch': refuse_to_add,
  'auth/iss-supported-missing': refuse_to_add,
  'auth/iss-wrong-issuer': refuse_to_add,
  'auth/iss-unexpected': refuse_to_add,
  'auth/iss-normalized': refuse_to_add,
};

const not_offered = /^sep-2640/;

let outcome = 'right';
try {
  if (not_offered.test(scenario)) throw new Error('gatehouse does not offer this extension');
  await (special[scenario] ?? add_and_call_test_tool)();
} catch (error) {
  outcome = 'wrong';
  log(error.stack);
  process.stderr.write(`${error.message}\n`);
}
log(`driver: ${outcome}`);
await gatehouse.dispose();
process.exit(outcome === 'right' ? 0 : 1);
