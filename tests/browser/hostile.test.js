// Names that try to become part of a page stay names.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './browser.js';
import { everyPage } from './checks.js';
import { Server } from './server.js';

const HOSTILE = [
  `<script>window.hurt = 1</script>`,
  `"><img src=x onerror="window.hurt = 1">`,
  `' autofocus onfocus='window.hurt = 1`,
  `</title></textarea></select><svg onload=window.hurt=1>`,
  `{{ 7 * 7 }} &lt;b&gt; \u202Egnp.exe`,
];

let server;
let browser;
before(async () => {
  server = await Server.start();
  server.setPassword();
  browser = await Browser.start(server);
  for (const [number, name] of HOSTILE.entries()) {
    server.run(['workspaces', 'create', '--slug', `hostile-${number}`, '--name', name]);
    server.run(['keys', 'create', '--workspace', 'default', '--name', name]);
    const { id } = await server.make('/customers', {
      name,
      plan: name,
      tags: [name],
      metadata: { [name]: name },
      // Ids refuse characters that cannot be seen.
      slack_channel_id: name.replace('\u202E', ''),
    });
    await server.make(`/customers/${id}/contacts`, {
      name,
      title: name,
      email: `person-${number}@example.org`,
      labels: [name],
    });
    await server.make('/onboardings', { customer_id: id, name, notes: name });
    await server.api(`/customers/${id}`, { method: 'PATCH', body: { plan: `${name}!` } });
  }
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Checks that no name has become an element or a script. */
async function isUnhurt(page) {
  const strange = await page.evaluate(() => ({
    hurt: window.hurt,
    scripts: document.querySelectorAll('script').length,
    images: document.querySelectorAll('img').length,
    handlers: [...document.querySelectorAll('*')]
      .flatMap((element) => [...element.attributes])
      .filter(({ name }) => name.startsWith('on') || name === 'style')
      .map(({ name }) => name),
  }));
  const sound = { hurt: undefined, scripts: 1, images: 0, handlers: [] };
  assert.deepEqual(strange, sound, page.url());
}

/** The text that would be read backwards because of a name before it. */
function turned(page) {
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
      // Text is turned to the end of its block, or of an element that is set apart.
      const isApart = /isolate|plaintext/.test(unicodeBidi);
      const isLast = display !== 'inline' && !node.nextSibling && /^gnp\.exe!?\s*$/.test(after);
      if (!isApart && !isLast) {
        found.push(element.outerHTML.slice(0, 200));
      }
    }
    return found;
  });
}

test('hostile names do nothing on any page', () =>
  browser.visit(async (page) => {
    const pages = await everyPage(page, server.url);
    for (const address of pages.values()) {
      await page.goto(address);
      await isUnhurt(page);
    }
    for (let number = 1; number <= HOSTILE.length; number += 1) {
      for (const path of [
        `/customers/${number}`,
        `/customers/${number}/edit`,
        `/customers/${number}/delete`,
        `/contacts/${number}/edit`,
        `/contacts/${number}/delete`,
        `/onboardings/${number}/edit`,
        `/onboardings/${number}/delete`,
      ]) {
        const answer = await page.goto(path);
        assert.equal(answer.status(), 200, path);
        await isUnhurt(page);
      }
    }
  }));

test('a name that is read backwards turns nothing else around', () =>
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
      `/onboardings/${last}/delete`,
    ]) {
      await page.goto(path);
      assert.deepEqual(await turned(page), [], path);
    }
  }));

test('hostile names are shown as they are', () =>
  browser.visit(async (page) => {
    await page.goto('/customers');
    for (const name of HOSTILE.slice(0, 4)) {
      await page.getByRole('link', { name, exact: true }).waitFor();
    }
  }));

test('hostile text in an address does nothing', () =>
  browser.visit(async (page) => {
    for (const text of HOSTILE) {
      const typed = encodeURIComponent(text);
      for (const path of [
        `/customers?q=${typed}&status=${typed}&cursor=${typed}`,
        `/onboardings?state=${typed}&customer=${typed}`,
        `/admin/logs?type=${typed}&actor=${typed}&resource=${typed}&id=${typed}&from=${typed}`,
        `/admin/api-keys?workspace=${typed}&state=${typed}`,
        `/admin/sign-in?next=${typed}`,
        `/customers/${typed}`,
        `/admin/${typed}#${typed}`,
      ]) {
        await page.goto(path);
        await isUnhurt(page);
      }
    }
  }));
