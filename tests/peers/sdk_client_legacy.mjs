#!/usr/bin/env node
// The official TypeScript SDK, 1.x: initialize and sessions, 2025-11-25. Usage: client_bits.mjs.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport }
  from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { capabilities_for, make_elicitation_handler, parse_command_line, run_session,
} from './client_bits.mjs';

const options = parse_command_line(process.argv.slice(2));
const elicited = [];
const client = new Client({ name: 'sdk-client-legacy', version: '1.0.0' },
    { capabilities: capabilities_for(options) });
if (options.elicit !== 'none') {
  client.setRequestHandler(ElicitRequestSchema, make_elicitation_handler(options, elicited));
}
const [command, ...args] = options.command;
const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
const transport = options.url ?
    new StreamableHTTPClientTransport(new URL(options.url), { requestInit: { headers } }) :
    new StdioClientTransport({ command, args, env: { ...process.env }, stderr: 'inherit' });
const report = await run_session(options, client, transport, () => ({ era: 'legacy',
  protocol_version: transport.protocolVersion }));
if (options.url) await transport.terminateSession?.().catch(() => {});
console.log(JSON.stringify({ ...report, elicited }));
process.exit();
