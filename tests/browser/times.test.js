// Times in the reader's zone, with UTC on hover and in forms.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
  const { id } = await server.create('/customers', { name: 'Aurora' });
  await server.create('/onboardings', {
    customer_id: id,
    name: 'Rollout',
    target_launch_date: '2026-03-01',
  });
});
after(stop);

const NEW_YORK = { timezoneId: 'America/New_York', locale: 'de-DE' };

/** Shows a page that says that something happened at a time. */
async function showTime(page, time) {
  await page.route('**/admin/logs', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      /<time datetime="[^"]*" data-local="moment">[^<]*/,
      `<time datetime="${time}" data-local="moment">in UTC`,
    );
    await route.fulfill({ response, body });
  });
  await page.goto('/admin/logs');
  return page.locator('main time').first();
}

test('a time is shown in the zone of the reader, in the words of the page', () =>
  browser.visit(async (page) => {
    const winter = await showTime(page, '2026-03-01T03:05:09.123Z');
    assert.equal(await winter.textContent(), '28 Feb 2026, 22:05 EST');
    assert.equal(await winter.getAttribute('title'), '1 Mar 2026, 03:05 UTC');
    const summer = await showTime(page, '2026-07-01T04:00:00.000Z');
    assert.equal(await summer.textContent(), '1 Jul 2026, 00:00 EDT');
    assert.equal(await summer.getAttribute('datetime'), '2026-07-01T04:00:00.000Z');
  }, NEW_YORK));

test('without scripts, times are in UTC', () =>
  browser.visit(async (page) => {
    await page.goto('/customers/1');
    for (const text of await page.locator('time[data-local=moment]').allTextContents()) {
      assert.match(text, /^\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC$/);
    }
  }, { ...NEW_YORK, script: false }));

test('a chosen day is the same for every reader', () =>
  browser.visit(async (page) => {
    await page.goto('/onboardings');
    assert.equal(await page.locator('.board time').first().textContent(), '1 Mar 2026');
    await page.goto('/customers/1');
    assert.equal(await page.getByRole('cell', { name: '1 Mar 2026' }).count(), 1);
  }, NEW_YORK));

test('a form with times says what they mean for the reader', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/logs');
    const from = page.getByLabel('From (UTC)');
    const hint = page.locator('#from-local');
    assert.ok(await hint.isHidden());
    await from.fill('2026-03-01T03:05');
    assert.equal(await hint.textContent(), '28 Feb 2026, 22:05 EST for you');
    assert.equal(await from.getAttribute('aria-describedby'), 'from-local');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.waitForURL(/from=2026-03-01T03%3A05/);
    assert.equal(await hint.textContent(), '28 Feb 2026, 22:05 EST for you');
  }, NEW_YORK));
