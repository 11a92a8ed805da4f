// The docs' search in a browser: what people type, and what they find first.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESKTOP, PHONE } from './browser.js';
import { fits, isAccessible } from './checks.js';
import { Server } from './server.js';
import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start(Server.start()));
});
after(stop);

function visit(run, options) {
  return browser.visit(run, { signedIn: false, reducedMotion: 'reduce', ...options });
}

/** Opens a page and its search dialog. */
function withSearch(run, options) {
  return visit(async (page) => {
    await page.goto('/docs');
    await page.keyboard.press('/');
    await run(page);
  }, options);
}

const dialog = (page) => page.getByRole('dialog', { name: 'Search' });
const field = (page) => page.getByRole('combobox', { name: 'Search the docs' });
const results = (page) => page.getByRole('option');

/** Types a query and waits for its results. */
async function type(page, query) {
  await field(page).fill(query);
  await page.locator('.search-status:not(:empty):not(:text("Loading"))').waitFor();
}

/** Where the results lead, best first. */
function found(page) {
  return results(page).evaluateAll((all) => all.map((one) => one.getAttribute('href')));
}

/** Checks that each query finds one of the places first. */
async function findsFirst(page, expected) {
  const wrong = [];
  for (const [query, ...places] of expected) {
    await type(page, query);
    const [first] = await found(page);
    if (!places.includes(first)) {
      wrong.push(`${query}: ${first} instead of ${places.join(' or ')}`);
    }
  }
  assert.deepEqual(wrong, []);
}

test('a button and the keyboard open and close the search', () =>
  visit(async (page) => {
    await page.goto('/docs/errors');
    for (const open of [
      () => page.getByRole('button', { name: 'Search' }).click(),
      () => page.keyboard.press('/'),
      () => page.keyboard.press('Control+k'),
      () => page.keyboard.press('Meta+k'),
    ]) {
      await open();
      await dialog(page).waitFor();
      assert.ok(await field(page).evaluate((input) => input === document.activeElement));
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'hidden' });
    }
    await page.keyboard.press('/');
    await page.getByRole('button', { name: 'Close search' }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    await page.mouse.click(5, 400);
    await dialog(page).waitFor({ state: 'hidden' });
  }));

test('a slash typed into a field does not open the search', () =>
  visit(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const key = page.getByLabel('API key');
    await key.fill('a');
    await key.press('End');
    await page.keyboard.press('/');
    assert.equal(await key.inputValue(), 'a/');
    assert.equal(await dialog(page).isVisible(), false);
  }));

test('every term of docs/search.toml finds its page or section first', () =>
  withSearch(async (page) => {
    const pages = await (await fetch(`${server.url}/docs/search.json`)).json();
    const places = new Map();
    for (const { url, parts } of pages) {
      for (const { id, terms } of parts) {
        for (const term of terms) {
          places.set(term, [...(places.get(term) ?? []), id ? `${url}#${id}` : url]);
        }
      }
    }
    assert.ok(places.size > 150, `${places.size} terms`);
    await findsFirst(page, [...places].map(([term, expected]) => [term, ...expected]));
  }));

test('the beginning of a word and a word with a typo find the page', () =>
  withSearch((page) =>
    findsFirst(page, [
      ['idem', '/docs/idempotency'],
      ['idempotancy', '/docs/idempotency'],
      ['pagin', '/docs/pagination'],
      ['pagnation', '/docs/pagination'],
      ['authentification', '/docs/authentication'],
      ['kube', '/docs/operate/kubernetes'],
      ['kuberntes', '/docs/operate/kubernetes'],
      ['throtling', '/docs/rate-limits'],
      ['bakcup', '/docs/operate/backup'],
      ['RATE LIM', '/docs/rate-limits'],
    ])));

