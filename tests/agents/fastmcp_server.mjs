// A tool server made with fastmcp: over stdio, or with `http` over Streamable HTTP on a free port,
// which it prints as {"event":"listening","url"}.
import { createServer } from 'node:net';
import { FastMCP } from 'fastmcp';
import { z } from 'zod';

const server = new FastMCP({ name: 'fastmcp-peer', version: '1.0.0' });
server.addTool({ name: 'add', description: 'Adds two numbers',
  parameters: z.object({ a: z.number(), b: z.number() }),
  annotations: { readOnlyHint: true },
  execute: async ({ a, b }) => String(a + b) });
server.addResource({ uri: 'peer://motto', name: 'motto', mimeType: 'text/plain',
  load: async () => ({ text: 'one door' }) });

function free_port() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

if (process.argv[2] === 'http') {
  const port = await free_port();
  await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1' } });
  console.log(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}/mcp` }));
} else {
  await server.start({ transportType: 'stdio' });
}
