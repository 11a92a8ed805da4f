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

const search = (page) => page.getByRole('dialog', { name: 'Search' });
const field = (page) => page.getByRole('combobox', { name: 'Search the documentation' });
const results = (page) => page.getByRole('option');

/** Waits until the dialog has searched. */
async function type(page, words) {
  await field(page).fill(words);
  await page.locator('.search-status:not(:empty):not(:text("Loading"))').waitFor();
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

test('the search is opened by its button and by the keyboard, and closed again', () =>
  read(async (page) => {
    await page.goto('/docs/errors');
    for (const open of [
      () => page.getByRole('button', { name: 'Search' }).click(),
      () => page.keyboard.press('/'),
      () => page.keyboard.press('Control+k'),
      () => page.keyboard.press('Meta+k'),
    ]) {
      await open();
      await search(page).waitFor();
      assert.ok(await field(page).evaluate((input) => input === document.activeElement));
      await page.keyboard.press('Escape');
      await search(page).waitFor({ state: 'hidden' });
    }
    await page.keyboard.press('/');
    await page.getByRole('button', { name: 'Close the search' }).click();
    await search(page).waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    await page.mouse.click(5, 400);
    await search(page).waitFor({ state: 'hidden' });
  }));

test('a slash that is typed into a field stays there', () =>
  read(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const key = page.getByLabel('API key');
    await key.fill('a');
    await key.press('End');
    await page.keyboard.press('/');
    assert.equal(await key.inputValue(), 'a/');
    assert.equal(await search(page).isVisible(), false);
  }));

test('a title is found before a heading, and a heading before text', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    for (const [words, address] of [
      ['errors', '/docs/errors'],
      ['RATE LIM', '/docs/rate-limits'],
      ['create customer', '/docs/reference/create-customer'],
      ['trusted_proxies', '/docs/operate/configuration#trusted_proxies'],
      ['idempot', '/docs/idempotency'],
    ]) {
      await type(page, words);
      assert.equal(await results(page).first().getAttribute('href'), address, words);
    }
    // All words have to be there, in whatever order; the places that fit are marked.
    await type(page, 'limits rate');
    const marks = await results(page).first().locator('.result-name mark').allTextContents();
    assert.deepEqual(marks, ['Rate', 'limits']);
    await type(page, 'errors nowheretobefound');
    assert.equal(await results(page).count(), 0);
    await search(page).getByText('Nothing is found for “errors nowheretobefound”.').waitFor();
  }));

test('the page that explains something is found before those that mention it', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    for (const [words, ...addresses] of [
      ['retry', '/docs/idempotency', '/docs/rate-limits', '/docs/errors'],
      ['retries', '/docs/idempotency', '/docs/rate-limits', '/docs/errors'],
      ['cursor', '/docs/pagination'],
      ['display_id', '/docs/guides/ids'],
      ['429', '/docs/rate-limits'],
      ['Idempotency-Key', '/docs/idempotency'],
      ['api key', '/docs/authentication'],
      ['revoke', '/docs/authentication', '/docs/authentication#rotate-without-downtime'],
      ['slug', '/docs/guides/ids', '/docs/reference/create-customer'],
      ['restore', '/docs/operate/backup', '/docs/operate/backup#restore'],
      ['scope', '/docs/authentication', '/docs/authentication#scopes'],
    ]) {
      await type(page, words);
      const first = await results(page).first().getAttribute('href');
      assert.ok(addresses.includes(first), `${words}: ${first}`);
    }
    // The places of a page stand together.
    await type(page, 'key');
    const found = await results(page).evaluateAll((all) => all.map((one) => one.pathname));
    const changes = found.filter((path, at) => path !== found[at - 1]);
    assert.equal(changes.length, new Set(found).size, found.join(' '));
  }));

test('what is found is in sight on a telephone', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.getByRole('button', { name: 'Search' }).click();
    for (const words of ['cursor', 'restore', 'key']) {
      await type(page, words);
      const cut = await page.locator('.result-text').evaluateAll((all) =>
        all
          .filter((text) => text.querySelector('mark'))
          .filter((text) => {
            const { right } = text.querySelector('mark').getBoundingClientRect();
            return right > text.getBoundingClientRect().right;
          })
          .map((text) => text.textContent));
      assert.deepEqual(cut, []);
      assert.ok((await page.locator('.result-text mark').count()) > 3);
    }
  }, { viewport: { width: 320, height: 800 } }));

test('results are walked through and opened with the keyboard', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    await type(page, 'cursor');
    const count = await results(page).count();
    assert.ok(count > 2);
    const chosen = async () => {
      const id = await field(page).getAttribute('aria-activedescendant');
      const selected = page.locator('[role=option][aria-selected=true]');
      assert.deepEqual(await selected.evaluateAll((all) => all.map((one) => one.id)), [id]);
      return results(page).evaluateAll((all, id) => all.findIndex((one) => one.id === id), id);
    };
    assert.equal(await chosen(), 0);
    await page.keyboard.press('ArrowUp');
    assert.equal(await chosen(), count - 1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await chosen(), 1);
    const address = await results(page).nth(1).getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${address}`);
  }));

test('a result on the page that is shown leads to its place', () =>
  read(async (page) => {
    await page.goto('/docs/operate/configuration');
    await page.keyboard.press('/');
    await type(page, 'idle_timeout');
    await page.keyboard.press('Enter');
    await search(page).waitFor({ state: 'hidden' });
    await page.waitForURL('**/docs/operate/configuration#admin*');
    const heading = page.locator(':target');
    assert.ok(await heading.evaluate(({ innerText }) => innerText.includes('idle_timeout')));
    const { y } = await heading.boundingBox();
    assert.ok(y >= 60 && y < 800, `the heading is at ${y}`);
  }));

test('everybody can use the search', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    await type(page, 'key');
    for (const colorScheme of ['light', 'dark']) {
      for (const size of [DESK, PHONE]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        await isAccessible(page);
        await fits(page);
      }
    }
  }));

test('what is typed into the search is never part of the page', () =>
  read(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    await type(page, '<img src=x onerror=alert(1)>');
    assert.equal(await page.locator('img').count(), 0);
    await search(page).getByText('<img src=x onerror=alert(1)>').waitFor();
  }));

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
