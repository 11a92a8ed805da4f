// Filters: they apply as soon as an option is chosen if scripts run, and with a button otherwise.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
  for (let number = 0; number < 20; number += 1) {
    await server.create('/customers', { name: `Calm ${number}`, status: 'active' });
  }
  await server.create('/customers', { name: 'Storm', status: 'at_risk' });
});
after(stop);

function names(page) {
  return page.locator('main tbody th').allInnerTexts();
}

test('choosing an option filters at once and keeps the focus, the scroll position, and the text', () =>
  browser.visit(async (page) => {
    await page.goto('/customers?q=calm');
    const status = page.getByLabel('Status');
    await status.focus();
    await page.evaluate(() => scrollTo({ top: 120, behavior: 'instant' }));
    await status.selectOption({ label: 'Active' });
    await page.waitForURL('**/customers?q=calm&status=active');
    await page.waitForFunction(() => document.activeElement.name === 'status');
    assert.equal(await page.evaluate(() => scrollY), 120);
    assert.equal(await page.getByLabel('Search').inputValue(), 'calm');
    await page.getByRole('status').filter({ hasText: '20 customers' }).waitFor();
  }, { viewport: { width: 1000, height: 500 } }));

test('the number of results is announced, also if there are none', () =>
  browser.visit(async (page) => {
    await page.goto('/customers');
    await page.getByLabel('Status').selectOption({ label: 'At risk' });
    await page.getByRole('status').filter({ hasText: '1 customer,' }).waitFor();
    await page.getByLabel('Status').selectOption({ label: 'Churned' });
    await page.getByRole('status').filter({ hasText: 'No results' }).waitFor();
    // A page that was not reached by a filter announces nothing.
    await page.goto('/customers');
    assert.equal(await page.getByRole('status').count(), 0);
  }));

test('typed text is searched with Enter, and keeps the focus', () =>
  browser.visit(async (page) => {
    await page.goto('/customers');
    await page.getByLabel('Search').pressSequentially('storm');
    assert.equal(new URL(page.url()).search, '');
    await page.keyboard.press('Enter');
    await page.waitForURL(/[?&]q=storm/);
    await page.waitForFunction(() => document.activeElement.name === 'q');
    assert.deepEqual(await names(page), ['Storm']);
  }));

test('going back shows the earlier results with the choice that belongs to them', () =>
  browser.visit(async (page) => {
    await page.goto('/customers');
    await page.getByLabel('Status').selectOption({ label: 'At risk' });
    await page.waitForURL(/status=at_risk/);
    await page.getByLabel('Status').selectOption({ label: 'Active' });
    await page.waitForURL(/status=active/);
    await page.goBack();
    await page.waitForURL(/status=at_risk/);
    const shows = (value, count) => page.waitForFunction(([value, count]) =>
      document.getElementById('status').value === value
        && document.querySelectorAll('main tbody tr').length === count, [value, count]);
    await shows('at_risk', 1);
    await page.goBack();
    await page.waitForURL(/\/customers$/);
    await shows('', 21);
  }));

test('without scripts, a button applies the filters', () =>
  browser.visit(async (page) => {
    for (const path of ['/onboardings', '/admin/api-keys']) {
      await page.goto(path);
      await page.getByLabel('State').selectOption({ label: 'Active' });
      assert.equal(new URL(page.url()).search, '');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.waitForURL(/state=active/);
    }
  }, { script: false }));

test('with scripts, lists that only have options need no button', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/api-keys');
    assert.equal(await page.getByRole('button', { name: 'Filter' }).count(), 0);
    await page.getByLabel('State').selectOption({ label: 'Revoked' });
    await page.waitForURL(/state=revoked/);
  }));
