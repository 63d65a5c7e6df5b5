// The speed of the account console's first page, the sign-in: its size, the time until it can be used with a processor that
// is four times slower, and how much of it moves.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openConsole, at } from './console.mjs';

const LOADS = 8;
const SLOWDOWN = 4;
const MOST_BYTES = 200_000;
const MOST_MS = 1000;
const MOST_SHIFT = 0.05;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test('the first page is small, quick, and does not move', async (t) => {
  const loads = [];
  for (let load = 0; load < LOADS; load += 1) loads.push(await measure());
  const all = (what) => loads.map((load) => load[what]);
  const [bytes, shift] = [Math.max(...all('bytes')), Math.max(...all('shift'))];
  // The least: everything else that the machine does only adds time.
  const ms = Math.min(...all('ms'));
  t.diagnostic(`first page: ${Math.round(bytes / 1000)} kB gzipped, usable after ${Math.round(ms)} ms, layout shift ${shift.toFixed(3)}`);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  assert.ok(ms < MOST_MS, `${ms} ms`);
  assert.ok(shift < MOST_SHIFT, `a layout shift of ${shift}`);
});

/** One load without anything in the cache. */
async function measure() {
  const { page } = await openConsole(browser, '/plain/favicon.svg');
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await devTools.send('Network.enable');
  let bytes = 0;
  devTools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.addInitScript(() => {
    globalThis.shift = 0;
    const add = (list) => list.getEntries().forEach(({ value }) => (globalThis.shift += value));
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    // The field gets the focus once the page can be used.
    const look = () => (document.activeElement instanceof HTMLInputElement ? (globalThis.usableAt = performance.now()) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  await page.goto(at('/account'));
  await page.waitForFunction(() => globalThis.usableAt);
  await page.waitForLoadState('networkidle');
  const [ms, shift] = await page.evaluate(() => [globalThis.usableAt, globalThis.shift]);
  await page.context().close();
  return { bytes, ms, shift };
}