test('a whole word counts more than a part of one', () =>
  withSearch(async (page) => {
    await findsFirst(page, [['port', '/docs/operate/configuration#listen']]);
    for (const url of await found(page)) {
      assert.ok(!url.includes('import'), url);
    }
    await findsFirst(page, [
      ['change the port', '/docs/operate/configuration#listen'],
      ['import', '/docs/operate/export-import'],
    ]);
  }));

test('a title counts more than a heading, and a heading more than text', () =>
  withSearch((page) =>
    findsFirst(page, [
      ['errors', '/docs/errors'],
      ['create customer', '/docs/reference/create-customer'],
      ['update contact', '/docs/reference/update-contact'],
      ['trusted_proxies', '/docs/operate/configuration#trusted_proxies'],
      ['restore', '/docs/operate/backup#restore'],
    ])));

test('the page that explains something comes before those that mention it', () =>
  withSearch((page) =>
    findsFirst(page, [
      ['retry', '/docs/idempotency', '/docs/webhooks/retries'],
      ['retries', '/docs/idempotency', '/docs/webhooks/retries'],
      ['cursor', '/docs/pagination'],
      ['display_id', '/docs/guides/ids'],
      ['429', '/docs/rate-limits'],
      ['Idempotency-Key', '/docs/idempotency'],
      ['how do I reset the password?', '/docs/operate/password-reset'],
      ['revoke', '/docs/authentication', '/docs/authentication#rotate-without-downtime'],
      ['scope', '/docs/authentication#scopes'],
      ['slug', '/docs/guides/ids'],
    ])));

test('several words are all preferred, in any order', () =>
  withSearch(async (page) => {
    await findsFirst(page, [
      ['limits rate', '/docs/rate-limits'],
      ['errors nowheretobefound', '/docs/errors'],
      ['nginx proxy', '/docs/operate/reverse-proxy', '/docs/operate/reverse-proxy#nginx'],
    ]);
    await type(page, 'limits rate');
    const marks = await results(page).first().locator('.result-name mark').allTextContents();
    assert.deepEqual(marks, ['Rate', 'limits']);
    await type(page, 'nowheretobefound');
    assert.equal(await results(page).count(), 0);
    await dialog(page).getByText('No results for “nowheretobefound”.').waitFor();
  }));

test('the results of a page are next to each other', () =>
  withSearch(async (page) => {
    await type(page, 'key');
    const paths = (await found(page)).map((url) => url.split('#')[0]);
    const changes = paths.filter((path, index) => path !== paths[index - 1]);
    assert.equal(changes.length, new Set(paths).size, paths.join(' '));
  }));

test('the matching words are visible on a phone', () =>
  visit(async (page) => {
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

test('the arrow keys choose a result and Enter opens it', () =>
  withSearch(async (page) => {
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
    const url = await results(page).nth(1).getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${url}`);
  }));

test('a result on the current page closes the dialog and scrolls to its section', () =>
  visit(async (page) => {
    await page.goto('/docs/operate/configuration');
    await page.keyboard.press('/');
    await type(page, 'admin.idle_timeout');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor({ state: 'hidden' });
    await page.waitForURL('**/docs/operate/configuration#admin*');
    const heading = page.locator(':target');
    assert.ok(await heading.evaluate(({ innerText }) => innerText.includes('idle_timeout')));
    const { y } = await heading.boundingBox();
    assert.ok(y >= 60 && y < 800, `the heading is at ${y}`);
  }));

test('the search dialog is accessible at every size and in both color schemes', () =>
  withSearch(async (page) => {
    await type(page, 'key');
    for (const colorScheme of ['light', 'dark']) {
      for (const size of [DESKTOP, PHONE]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        await isAccessible(page);
        await fits(page);
      }
    }
  }));

test('a query is never rendered as HTML', () =>
  withSearch(async (page) => {
    const query = '<img/nowheretobefound>';
    await type(page, query);
    assert.equal(await page.locator('img').count(), 0);
    await dialog(page).getByText(`No results for “${query}”.`).waitFor();
  }));

