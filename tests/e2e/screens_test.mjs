// docs/screens shows what commands look like; this says that they still do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { record } from '../screens/run.mjs';
import { binary } from './harness.mjs';

test('the screens of docs/screens are what a terminal shows', { timeout: 240_000 }, async () => {
  const screens = await record(binary);
  for (const { name, text, stored } of screens)
    assert.equal(text, stored, `docs/screens/${name}.txt: record again with tests/screens/run`);
});
