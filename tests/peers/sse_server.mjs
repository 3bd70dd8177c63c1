// HTTP+SSE of 2024-11-05 as the official SDK 1.x serves it: GET /sse opens the stream, POST /messages
// takes messages. Runs in the process of the test.
import { createServer } from 'node:http';
import { z } from 'zod';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';

function make_server() {
  const server = new McpServer({ name: 'old-sse', version: '1.0.0' });
  server.registerTool('echo', { description: 'Repeat the message back, unchanged.',
    inputSchema: { message: z.string() } },
  ({ message }) => ({ content: [{ type: 'text', text: message }] }));
  return server;
}

// Resolves to {url, opened(), drop_streams(), stop()}; dropping ends every stream and forgets its
// session, as a restart of the server does.
export async function start_sse_server() {
  const transports = new Map();
  let opened = 0;
  const open = async (res) => {
    opened += 1;
    const transport = new SSEServerTransport('/messages', res);
    transports.set(transport.sessionId, { transport, res });
    res.on('close', () => transports.delete(transport.sessionId));
    await make_server().connect(transport);
  };
  const http = createServer((req, res) => {
    const url = new URL(req.url, 'http://127.0.0.1');
    const session = transports.get(url.searchParams.get('sessionId'));
    if (req.method === 'GET' && url.pathname === '/sse') return open(res);
    if (req.method === 'POST' && url.pathname === '/messages') {
      if (session) return session.transport.handlePostMessage(req, res);
      return res.writeHead(404).end('Could not find session');
    }
    return res.writeHead(404).end(`Cannot ${req.method} ${url.pathname}`);
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  const drop_streams = () => {
    for (const { res } of transports.values()) res.destroy();
    transports.clear();
  };
  return { url: `http://127.0.0.1:${http.address().port}/sse`, opened: () => opened, drop_streams,
    stop: () => { drop_streams(); http.closeAllConnections(); http.close(); } };
}
