// API keys: creating, rotating, and revoking them, and what requests they allow.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
});
after(stop);

/** Creates a key and returns its secret from the page. */
async function create(page, name) {
  await page.goto('/admin/api-keys');
  await page.getByRole('link', { name: 'Create key' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create key' }).click();
  return readSecret(page);
}

/** Reads the secret from a page. */
async function readSecret(page) {
  const key = await page.locator('#copyable').inputValue();
  assert.match(key, /^pivotal_(test_)?[0-9A-Za-z]{46}$/);
  return key;
}

/** Finds the button or link for an action on a key. */
function action(page, verb, key) {
  const name = new RegExp(`^${verb} .* ${key.match(/^pivotal_(test_)?.{8}/)[0]}$`);
  return page.locator('tbody').getByRole('button', { name }).or(page.getByRole('link', { name }));
}

async function status(key) {
  return (await server.api('/me', { key })).status;
}

test('a key works until it is revoked, and so does its replacement', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'CRM sync');
    assert.equal(await status(key), 200);

    await page.goto('/admin/api-keys');
    assert.ok(!(await page.content()).includes(key), 'the key is shown once');
    await action(page, 'Rotate', key).click();
    const replacement = await readSecret(page);
    assert.notEqual(replacement, key);
    assert.deepEqual([await status(key), await status(replacement)], [200, 200]);

    await page.goto('/admin/api-keys');
    await action(page, 'Revoke', key).click();
    await page.locator('main form button.danger').click();
    await page.waitForURL('**/admin/api-keys*');
    assert.deepEqual([await status(key), await status(replacement)], [401, 200]);
  }));

test('the copy button copies a new key', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Copied');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  }, { permissions: ['clipboard-read', 'clipboard-write'] }));

test('the copy button selects the key if the clipboard is blocked', () =>
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

test('a key has only the selected scopes and mode', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Dashboard');
    await page.getByLabel('Mode').selectOption({ label: 'Test' });
    for (const box of await page.getByRole('checkbox').all()) {
      await box.setChecked((await box.getAttribute('value')) === 'read:customers');
    }
    await page.getByRole('button', { name: 'Create key' }).click();
    const { body } = await server.api('/me', { key: await readSecret(page) });
    assert.deepEqual(body.api_key.scopes, ['read:customers']);
    assert.equal(body.api_key.mode, 'test');
  }));

test('a mistake is shown at its field, and the other input is kept', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Nothing at all');
    await page.getByLabel('Tier').selectOption('paid');
    for (const box of await page.getByRole('checkbox').all()) {
      await box.uncheck();
    }
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.locator('fieldset[aria-invalid=true] .error').waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'Nothing at all');
    assert.equal(await page.getByLabel('Tier').inputValue(), 'paid');
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
  }));

test('reloading the page of a new key does not create another one', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Once');
    await page.reload();
    await page.goto('/admin/api-keys');
    assert.equal(await page.locator('tbody tr').filter({ hasText: 'Once' }).count(), 1);
    assert.equal(await status(key), 200);
  }));

test('a key can be created and rotated without scripts', () =>
  browser.visit(async (page) => {
    const key = await create(page, 'Plain');
    await page.goto('/admin/api-keys');
    await action(page, 'Rotate', key).click();
    assert.deepEqual([await status(key), await status(await readSecret(page))], [200, 200]);
  }, { script: false }));

test('a key only sees its own workspace', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/workspaces');
    await page.getByRole('textbox', { name: 'Name' }).fill('Acme');
    await page.getByRole('textbox', { name: 'Slug' }).fill('acme');
    await page.getByRole('button', { name: 'Create workspace' }).click();
    await page.locator('tbody tr').filter({ hasText: 'Acme' }).waitFor();

    const customer = await server.create('/customers', { name: 'In the first workspace' });
    await page.goto('/admin/api-keys/new');
    await page.locator('main').getByLabel('Workspace').selectOption({ label: 'Acme' });
    await page.getByRole('textbox', { name: 'Name' }).fill('Other');
    await page.getByRole('button', { name: 'Create key' }).click();
    const key = await readSecret(page);
    assert.equal((await server.api(`/customers/${customer.id}`, { key })).status, 404);
  }));
