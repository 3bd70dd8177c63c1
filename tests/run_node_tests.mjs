// Runs node:test files one after another and closes with the single line `N passed, N failed`;
// exit 1 when a test failed or none ran. The run scripts
// source node.sh first, so that every child inherits the loopback-only preload.
//   run_node_tests.mjs [--only PATTERN] FILE…
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import path from 'node:path';

const argv = process.argv.slice(2);
const only = argv[0] === '--only' ? argv.splice(0, 2)[1] : undefined;
const counts = { passed: 0, failed: 0 };
const stream = run({
  files: argv.map((file) => path.resolve(file)),
  concurrency: 1,
  forceExit: true,
  timeout: 180_000,
  testNamePatterns: only ? [new RegExp(only)] : undefined,
});
// A file that fails to load reports itself as a failed test; suites are not counted.
const is_test = (event) => event.details?.type !== 'suite' &&
    !(event.nesting === 0 && event.name.endsWith('.mjs') && event.skip === undefined &&
      event.details?.error === undefined);
stream.on('test:pass', (event) => {
  if (is_test(event) && event.skip === undefined) counts.passed += 1;
});
stream.on('test:fail', (event) => { counts.failed += 1; });
stream.on('end', () => {
  process.stdout.once('drain', () => {});
  setImmediate(() => {
    const bad = counts.failed > 0 || counts.passed === 0;
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`,
        () => process.exit(bad ? 1 : 0));
  });
});
stream.compose(new spec()).pipe(process.stdout, { end: false });
