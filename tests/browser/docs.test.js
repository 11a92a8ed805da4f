// The documentation in a browser: what people do there, and that everybody can.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, DESK, PHONE } from './browser.js';
import { fits, hasUniqueIds, isAccessible } from './checks.js';
import { Server } from './server.js';

/** One page of each kind, and those with the widest content. */
const KINDS = [
  '/docs',
  '/docs/quickstart',
  '/docs/errors',
  '/docs/guides/onboarding-phases',
  '/docs/reference',
  '/docs/reference/list-customers',
  '/docs/reference/create-customer',
  '/docs/reference/delete-contact',
  '/docs/reference/get-health',
  '/docs/operate/reverse-proxy',
  '/docs/operate/configuration',
  '/docs/changelog',
  '/docs/nowhere',
];

let server;
let browser;
let addresses;
before(async () => {
  server = await Server.start();
  browser = await Browser.start(server);
  const answer = await fetch(`${server.url}/docs/search.json`);
  addresses = (await answer.json()).map(({ address }) => address);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Lets somebody read who is not known to the server. */
function read(look, options) {
  return browser.visit(look, { signedIn: false, reducedMotion: 'reduce', ...options });
}

test('pages of every kind can be used by everybody, by day, by night and on a telephone', async (t) => {
  await read(async (page) => {
    for (const path of KINDS) {
      await t.test(path, async () => {
        await page.goto(path);
        assert.equal(await page.locator('h1').count(), 1);
        await hasUniqueIds(page);
        for (const [colorScheme, size] of [
          ['light', { width: 1600, height: 900 }],
          ['dark', DESK],
          ['dark', PHONE],
          ['light', PHONE],
        ]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize(size);
          await isAccessible(page);
        }
      });
    }
  });
});

test('every page fits every window', () =>
  read(async (page) => {
    for (const address of addresses) {
      await page.goto(address);
      for (const width of [320, 360, 768, 900, 1280, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        await fits(page);
      }
    }
  }));

test('every page can be read without scripts, and shows no control that needs them', () =>
  read(async (page) => {
    for (const address of addresses) {
      await page.goto(address);
      assert.equal(await page.locator('.with-script:visible').count(), 0, address);
      assert.equal(await page.locator('button:visible').count(), 0, address);
      // Of a sample, all languages are there.
      const tabs = page.locator('.tab');
      assert.equal(await tabs.locator('visible=true').locator('pre').count(), await tabs.count());
    }
    await page.setViewportSize(PHONE);
    await page.goto('/docs/errors');
    const menu = page.getByRole('navigation', { name: 'Documentation' });
    assert.equal(await menu.isVisible(), false);
    await page.getByRole('button', { name: 'Menu' }).click();
    await menu.getByRole('link', { name: 'Pagination' }).click();
    await page.waitForURL('**/docs/pagination');
  }, { script: false }));

test('the language of samples is chosen once for all pages', () =>
  read(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const tab = (name) => page.getByRole('tab', { name, exact: true }).first();
    const shown = () => page.getByRole('tabpanel').first();
    assert.equal(await tab('cURL').getAttribute('aria-selected'), 'true');
    await shown().getByText('curl -sS').waitFor();
    await tab('Python').click();
    await shown().getByText('import httpx').waitFor();
    assert.equal(await tab('cURL').getAttribute('aria-selected'), 'false');

    await page.goto('/docs/reference/get-customer');
    await shown().getByText('import httpx').waitFor();
    await tab('Python').press('ArrowRight');
    await shown().getByText('reqwest').first().waitFor();
    assert.ok(await tab('Rust').evaluate((one) => one === document.activeElement));
    await page.keyboard.press('ArrowRight');
    await shown().getByText('curl -sS').waitFor();
    await page.keyboard.press('End');
    await page.reload();
    await shown().getByText('reqwest').first().waitFor();
  }));

test('code and whole pages are copied', () =>
  read(async (page, context) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.goto('/docs/errors');
    const code = page.locator('.text .code').first();
    await code.hover();
    await code.getByRole('button', { name: 'Copy' }).click();
    await code.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await copied(), await code.locator('code').textContent());
    assert.ok((await copied()).includes(`${server.url}/api/v1/`));

    await page.getByRole('button', { name: 'Copy page' }).click();
    await page.getByRole('button', { name: 'Copied' }).nth(0).waitFor();
    await page.locator('[data-copy-page]:text("Copied")').waitFor();
    const twin = await (await fetch(`${server.url}/docs/errors.md`)).text();
    assert.equal(await copied(), twin);
  }));

