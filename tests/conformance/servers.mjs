// What the suite's server scenarios talk to: the fixture server, alone or behind a gateway. All of
// it is started on free ports for one leg and ended with it.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Gatehouse, add_http, add_stdio, describe_run } from '../cli.mjs';
import { upstreams } from './legs.mjs';
import { start_shim } from './shim.mjs';

// Resolves when the fixture accepts: {url, close}.
async function start_fixture(fixture, eras, output) {
  const child = spawn(fixture, ['--eras', eras], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.stderr.pipe(createWriteStream(path.join(output, 'fixture.log')));
  const first_line = new Promise((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve));
  const url = await Promise.race([first_line, gone]);
  if (typeof url !== 'string') throw new Error(`${fixture} ended at once`);
  return { url, close: async () => { child.kill('SIGKILL'); await gone; } };
}

async function run_json(gatehouse, args) {
  const result = await gatehouse.run([...args]);
  if (result.code !== 0) throw new Error(describe_run(result));
  return result.stdout.startsWith('{') ? JSON.parse(result.stdout) : undefined;
}

// A gateway with one connection called `fixture`, and the shim in front of it: {url, close}.
async function start_gateway(binaries, upstream, output) {
  const { eras, stdio } = upstreams[upstream];
  const gatehouse = new Gatehouse(binaries.gatehouse);
  const parts = [gatehouse.dispose.bind(gatehouse)];
  const close = async () => { for (const end of parts) await end(); };
  try {
    if (stdio) {
      await run_json(gatehouse,
          add_stdio('fixture', [binaries.fixture, '--eras', eras, '--stdio']));
    } else {
      const fixture = await start_fixture(binaries.fixture, eras, output);
      parts.push(fixture.close);
      await run_json(gatehouse, add_http('fixture', fixture.url));
    }
    const { token } = await run_json(gatehouse, ['token', 'create', 'suite', '--json']);
    const shim = await start_shim();
    parts.unshift(shim.close);
    const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0'],
        { env: { GATEHOUSE_PUBLIC_URL: shim.origin } });
    gateway.child.stderr.pipe(createWriteStream(path.join(output, 'gateway.log')));
    shim.target = { port: new URL(gateway.url).port, token };
    return { url: `${shim.origin}/mcp/c/fixture`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// {url, close} of what the leg tests.
export function start_target(leg, binaries, output) {
  if (leg.upstream) return start_gateway(binaries, leg.upstream, output);
  return start_fixture(binaries.fixture, 'both', output);
}
