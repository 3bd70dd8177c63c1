// The table in docs/conformance.md: written with --write, and held against each whole run.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite_version } from './suite.mjs';

const page = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));
const start = '<!-- written by tests/conformance/run --write -->\n';
const end = '<!-- end -->';

const counts = ({ passed, total }) => (total === 0 ? '' : `${passed}/${total}`);

// One row for each leg and revision; a gateway leg has one for each upstream.
function table(results) {
  const lines = ['| who is tested | suite speaks | upstream | scored | beyond the frozen list |',
    '|---|---|---|---|---|'];
  const who = { client: 'our client', server: 'our server library',
    gateway: 'the gateway, `/mcp/c/…`' };
  for (const { leg, scored, further } of results) {
    lines.push(`| ${who[leg.leg]} | ${leg.revision} | ${leg.upstream ?? ''} | ${counts(scored)} | ` +
        `${counts(further)} |`);
  }
  return lines;
}

function expected_failures(results) {
  const lines = [];
  for (const { leg, expected } of results) {
    for (const [scenario, reason] of expected) {
      lines.push(`- \`${scenario}\`, ${leg.leg} ${leg.revision}` +
          `${leg.upstream ? ` over ${leg.upstream}` : ''}: ${reason}`);
    }
  }
  return lines.length > 0 ? lines : ['None.'];
}

export function render(results) {
  return [`Suite ${suite_version()}.`, '', ...table(results), '', '## Expected failures', '',
    ...expected_failures(results), ''].join('\n');
}

// The page with the part between the markers replaced.
function page_with(text, rendered) {
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end);
  if (from < start.length || to < from) throw new Error(`${page} has lost its markers`);
  return text.slice(0, from) + rendered + text.slice(to);
}

export function write_page(results) {
  writeFileSync(page, page_with(readFileSync(page, 'utf8'), render(results)));
}

export function page_is_current(results) {
  const text = readFileSync(page, 'utf8');
  return page_with(text, render(results)) === text;
}
