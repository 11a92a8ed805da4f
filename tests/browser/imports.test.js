// Importing a CSV file: choosing it, checking the preview, and reading the result.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { PHONE } from './browser.js';
import { fitsEveryWidth, hasUniqueIds, isAccessible } from './checks.js';
import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
});
after(stop);

/** Follows the links to the form, chooses a file, and waits for its preview. */
async function upload(page, type, text) {
  await page.goto('/customers');
  await page.getByRole('link', { name: 'Import' }).first().click();
  await page.waitForURL('**/admin/import');
  await page.getByRole('radio', { name: type }).check();
  const file = { name: 'data.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.getByLabel('File').setInputFiles(file);
  await page.getByRole('button', { name: 'Upload and preview' }).click();
  await page.waitForURL(/\/admin\/import\/[0-9a-f]+$/);
  await page.locator('main .notice').waitFor();
}

/** Names of customers, from the API. */
async function names() {
  const { body } = await server.api('/customers?limit=100');
  return body.data.map(({ name }) => name).sort();
}

/** Checks a page in light and dark mode, at every width. */
async function checkPage(page) {
  await hasUniqueIds(page);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await isAccessible(page);
  }
  await fitsEveryWidth(page);
}

const file = (name) => [
  'Firma;Website;Plan;MRR;Bemerkung',
  `${name};https://aurora.example/;Gold;120000;"two\nlines"`,
  `${'Incomprehensibility'.repeat(4)};;;a lot;`,
  ';borealis.example;;;',
].join('\n');

for (const script of [true, false]) {
  test(`a file is imported ${script ? 'with' : 'without'} scripts`, () =>
    browser.visit(async (page) => {
      const name = script ? 'Aurora Shipping' : 'Borealis Foods';
      const before = await names();
      const check = () => (script ? checkPage(page) : undefined);
      await upload(page, 'Customers', file(name));
      await page.getByText('Choose the columns for “Name”.').waitFor();
      await check();

      await page.getByLabel('Firma').selectOption({ label: 'Name' });
      assert.equal(await page.getByLabel('Website').inputValue(), 'domain');
      assert.equal(await page.getByLabel('Bemerkung').inputValue(), '');
      await page.getByRole('button', { name: 'Update preview' }).click();
      await page.getByText('2 rows with problems').waitFor();
      const first = page.getByRole('region', { name: 'First rows' }).locator('tbody tr').first();
      const cells = (await first.innerText()).split('\t').map((cell) => cell.trim());
      assert.deepEqual(cells, ['2', name, 'aurora.example', 'Gold', '120000']);
      await page.getByRole('cell', { name: /MRR|mrr/ }).first().waitFor();
      await check();
      assert.deepEqual(await names(), before);

      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByRole('heading', { name: 'Result' }).waitFor();
      await check();
      const created = page.locator('dl div', { hasText: 'Created' });
      assert.match(await created.innerText(), /1 row$/);
      assert.deepEqual(await names(), [...before, name].sort());

      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download rejected rows' }).click();
      const download = await downloading;
      assert.equal(download.suggestedFilename(), 'rejected-customers.csv');
      const rejected = readFileSync(await download.path(), 'utf8');
      assert.match(rejected, /"line 4: mrr must be an integer/);
      assert.match(rejected, /"line 5: name is required/);

      await page.getByRole('link', { name: 'View customers' }).click();
      await page.getByRole('link', { name }).first().waitFor();
    }, { script, acceptDownloads: true }));
}

test('a changed choice is previewed before it is imported', () =>
  browser.visit(async (page) => {
    await upload(page, 'Customers', 'name,note\nCedar Mill,Silver\n');
    await page.getByLabel('note').selectOption({ label: 'Plan' });
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('The preview was updated with your changes.').waitFor();
    assert.ok(!(await names()).includes('Cedar Mill'));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('The file was imported.').waitFor();
    const { body } = await server.api('/customers?q=cedar');
    assert.equal(body.data[0].plan, 'Silver');
  }));

test('an import can be canceled on a phone', () =>
  browser.visit(async (page) => {
    await upload(page, 'Contacts', 'customer_slug,name,email\nnowhere,Maya,maya@aurora.example\n');
    await page.getByText('1 row with problems.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL('**/admin/import');
    await page.getByText('Nothing was imported, and the file was discarded.').waitFor();
  }, { viewport: PHONE }));

test('a form without a file is not sent', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/import');
    await page.getByRole('button', { name: 'Upload and preview' }).click();
    assert.ok(await page.getByLabel('File').evaluate((field) => field.validity.valueMissing));
  }));

test('customers and contacts are exported', () =>
  browser.visit(async (page) => {
    const customer = await server.create('/customers', { name: 'Dune Works' });
    const contact = { name: 'Noa Berg', email: 'noa@dune.example' };
    await server.create(`/customers/${customer.id}/contacts`, contact);
    const download = async (path, name) => {
      await page.goto(path);
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name }).click();
      return readFileSync(await (await downloading).path(), 'utf8');
    };
    const customers = await download('/customers?q=dune', 'Export CSV');
    assert.match(customers, /^\ufeff"id","display_id","name"/);
    assert.deepEqual(customers.trimEnd().split('\r\n').length, 2);
    assert.match(await download('/admin/import', 'Export contacts'), /"noa@dune\.example"/);
  }, { acceptDownloads: true }));
