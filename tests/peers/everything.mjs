// Launches @modelcontextprotocol/server-everything, the reference server nobody here wrote.
// Over stdio it is a command for `gatehouse add NAME -- …`; over HTTP a child on a free port.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const entry = here('../node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const loopback_only = here('./loopback_only.mjs');
const node = process.env.NODE || process.execPath;

// The command line, ready to be started by anybody: [program, arg…].
export function everything_command(transport = 'stdio') {
  return [node, '--import', loopback_only, entry, transport];
}

// Resolves to {url, child, stop()} once it listens. `extra_env` goes to the child; `transport` may
// be 'sse', HTTP+SSE of 2024-11-05.
export async function start_everything_http(extra_env = {}, transport = 'streamableHttp') {
  const [program, ...args] = everything_command(transport);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...extra_env, PORT: '0', PEER_ANNOUNCE: '1' } });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const port = await new Promise((resolve, reject) => {
    gone.then((code) => reject(new Error(`server-everything ended with ${code}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith('{"event":"listening"')) resolve(JSON.parse(line).port);
    });
  });
  const stop = () => { child.kill('SIGKILL'); return gone; };
  const path = transport === 'sse' ? '/sse' : '/mcp';
  return { url: `http://127.0.0.1:${port}${path}`, child, stop };
}
