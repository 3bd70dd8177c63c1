#!/usr/bin/env node
// The official TypeScript SDK, 2.x, pinned to protocol 2026-07-28. Usage: client_bits.mjs.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { capabilities_for, make_elicitation_handler, parse_command_line, run_session,
} from './client_bits.mjs';

const options = parse_command_line(process.argv.slice(2));
const elicited = [];
const client = new Client({ name: 'sdk-client-modern', version: '1.0.0' }, {
  capabilities: capabilities_for(options),
  versionNegotiation: { mode: { pin: '2026-07-28' } },
});
if (options.elicit !== 'none') {
  client.setRequestHandler('elicitation/create', make_elicitation_handler(options, elicited));
}
const [command, ...args] = options.command;
const transport = options.url ?
    new StreamableHTTPClientTransport(new URL(options.url), options.token === undefined ? {} :
      { authProvider: { token: async () => options.token } }) :
    new StdioClientTransport({ command, args, env: { ...process.env }, stderr: 'inherit' });
const report = await run_session(options, client, transport, (connected) => ({
  era: connected.getProtocolEra(), protocol_version: connected.getNegotiatedProtocolVersion() }));
console.log(JSON.stringify({ ...report, elicited }));
process.exit();
