// A server below a path of its host. The browser fails the test if any request leaves that path.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PASSWORD } from './server.js';
import { start, startWithPassword, stop } from './stage.js';

const PATH = '/tools/pivotal';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start(startWithPassword({ path: PATH })));
});
after(stop);

function visit(run) {
  return browser.visit(run, { signedIn: false, reducedMotion: 'reduce' });
}

test('a customer is created, edited, and moved on the board below the path', () =>
  visit(async (page) => {
    await page.goto(`${server.url}/customers`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`**${PATH}/customers`);

    await page.getByRole('link', { name: 'Create customer' }).first().click();
    await page.waitForURL(`**${PATH}/customers/new`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Aurora Shipping');
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/tools\/pivotal\/customers\/\d+-aurora-shipping$/);
    const [, id] = page.url().match(/(\d+)-aurora-shipping$/);

    await page.getByRole('link', { name: 'Edit' }).first().click();
    await page.waitForURL(`**${PATH}/customers/*/edit`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Aurora Lines');
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/tools\/pivotal\/customers\/\d+-[a-z-]+$/);
    assert.equal((await server.api(`/customers/${id}`)).body.name, 'Aurora Lines');

    const body = { customer_id: id, name: 'Rollout' };
    const { id: onboarding } = await server.create('/onboardings', body);
    await page.goto(`${server.url}/onboardings`);
    await page.locator('[data-card]').press('ArrowRight');
    await page.locator('main .notice').waitFor();
    const moved = (await server.api(`/onboardings/${onboarding}`)).body;
    assert.notEqual(moved.phase, 'kickoff');
  }));

test('the search of the docs leads to pages below the path', () =>
  visit(async (page) => {
    await page.goto(`${server.url}/docs`);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search the docs' }).fill('idempotency');
    const [first] = await page.getByRole('option').all();
    assert.equal(await first.getAttribute('href'), `${PATH}/docs/idempotency`);
    await first.click();
    await page.waitForURL(`**${PATH}/docs/idempotency`);
    assert.equal(await page.locator('h1').textContent(), 'Idempotency');
    await page.getByRole('button', { name: 'Copy page' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
  }));

test('the console sends its request below the path', () =>
  visit(async (page) => {
    await page.goto(`${server.url}/docs/reference/get-me`);
    await page.getByLabel('API key').fill(server.key);
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.locator('[data-response]').waitFor();
    assert.match(await page.locator('[data-status]').textContent(), /^200 OK/);
    const curl = await page.locator('[data-curl]').textContent();
    assert.ok(curl.includes(`'${server.url}/api/v1/me'`), curl);
  }));
