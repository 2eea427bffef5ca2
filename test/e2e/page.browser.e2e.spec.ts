import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** A hang guard for each step, well above the 10 seconds that the packet lives. */
const stepTimeoutMs = 30_000;
const webRoot = fileURLToPath(new URL('../../web', import.meta.url));

/** What a lone visitor does on the page, in a real browser. The steps build on each other. */
describe('a lone visitor on the page', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  let left: Locator;
  let right: Locator;
  /** What a visitor must never cause: faults of the page, and what the security policy forbids. */
  const faults: string[] = [];
  const foreignRequests: string[] = [];

  beforeAll(async () => {
    await build({ root: webRoot, logLevel: 'error' });
    server = await startServer();
    browser = await launchChromium();
    const context = await browser.newContext({ locale: 'en-GB' });
    page = await context.newPage();
    page.setDefaultTimeout(stepTimeoutMs);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) foreignRequests.push(request.url());
    });
    left = page.locator('.pane').first();
    right = page.locator('.pane').last();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('sees the page in the language of the browser, and signs both sides in with a click each', async () => {
    await page.goto(server.url);
    await left.getByRole('button', { name: 'Enter as Alice' }).click();
    await right.getByRole('button', { name: 'Enter as Bob' }).click();
    for (const side of [left, right]) await side.getByText('Online').waitFor();
    expect(await left.getByRole('heading', { level: 2 }).textContent()).toBe('Alice');
    expect(await right.getByRole('heading', { level: 2 }).textContent()).toBe('Bob');
  });

  it('makes the two friends, if they are not yet', async () => {
    for (const side of [left, right]) await side.getByRole('tab', { name: /^Friends/ }).click();
    const friend = left.getByRole('button', { name: 'Chat with Bob' });
    const add = left.getByRole('button', { name: 'Add Bob' });
    await friend.or(add).waitFor();
    if (await add.isVisible()) {
      await left.getByLabel('Note (optional)').fill('It is me, Alice');
      await add.click();
      await right.getByText('It is me, Alice').waitFor();
      await right.getByRole('button', { name: 'Accept Alice' }).click();
    } else {
      await right.getByRole('button', { name: 'Chat with Alice' }).click();
    }
    await friend.click();
    await right.getByRole('heading', { name: 'Alice', level: 3 }).waitFor();
  });

  it('chats between them, and sees that a message was read', async () => {
    const sent = await say(left, 'Hello Bob 你好');
    await right.getByText('Hello Bob 你好').waitFor();
    await sent.getByText('Read', { exact: true }).waitFor();
    await say(right, 'Hello Alice');
    await left.getByText('Hello Alice').waitFor();
  });

  it('counts what is unread on a side that looks elsewhere', async () => {
    await right.getByRole('button', { name: 'Back' }).click();
    await right.getByRole('tab', { name: /^Chats/ }).click();
    await say(left, 'Are you there?');
    const row = right.getByRole('list', { name: 'Chats' }).getByRole('button', { name: /Alice/ });
    await row.getByText('1 unread').waitFor();
    await row.click();
    await right.getByText('Are you there?').waitFor();
    await right.getByRole('button', { name: 'Back' }).click();
    await row.waitFor();
    expect(await row.getByText('unread').count()).toBe(0);
    await row.click();
  });

  it('takes a message back on both sides', async () => {
    const wrong = await say(left, 'A slip of the pen');
    await right.getByText('A slip of the pen').waitFor();
    await wrong.getByRole('button', { name: /^Recall/ }).click();
    await left.getByText('You recalled a message').waitFor();
    await right.getByText('Alice recalled a message').waitFor();
    expect(await page.getByText('A slip of the pen').count()).toBe(0);
  });

  it('says in a sentence what is wrong with a packet that cannot be paid for', async () => {
    await left.getByRole('button', { name: 'Red packet', exact: true }).click();
    const form = left.getByRole('dialog', { name: 'Send a red packet' });
    await form.getByLabel('Total, ¥').fill('150');
    await form.getByRole('button', { name: 'Put the money in' }).click();
    await form.getByRole('alert').getByText('Your wallet holds less than this').waitFor();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
  });

  it('tops up the wallet of Alice', async () => {
    await left.getByRole('button', { name: /^Balance/ }).click();
    await left.getByRole('button', { name: 'Top up ¥100.00' }).click();
    await left.getByText('+100.00').waitFor();
    await left.getByRole('button', { name: 'Balance ¥100.00' }).waitFor();
  });

  it('sends a packet of two shares into a group, which Bob opens', async () => {
    await left.getByRole('tab', { name: /^Friends/ }).click();
    await left.getByLabel('Group name').fill('Family');
    await left.getByRole('checkbox', { name: 'Bob' }).check();
    await left.getByRole('button', { name: 'Create group' }).click();
    await left.getByRole('heading', { name: 'Family' }).waitFor();

    await left.getByRole('button', { name: 'Red packet', exact: true }).click();
    const form = left.getByRole('dialog', { name: 'Send a red packet' });
    await form.getByRole('radio', { name: 'Equal shares' }).check();
    await form.getByLabel('Each share, ¥').fill('4.44');
    await form.getByLabel('Number of shares').fill('2');
    await form.getByLabel('Greeting').fill('Good luck');
    await form.getByRole('radio', { name: '10 seconds' }).check();
    await form.getByText('You pay ¥8.88').waitFor();
    await form.getByRole('button', { name: 'Put the money in' }).click();

    await right.getByRole('button', { name: 'Back' }).click();
    await right.getByRole('button', { name: /Family/ }).click();
    await right.getByRole('button', { name: /Good luck/ }).click();
    await right.getByRole('button', { name: 'Open the red packet' }).click();
    const sheet = right.getByRole('dialog', { name: 'Red packet from Alice' });
    await sheet.getByText('It is in your wallet.').waitFor();
    await sheet.getByText('Bob (You)').waitFor();
    await left.getByText('Bob got ¥4.44 of your red packet.').waitFor();
  });

  it('sees the rest come back at the expiry', async () => {
    await left.getByText('¥4.44 of your red packet came back.').waitFor();
    await left.getByRole('button', { name: 'Balance ¥95.56' }).waitFor();
    await right.getByRole('button', { name: 'Close' }).click();
    await right.getByRole('button', { name: 'Balance ¥4.44' }).waitFor();
  });

  it('recomputes the shares in the browser once the packet has ended', async () => {
    await left.getByRole('button', { name: /Good luck/ }).click();
    const sheet = left.getByRole('dialog', { name: 'Red packet from Alice' });
    await sheet.getByText('¥4.44 went back to your wallet').waitFor();
    await sheet.getByRole('button', { name: 'Verify the shares' }).click();
    await sheet.getByText('Everything matches').waitFor();
    expect(await sheet.getByRole('img', { name: 'differs' }).count()).toBe(0);
    await sheet.getByRole('button', { name: 'Close' }).click();
  });

  it('says so when the connection is lost, and goes on by itself when the server is back', async () => {
    const back = server.restart();
    for (const side of [left, right]) await side.getByText(/^(Offline|Connecting)/).waitFor();
    await back;
    for (const side of [left, right]) await side.getByText('Online').waitFor();
    await say(left, 'And on we go');
    await right.getByText('And on we go').waitFor();
  });

  it('switches to Chinese and finds it again after a reload, still signed in', async () => {
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '红包', level: 1 }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.reload();
    await page.getByRole('heading', { name: '红包', level: 1 }).waitFor();
    await left.getByText('在线').waitFor();
    await left.getByRole('button', { name: '余额 ¥95.56' }).waitFor();
    await left.getByRole('button', { name: /Family/ }).click();
    await left.getByText('已过期').waitFor();
  });

  it('registers an account of their own in place of Bob', async () => {
    await right.getByRole('button', { name: '换人' }).click();
    await right.getByText('使用其他账号').click();
    await right.getByRole('radio', { name: '注册' }).check();
    await right.getByLabel('用户名').fill('alice');
    await right.getByLabel('昵称').fill('小明');
    await right.getByLabel('密码').fill('a good password');
    await right.getByRole('button', { name: '注册', exact: true }).click();
    await right.getByRole('alert').getByText('用户名已被占用').waitFor();
    await right.getByLabel('用户名').fill('xiaoming');
    await right.getByRole('button', { name: '注册', exact: true }).click();
    await right.getByRole('heading', { name: '小明', level: 2 }).waitFor();
    await right.getByText('还没有聊天').waitFor();
  });

  it('fits a narrow screen, one side above the other, without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const [top, bottom] = await Promise.all([left.boundingBox(), right.boundingBox()]);
    expect(top!.width).toBeLessThanOrEqual(360);
    expect(bottom!.y).toBeGreaterThanOrEqual(top!.y + top!.height);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('never made the page fail, break its security policy, or ask another server', () => {
    expect(faults).toEqual([]);
    expect(foreignRequests.filter((url) => !url.startsWith(server.url.replace('http', 'ws')))).toEqual([]);
  });
});

/** Writes and sends a text on one side. Resolves with the message as it stands there. */
async function say(side: Locator, text: string): Promise<Locator> {
  const line = side.getByLabel('Message', { exact: true });
  await line.fill(text);
  await line.press('Enter');
  return side.locator('.bubble-row', { hasText: text });
}
