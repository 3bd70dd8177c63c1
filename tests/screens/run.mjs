// Records docs/screens: run.mjs BINARY [--check] [--only NAME]. With --check nothing is written, and
// a file that differs is a failure that shows how.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Gatehouse } from '../cli.mjs';
import { World, scenes } from './scenes.mjs';

const folder = fileURLToPath(new URL('../../docs/screens/', import.meta.url));

// Resolves to [{name, text, stored}].
export async function record(binary, only) {
  const gatehouse = new Gatehouse(binary, { browser: '' });
  const recorded = [];
  try {
    const ready = await gatehouse.start_until_ready(
        ['demo', '--listen', '127.0.0.1:0', '--gateway', '127.0.0.1:0'],
        { env: { GATEHOUSE_HOME: path.join(gatehouse.home, 'demo') } });
    const world = new World(gatehouse, ready);
    for (const [name, scene] of scenes) {
      if (only && !only.includes(name)) continue;
      const text = `${await scene(world)}\n`;
      const file = path.join(folder, `${name}.txt`);
      recorded.push({ name, text, file,
        stored: existsSync(file) ? readFileSync(file, 'utf8') : undefined });
    }
  } finally {
    await gatehouse.dispose();
  }
  return recorded;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: {
    check: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } } });
  const screens = await record(positionals[0], values.only);
  mkdirSync(folder, { recursive: true });
  for (const { name, text, file, stored } of screens) {
    if (values.check) assert.equal(text, stored, `${name}: record again with tests/screens/run`);
    else writeFileSync(file, text);
    console.log(`${name}${text === stored ? '' : ' (new)'}`);
  }
}