test('copying works where the browser keeps its clipboard to itself', () =>
  read(async (page) => {
    await page.goto('/docs/errors');
    const copied = await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      return new Promise((resolve) => {
        document.addEventListener('copy', () => resolve(String(document.activeElement.value)));
        document.querySelector('.text .code .copy').click();
      });
    });
    assert.ok(copied.startsWith('curl '), copied);
    await page.locator('.text .code .copy').first().getByText('Copied').waitFor();
  }));

test('the page is shown as Markdown', () =>
  read(async (page) => {
    await page.goto('/docs/errors');
    const [answer] = await Promise.all([
      page.waitForResponse('**/docs/errors.md'),
      page.getByRole('link', { name: 'View as Markdown' }).click(),
    ]);
    assert.equal(answer.headers()['content-type'], 'text/markdown; charset=utf-8');
    await page.getByText('# Errors').waitFor();
  }));

test('light or dark is chosen, kept, and given up again', () =>
  read(async (page) => {
    const isDark = () =>
      page.evaluate(() => {
        const colour = getComputedStyle(document.body).backgroundColor;
        return colour.match(/\d+/g).every((part) => Number(part) < 60);
      });
    const toggle = page.getByRole('button', { name: 'Dark colours' });
    await page.goto('/docs');
    assert.equal(await isDark(), false);
    assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
    await toggle.click();
    assert.equal(await isDark(), true);
    assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
    await page.goto('/docs/errors');
    assert.equal(await isDark(), true);
    // Back to what the system says, which is then followed.
    await toggle.click();
    assert.equal(await isDark(), false);
    await page.emulateMedia({ colorScheme: 'dark' });
    // The page hears of the change with its next frame, after the colors have changed.
    await page.getByRole('button', { name: 'Dark colours', pressed: true }).waitFor();
    assert.equal(await isDark(), true);
  }, { colorScheme: 'light' }));

test('on a telephone the menu opens, closes and leads on', () =>
  read(async (page) => {
    await page.goto('/docs/errors');
    const menu = page.getByRole('navigation', { name: 'Documentation' });
    const open = page.getByRole('button', { name: 'Menu' });
    assert.equal(await menu.isVisible(), false);
    await open.click();
    await menu.waitFor();
    await isAccessible(page);
    await fits(page);
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden' });
    await open.click();
    await menu.getByText('Onboardings', { exact: true }).click();
    await menu.getByRole('link', { name: 'Update an onboarding' }).click();
    await page.waitForURL('**/docs/reference/update-onboarding');
    await menu.waitFor({ state: 'hidden' });
    await open.click();
    // The group of the page is open, and the page is marked.
    await menu.locator('[aria-current=page]').getByText('Update an onboarding').waitFor();
  }, { viewport: PHONE }));

test('the list of contents shows where the reader is', () =>
  read(async (page) => {
    await page.goto('/docs/errors');
    const contents = page.getByRole('navigation', { name: 'On this page' });
    await contents.getByRole('link', { name: 'Multiple errors' }).click();
    await page.waitForURL('**#multiple-errors');
    await contents.locator('a.current').getByText('Multiple errors').waitFor();
    assert.equal(await contents.locator('a.current').count(), 1);
  }, { viewport: { width: 1500, height: 700 } }));

test('the keyboard reaches the content at once, and code that is too wide can be scrolled', () =>
  read(async (page) => {
    await page.goto('/docs/quickstart');
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to the content' }).press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    const wide = await page.locator('.code pre').evaluateAll((all) =>
      all.filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.tabIndex));
    assert.ok(wide.length > 0);
    assert.ok(wide.every((index) => index === 0));
  }, { viewport: PHONE }));
