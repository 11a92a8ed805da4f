// The account and the workspaces in the menu.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { signIn } from './browser.js';
import { fitsEveryWidth, isAccessible } from './checks.js';
import { PASSWORD } from './server.js';
import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
});
after(stop);

const signedOut = { signedIn: false };

test('changing the password ends the other sessions', () =>
  browser.visit(async (page) => {
    await signIn(page);
    await browser.visit(async (other) => {
      await signIn(other);
      await page.getByRole('link', { name: 'Account' }).click();
      await page.getByRole('heading', { name: 'Sessions' }).waitFor();
      const rows = page.getByRole('row').filter({ hasText: /Chrome.* on Linux/ });
      assert.equal(await rows.filter({ hasText: 'This session' }).count(), 1);
      assert.ok((await rows.count()) >= 2);
      await isAccessible(page);

      await page.getByRole('link', { name: 'Change password' }).click();
      await page.getByLabel('Current password').fill(PASSWORD);
      await page.getByLabel('New password', { exact: true }).fill('another horse battery staple');
      await page.getByLabel('Confirm new password').fill('another horse battery staple');
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.waitForURL('**/admin/account');
      assert.match(await page.getByRole('status').textContent(), /^Password changed\./);
      assert.equal(await page.locator('tbody tr').count(), 1);
      await other.goto('/admin');
      await other.waitForURL('**/admin/sign-in*');
    }, signedOut);
    server.setPassword();
  }, signedOut));

test('the workspace is switched in the menu, even among many', () =>
  browser.visit(async (page) => {
    await signIn(page);
    await page.goto('/customers');
    assert.equal(await page.locator('.switch').textContent().then((t) => t.trim()), 'Workspace Default');
    for (let number = 1; number <= 3; number++) {
      server.run(['workspaces', 'create', '--slug', `shop-${number}`, '--name', `Shop ${number}`]);
    }
    await page.goto('/customers/new');
    await page.getByLabel('Workspace').selectOption('Shop 2');
    await page.getByRole('combobox', { name: 'Workspace' }).and(page.locator(':has(option[selected][value=shop-2])')).waitFor();
    assert.equal(new URL(page.url()).pathname, '/customers/new');
    await page.getByRole('link', { name: 'Workspaces' }).click();
    await page.getByLabel('Search').fill('shop 3');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Select Shop 3' }).click();
    await page.waitForURL('**/admin');
    assert.equal(await page.getByLabel('Workspace').inputValue(), 'shop-3');
    // With the keyboard, the button submits the choice, not the first arrow key.
    const switcher = page.getByLabel('Workspace');
    await switcher.focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    assert.equal(await switcher.inputValue(), 'shop-1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('option[selected][value=shop-1]').waitFor({ state: 'attached' });
    await page.goto('/admin/workspaces');
    await fitsEveryWidth(page);
    await page.setViewportSize({ width: 320, height: 700 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  }, signedOut));
