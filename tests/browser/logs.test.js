// The audit log: filters and exports.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
  const { id } = await server.create('/customers', { name: 'Aurora, "the" Shipping' });
  await server.create('/customers', { name: '=1+1' });
  await server.api(`/customers/${id}`, { method: 'PATCH', body: { plan: 'Gold' } });
  await server.create('/onboardings', { customer_id: id, name: 'Rollout' });
});
after(stop);

/** Downloads a file by its link and returns its name and text. */
async function download(page, name) {
  const started = page.waitForEvent('download');
  await page.getByRole('link', { name }).click();
  const file = await started;
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

/**
 * Parses a CSV file into objects with the names in the header row as keys. The file starts with a
 * byte order mark so that Excel recognizes UTF-8.
 */
function rows(text) {
  assert.equal(text[0], '\uFEFF');
  const lines = [[]];
  for (const [, quoted, plain, end] of text.slice(1).matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n)/g)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') {
      lines.push([]);
    }
  }
  const [names, ...rest] = lines.slice(0, -1);
  return rest.map((cells) => {
    assert.equal(cells.length, names.length);
    return Object.fromEntries(cells.map((cell, index) => [names[index], cell]));
  });
}

async function filterByType(page, kind) {
  await page.goto('/admin/logs');
  await page.getByLabel('Event', { exact: true }).selectOption(kind);
  await page.waitForURL(new RegExp(`type=${kind}`));
}

/** Returns the IDs of the events on a page. */
function ids(page) {
  return page.locator('.log details code:text-matches("^evt_")').allTextContents();
}

test('the log can be filtered by event type, and the filter stays visible', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/logs');
    const all = (await ids(page)).length;
    await filterByType(page, 'customer.created');
    assert.equal(await page.getByLabel('Event', { exact: true }).inputValue(), 'customer.created');
    assert.equal((await ids(page)).length, 2);
    await page.locator('.log').getByText('Aurora, "the" Shipping').first().waitFor();

    await page.getByRole('link', { name: 'Clear' }).click();
    await page.waitForURL('**/admin/logs');
    assert.equal((await ids(page)).length, all);
  }));

test('a change is shown with its value before and after', () =>
  browser.visit(async (page) => {
    await filterByType(page, 'customer.updated');
    const details = page.locator('.log details').first();
    await details.locator('summary').press('Enter');
    const cells = await details.locator('tbody tr').first().locator('td').allInnerTexts();
    assert.deepEqual(cells, ['none', 'Gold']);
  }));

test('a mistake in the filter is shown at its field', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/logs?from=yesterday');
    await page.locator('#from[aria-invalid=true]').waitFor();
    await page.locator('#from-error').waitFor();
    assert.equal(await page.getByRole('link', { name: /Export/ }).count(), 0);
  }));

test('the filtered log can be exported as CSV', () =>
  browser.visit(async (page) => {
    await filterByType(page, 'customer.created');
    const { name, text } = await download(page, /CSV/);
    assert.match(name, /\.csv$/);
    const found = rows(text);
    assert.deepEqual(found.map((row) => row.id), await ids(page));
    const names = found.map((row) => JSON.parse(row.object).name);
    assert.deepEqual(names, ['=1+1', 'Aurora, "the" Shipping']);
  }));

test('the filtered log can be exported as JSON', () =>
  browser.visit(async (page) => {
    await filterByType(page, 'customer.created');
    const { name, text } = await download(page, /JSON/);
    assert.match(name, /\.json$/);
    const found = JSON.parse(text);
    assert.deepEqual(found.map((event) => event.id), await ids(page));
    assert.deepEqual(found.map((event) => event.type), ['customer.created', 'customer.created']);
  }));

test('without a filter, the export has the whole log, not just one page', () =>
  browser.visit(async (page) => {
    for (let number = 0; number < 60; number += 1) {
      await server.create('/customers', { name: `Customer ${number}` });
    }
    await page.goto('/admin/logs');
    const { text } = await download(page, /CSV/);
    const found = rows(text).map((row) => row.id);
    const shown = await ids(page);
    assert.ok(found.length > shown.length && shown.length > 0);
    assert.deepEqual(found.slice(0, shown.length), shown);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.waitForURL(/cursor=/);
    const older = await ids(page);
    assert.deepEqual(found.slice(shown.length, shown.length + older.length), older);
  }));
