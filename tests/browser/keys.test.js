// API keys, from the page where they are made to the request that they allow.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './browser.js';
import { Server } from './server.js';

let server;
let browser;
before(async () => {
  server = await Server.start();
  server.setPassword();
  browser = await Browser.start(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Makes a key with a name, and returns it as the page shows it this one time. */
async function create(page, name) {
  await page.goto('/admin/api-keys');
  await page.getByRole('link', { name: 'New key' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create the key' }).click();
  return shown(page);
}

/** The key that a page shows. */
async function shown(page) {
  const key = await page.locator('#copyable').inputValue();
  assert.match(key, /^pivotal_(test_)?[0-9A-Za-z]{46}$/);
  return key;
}

/** The button or link that does something to a key. */
function act(page, what, key) {
  const name = new RegExp(`^${what} .* ${key.match(/^pivotal_(test_)?.{8}/)[0]}$`);
  return page.locator('tbody').getByRole('button', { name }).or(page.getByRole('link', { name }));
}

async function status(key) {
  return (await server.api('/me', { key })).status;
}

test('a key works from its making to its revocation, and so does its twin', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'CRM sync');
    assert.equal(await status(key), 200);

    await page.goto('/admin/api-keys');
    assert.ok(!(await page.content()).includes(key), 'it is shown once');
    await act(page, 'Rotate', key).click();
    const twin = await shown(page);
    assert.notEqual(twin, key);
    assert.deepEqual([await status(key), await status(twin)], [200, 200]);

    await page.goto('/admin/api-keys');
    await act(page, 'Revoke', key).click();
    await page.locator('main form button.danger').click();
    await page.waitForURL('**/admin/api-keys*');
    assert.deepEqual([await status(key), await status(twin)], [401, 200]);
  }));

test('a new key is copied with its button', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Copied');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  }, { permissions: ['clipboard-read', 'clipboard-write'] }));

test('where nothing may be copied, the key is selected', () =>
  browser.visit(async (page) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
    });
    const key = await create(page, 'Selected');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.waitForFunction((length) => {
      const { selectionStart, selectionEnd } = document.getElementById('copyable');
      return selectionStart === 0 && selectionEnd === length;
    }, key.length);
  }));

test('a key may do what was chosen for it, and no more', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Dashboard');
    await page.getByLabel('Mode').selectOption({ label: 'Test' });
    for (const box of await page.getByRole('checkbox').all()) {
      await box.setChecked((await box.getAttribute('value')) === 'read:customers');
    }
    await page.getByRole('button', { name: 'Create the key' }).click();
    const { body } = await server.api('/me', { key: await shown(page) });
    assert.deepEqual(body.api_key.scopes, ['read:customers']);
    assert.equal(body.api_key.mode, 'test');
  }));

test('a mistake is shown at its field, and what else was chosen is kept', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Nothing at all');
    await page.getByLabel('Tier').selectOption('paid');
    for (const box of await page.getByRole('checkbox').all()) {
      await box.uncheck();
    }
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.locator('fieldset[aria-invalid=true] .error').waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'Nothing at all');
    assert.equal(await page.getByLabel('Tier').inputValue(), 'paid');
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
  }));

test('a form that was sent once makes one key, also when it is sent again', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Once');
    await page.reload();
    await page.goto('/admin/api-keys');
    assert.equal(await page.locator('tbody tr').filter({ hasText: 'Once' }).count(), 1);
    assert.equal(await status(key), 200);
  }));

test('a key is made and rotated without scripts', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Plain');
    await page.goto('/admin/api-keys');
    await act(page, 'Rotate', key).click();
    assert.deepEqual([await status(key), await status(await shown(page))], [200, 200]);
  }, { script: false }));

test('a key of another workspace sees nothing of the first', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/workspaces');
    await page.getByRole('textbox', { name: 'Name' }).fill('Acme');
    await page.getByRole('textbox', { name: 'Slug' }).fill('acme');
    await page.getByRole('button', { name: 'Create the workspace' }).click();
    await page.locator('tbody tr').filter({ hasText: 'Acme' }).waitFor();

    const customer = await server.make('/customers', { name: 'Of the first' });
    await page.goto('/admin/api-keys/new');
    await page.locator('main').getByLabel('Workspace').selectOption({ label: 'Acme' });
    await page.getByRole('textbox', { name: 'Name' }).fill('Other');
    await page.getByRole('button', { name: 'Create the key' }).click();
    const key = await shown(page);
    assert.equal((await server.api(`/customers/${customer.id}`, { key })).status, 404);
  }));
