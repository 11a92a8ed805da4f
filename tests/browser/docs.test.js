// The docs site: reading, copying, navigation, and accessibility.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESKTOP, PHONE } from './browser.js';
import { fits, hasUniqueIds, isAccessible } from './checks.js';
import { Server } from './server.js';
import { start, stop } from './stage.js';

/** One page of each kind, and the pages with the widest content. */
const SAMPLE_PAGES = [
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
let urls;
before(async () => {
  ({ server, browser } = await start(Server.start()));
  const response = await fetch(`${server.url}/docs/search.json`);
  urls = (await response.json()).map(({ url }) => url);
});
after(stop);

/** Opens a page without signing in. */
function visit(run, options) {
  return browser.visit(run, { signedIn: false, reducedMotion: 'reduce', ...options });
}

test('pages of every kind are accessible in both color schemes and on a phone', async (t) => {
  await visit(async (page) => {
    for (const path of SAMPLE_PAGES) {
      await t.test(path, async () => {
        await page.goto(path);
        assert.equal(await page.locator('h1').count(), 1);
        await hasUniqueIds(page);
        for (const [colorScheme, size] of [
          ['light', { width: 1600, height: 900 }],
          ['dark', DESKTOP],
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

test('every page fits every window width', () =>
  visit(async (page) => {
    for (const url of urls) {
      await page.goto(url);
      for (const width of [320, 360, 768, 900, 1280, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        await fits(page);
      }
    }
  }));

test('without scripts, every page can be read and shows no control that needs them', () =>
  visit(async (page) => {
    for (const url of urls) {
      await page.goto(url);
      assert.equal(await page.locator('.with-script:visible').count(), 0, url);
      assert.equal(await page.locator('button:visible').count(), 0, url);
      // All languages of a sample are visible.
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

test('the language of samples is chosen for all pages at once', () =>
  visit(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const tab = (name) => page.getByRole('tab', { name, exact: true }).first();
    const panel = () => page.getByRole('tabpanel').first();
    assert.equal(await tab('cURL').getAttribute('aria-selected'), 'true');
    await panel().getByText('curl -sS').waitFor();
    await tab('Python').click();
    await panel().getByText('import httpx').waitFor();
    assert.equal(await tab('cURL').getAttribute('aria-selected'), 'false');

    await page.goto('/docs/reference/get-customer');
    await panel().getByText('import httpx').waitFor();
    await tab('Python').press('ArrowRight');
    await panel().getByText('reqwest').first().waitFor();
    assert.ok(await tab('Rust').evaluate((one) => one === document.activeElement));
    await page.keyboard.press('ArrowRight');
    await panel().getByText('curl -sS').waitFor();
    await page.keyboard.press('End');
    await page.reload();
    await panel().getByText('reqwest').first().waitFor();
  }));

test('code and whole pages can be copied', () =>
  visit(async (page, context) => {
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
    const markdown = await (await fetch(`${server.url}/docs/errors.md`)).text();
    assert.equal(await copied(), markdown);
  }));

test('copying works without the clipboard API', () =>
  visit(async (page) => {
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

test('a page can be viewed as Markdown', () =>
  visit(async (page) => {
    await page.goto('/docs/errors');
    const [response] = await Promise.all([
      page.waitForResponse('**/docs/errors.md'),
      page.getByRole('link', { name: 'View as Markdown' }).click(),
    ]);
    assert.equal(response.headers()['content-type'], 'text/markdown; charset=utf-8');
    await page.getByText('# Errors').waitFor();
  }));

test('the color scheme can be chosen, is kept, and can follow the system again', () =>
  visit(async (page) => {
    const isDark = () =>
      page.evaluate(() => {
        const color = getComputedStyle(document.body).backgroundColor;
        return color.match(/\d+/g).every((part) => Number(part) < 60);
      });
    const toggle = page.getByRole('button', { name: 'Dark mode' });
    await page.goto('/docs');
    assert.equal(await isDark(), false);
    assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
    await toggle.click();
    assert.equal(await isDark(), true);
    assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
    await page.goto('/docs/errors');
    assert.equal(await isDark(), true);
    // Choosing the system’s scheme follows the system again.
    await toggle.click();
    assert.equal(await isDark(), false);
    await page.emulateMedia({ colorScheme: 'dark' });
    // The media query reports the change one frame after the colors have changed.
    await page.getByRole('button', { name: 'Dark mode', pressed: true }).waitFor();
    assert.equal(await isDark(), true);
  }, { colorScheme: 'light' }));

test('on a phone the menu opens, closes, and links to pages', () =>
  visit(async (page) => {
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
    // The group of the current page is open, and its link is highlighted.
    await menu.locator('[aria-current=page]').getByText('Update an onboarding').waitFor();
  }, { viewport: PHONE }));

test('the table of contents highlights the current section', () =>
  visit(async (page) => {
    await page.goto('/docs/errors');
    const contents = page.getByRole('navigation', { name: 'On this page' });
    await contents.getByRole('link', { name: 'Multiple errors' }).click();
    await page.waitForURL('**#multiple-errors');
    await contents.locator('a.current').getByText('Multiple errors').waitFor();
    assert.equal(await contents.locator('a.current').count(), 1);
  }, { viewport: { width: 1500, height: 700 } }));

test('the keyboard can skip to the content and scroll wide code', () =>
  visit(async (page) => {
    await page.goto('/docs/quickstart');
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to content' }).press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    const wide = await page.locator('.code pre').evaluateAll((all) =>
      all.filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.tabIndex));
    assert.ok(wide.length > 0);
    assert.ok(wide.every((index) => index === 0));
  }, { viewport: PHONE }));
