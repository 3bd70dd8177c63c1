#!/usr/bin/env node
// A real Chromium at $BROWSER's place: opens the URL headless, presses the first button that a page
// offers (sign in, allow, connect) until a page has none, and leaves a screenshot of each page in
// $CHROMIUM_SHOTS when that is set. Exit 0 when the last page was answered with 2xx.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const profile = mkdtempSync(path.join(tmpdir(), 'gatehouse-chromium-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, ' +
    'EXCLUDE localhost'],
});
try {
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(20_000);
  let status = 0;
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) {
      status = response.status();
    }
  });
  await page.goto(process.argv[2]);
  for (let step = 0; step < 8; ++step) {
    await page.waitForLoadState('load');
    if (process.env.CHROMIUM_SHOTS) {
      await page.screenshot({ path: path.join(process.env.CHROMIUM_SHOTS, `${step}.png`) });
    }
    const button = page.locator('form button, form input[type=submit]')
        .filter({ hasNotText: /deny|cancel|reject|refuse/i }).first();
    if (await button.count() === 0) break;
    await Promise.all([page.waitForEvent('load'), button.click()]);
  }
  process.stdout.write(`${JSON.stringify({ url: page.url(), status, title: await page.title(),
    text: await page.locator('body').innerText() })}\n`);
  process.exitCode = status >= 200 && status < 300 ? 0 : 1;
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
