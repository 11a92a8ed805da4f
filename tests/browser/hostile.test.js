// Names with markup, scripts, or control characters are shown as plain text.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { everyPage } from './checks.js';
import { start, stop } from './stage.js';

const HOSTILE = [
  `<script>window.injected = 1</script>`,
  `"><img src=x onerror="window.injected = 1">`,
  `' autofocus onfocus='window.injected = 1`,
  `</title></textarea></select><svg onload=window.injected=1>`,
  `{{ 7 * 7 }} &lt;b&gt; \u202Egnp.exe`,
];

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
  for (const [number, name] of HOSTILE.entries()) {
    server.run(['workspaces', 'create', '--slug', `hostile-${number}`, '--name', name]);
    server.run(['keys', 'create', '--workspace', 'default', '--name', name]);
    const { id } = await server.create('/customers', {
      name,
      plan: name,
      tags: [name],
      metadata: { [name]: name },
      // IDs must not contain invisible characters.
      slack_channel_id: name.replace('\u202E', ''),
    });
    await server.create(`/customers/${id}/contacts`, {
      name,
      title: name,
      email: `person-${number}@example.org`,
      labels: [name],
    });
    await server.create('/onboardings', { customer_id: id, name, notes: name });
    await server.api(`/customers/${id}`, { method: 'PATCH', body: { plan: `${name}!` } });
  }
});
after(stop);

/** Checks that no name was injected as an element or a script. */
async function hasNoInjection(page) {
  const found = await page.evaluate(() => ({
    injected: window.injected,
    scripts: document.querySelectorAll('script').length,
    images: document.querySelectorAll('img').length,
    handlers: [...document.querySelectorAll('*')]
      .flatMap((element) => [...element.attributes])
      .filter(({ name }) => name.startsWith('on') || name === 'style')
      .map(({ name }) => name),
  }));
  const expected = { injected: undefined, scripts: 1, images: 0, handlers: [] };
  assert.deepEqual(found, expected, page.url());
}

/** Returns the elements with text that a name before it would reverse. */
function reversed(page) {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const [, after] = node.data.split('\u202E');
      const element = node.parentElement;
      if (after === undefined || element.closest('textarea, select, .unseen')) {
        continue;
      }
      const { unicodeBidi, display } = getComputedStyle(element);
      // The reversal ends with the block, or with an element that isolates its direction.
      const isIsolated = /isolate|plaintext/.test(unicodeBidi);
      const isLast = display !== 'inline' && !node.nextSibling && /^gnp\.exe!?\s*$/.test(after);
      if (!isIsolated && !isLast) {
        found.push(element.outerHTML.slice(0, 200));
      }
    }
    return found;
  });
}

test('hostile names are not injected into any page', () =>
  browser.visit(async (page) => {
    const pages = await everyPage(page, server.url);
    for (const address of pages.values()) {
      await page.goto(address);
      await hasNoInjection(page);
    }
    for (let number = 1; number <= HOSTILE.length; number += 1) {
      for (const path of [
        `/customers/${number}`,
        `/customers/${number}/edit`,
        `/customers/${number}/delete`,
        `/contacts/${number}/edit`,
        `/contacts/${number}/delete`,
        `/onboardings/${number}`,
        `/onboardings/${number}/edit`,
        `/onboardings/${number}/delete`,
      ]) {
        const response = await page.goto(path);
        assert.equal(response.status(), 200, path);
        await hasNoInjection(page);
      }
    }
  }));

test('a right-to-left override in a name does not reverse other text', () =>
  browser.visit(async (page) => {
    const last = HOSTILE.length;
    for (const path of [
      '/admin',
      '/admin/api-keys',
      '/admin/logs',
      '/customers',
      `/customers/${last}`,
      `/customers/${last}/delete`,
      `/contacts/${last}/delete`,
      '/onboardings',
      `/onboardings/${last}`,
      `/onboardings/${last}/delete`,
    ]) {
      await page.goto(path);
      assert.deepEqual(await reversed(page), [], path);
    }
  }));

test('hostile names are shown as they are', () =>
  browser.visit(async (page) => {
    await page.goto('/customers');
    for (const name of HOSTILE.slice(0, 4)) {
      await page.getByRole('link', { name, exact: true }).waitFor();
    }
  }));

test('hostile text in a URL is not injected', () =>
  browser.visit(async (page) => {
    for (const text of HOSTILE) {
      const encoded = encodeURIComponent(text);
      for (const path of [
        `/customers?q=${encoded}&status=${encoded}&cursor=${encoded}`,
        `/onboardings?state=${encoded}&customer=${encoded}`,
        `/admin/logs?type=${encoded}&actor=${encoded}&resource=${encoded}&id=${encoded}&from=${encoded}`,
        `/admin/api-keys?workspace=${encoded}&state=${encoded}`,
        `/admin/sign-in?next=${encoded}`,
        `/customers/${encoded}`,
        `/admin/${encoded}#${encoded}`,
      ]) {
        await page.goto(path);
        await hasNoInjection(page);
      }
    }
  }));
