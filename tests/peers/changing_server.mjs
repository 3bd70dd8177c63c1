// An MCP server of 2025-11-25 over stdio whose lists stand in a file, so that a test can change
// them between two listings: {"tools": [...], "prompts"?, "resources"?, "resourceTemplates"?,
// "page"?: entries per page}. The tool `announce` sends notifications/tools/list_changed; every
// other tool answers with its name. What it is asked is appended to FILE.asked, a method a line.
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const file = process.argv[2];
const lists = { 'tools/list': 'tools', 'prompts/list': 'prompts', 'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates' };
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');

function answer({ method, params = {} }) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  if (method === 'initialize') {
    const capabilities = { tools: { listChanged: true } };
    if (content.prompts) capabilities.prompts = {};
    if (content.resources) capabilities.resources = {};
    return { protocolVersion: '2025-11-25', capabilities,
      serverInfo: { name: 'changing', version: '1' } };
  }
  if (method === 'ping') return {};
  if (method in lists) {
    const all = content[lists[method]] ?? [];
    const start = Number(params.cursor ?? 0);
    const end = start + (content.page ?? all.length);
    const result = { [lists[method]]: all.slice(start, end) };
    if (content.repeat) result.nextCursor = '0';
    else if (end < all.length) result.nextCursor = String(end);
    return result;
  }
  if (method === 'tools/call') {
    if (params.name === 'announce') send({ method: 'notifications/tools/list_changed' });
    return { content: [{ type: 'text', text: `this was ${params.name}` }] };
  }
  return undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined) continue;
  appendFileSync(`${file}.asked`, `${message.method}\n`);
  const result = answer(message);
  send(result ? { id: message.id, result }
    : { id: message.id, error: { code: -32601, message: 'Method not found' } });
}
