#!/usr/bin/env node
// A legacy MCP server over stdio that counts its processes: each appends its pid to the file given.
// Tools: `pid` (who answers), `slow` (answers after `ms`, with progress before), `ask` (asks for a
// form mid-call and answers with what it got).
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file] = process.argv.slice(2);
appendFileSync(file, `${process.pid}\n`);

const waiting = new Map();
let next_id = 1;
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const schema = { type: 'object', properties: { ms: { type: 'integer' } } };

function ask(method, params) {
  const id = `q${next_id++}`;
  send({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}

const tools = {
  pid: async () => text(`${process.pid}`),
  slow: async ({ ms = 200 }, token) => {
    if (token !== undefined) {
      send({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
    }
    await pause(ms);
    return text(`slept ${process.pid}`);
  },
  ask: async () => {
    const answer = await ask('elicitation/create', { message: 'Which colour?',
      requestedSchema: { type: 'object', properties: { colour: { type: 'string' } } } });
    return text(`${answer.result?.action} ${answer.result?.content?.colour ?? ''}`.trim());
  },
};

const methods = {
  initialize: async ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} },
    serverInfo: { name: 'counting', version: '1' } }),
  ping: async () => ({}),
  'tools/list': async () => ({ tools: Object.keys(tools).map((name) =>
    ({ name, description: `The tool ${name}`, inputSchema: schema })) }),
  'tools/call': async ({ name, arguments: given = {}, _meta }) =>
    tools[name](given, _meta?.progressToken),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  } else if (message.id !== undefined) {
    const method = methods[message.method];
    if (method) send({ id: message.id, result: await method(message.params ?? {}) });
    else send({ id: message.id, error: { code: -32601, message: 'unknown method' } });
  }
}).on('close', () => process.exit(0));
