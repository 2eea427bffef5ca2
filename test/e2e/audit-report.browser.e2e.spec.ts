import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { htmlReport } from '../../src/cli/commands/audit/html-report.ts';
import { brokenReport, hostileStream } from '../cli/planted-reports.ts';
import { launchChromium } from '../support/chromium.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the HTML report of an audit, in a browser', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'audit.html');
  let browser: Browser;

  beforeAll(async () => {
    writeFileSync(file, htmlReport(await brokenReport()));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The page, and everything that it asked for or complained about while it loaded. */
  async function open(options: { colorScheme?: 'light' | 'dark'; width?: number }) {
    const { colorScheme = 'light', width = 1_100 } = options;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const noise: string[] = [];
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) noise.push(request.url());
    });
    page.on('dialog', (dialog) => noise.push(dialog.message()));
    await page.goto(pathToFileURL(file).href);
    return { page, noise };
  }

  const backgroundOf = (page: Page): Promise<string> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor');

  it('loads nothing, runs nothing and keeps to its own policy', async () => {
    const { page, noise } = await open({});
    expect(await page.locator('.verdict strong').textContent()).toBe('Broken');
    expect(await page.locator('script, img, iframe, link').count()).toBe(0);
    expect(noise).toEqual([]);
  });

  it('shows a hostile name as text', async () => {
    const { page } = await open({});
    const visible = hostileStream.replace('\u202e', '\\u{202e}').replace('\u0007', '\\u{7}');
    expect(await page.locator('td bdi').filter({ hasText: 'wallet-' }).first().textContent()).toBe(visible);
  });

  it('is light or dark as the reader wants, and light on paper', async () => {
    const light = await open({ colorScheme: 'light' });
    const dark = await open({ colorScheme: 'dark' });
    expect(await backgroundOf(light.page)).toBe('rgb(246, 245, 242)');
    expect(await backgroundOf(dark.page)).toBe('rgb(21, 21, 19)');
    await dark.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await backgroundOf(dark.page)).toBe('rgb(255, 255, 255)');
  });

  it('fits a narrow screen: wide charts and tables scroll by themselves', async () => {
    const { page } = await open({ width: 360 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('has the tables behind the charts on paper, closed or not', async () => {
    const { page } = await open({});
    const numbers = page.locator('section[aria-labelledby="flow"] details table');
    expect(await numbers.isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect((await numbers.boundingBox())?.height).toBeGreaterThan(20);
  });
});
