// A tool server made with mcp-use, over HTTP on a free port, which it prints as
// {"event":"listening","url"}.
import { MCPServer } from 'mcp-use';
import { z } from 'zod';

const server = new MCPServer({ name: 'mcp-use-peer', title: 'Weather', version: '1.0.0' });
server.tool({ name: 'get-weather', description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  outputSchema: z.object({ city: z.string(), degrees: z.number() }),
  annotations: { readOnlyHint: true } }, async ({ city }) => ({
  content: [{ type: 'text', text: `22 degrees in ${city}` }],
  structuredContent: { city, degrees: 22 } }));

const { port, url } = await server.listen(0, { host: '127.0.0.1' });
console.log(JSON.stringify({ event: 'listening', url: url ?? `http://127.0.0.1:${port}/mcp` }));
