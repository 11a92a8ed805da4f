// Setting the first password, signing in, and signing out.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { signIn } from './browser.js';
import { PASSWORD, Server } from './server.js';
import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start(Server.start()));
});
after(stop);

const signedOut = { signedIn: false };

test('the printed link fills in the setup code, which sets a password', () =>
  browser.visit(async (page) => {
    await page.goto(server.setup);
    const code = new URL(server.setup).hash.slice(1);
    assert.equal(await page.getByLabel('Setup code').inputValue(), code);
    assert.equal(new URL(page.url()).hash, '', 'the code is removed from the URL');

    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByLabel('Confirm password').fill(`${PASSWORD}!`);
    await page.getByRole('button', { name: 'Set password' }).click();
    const confirmation = page.getByLabel('Confirm password');
    assert.equal(await confirmation.getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByLabel('Setup code').inputValue(), code);

    await page.getByLabel('New password').fill(PASSWORD);
    await confirmation.fill(PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.waitForURL('**/admin');
    assert.equal(await page.getByRole('status').textContent(), 'Password set.');
    await page.reload();
    assert.equal(await page.getByRole('status').count(), 0, 'the notice is shown once');
  }, signedOut));

test('the setup link works once', () =>
  browser.visit(async (page) => {
    await page.goto(server.setup);
    await page.waitForURL('**/admin/sign-in*');
  }, signedOut));

test('a wrong password is rejected and the right one accepted', () =>
  browser.visit(async (page) => {
    await page.goto('/admin');
    await page.waitForURL('**/admin/sign-in*');
    const field = page.getByLabel('Password');
    await field.fill('incorrect horse battery staple');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const errorId = await field.getAttribute('aria-describedby');
    assert.equal(await page.locator(`#${errorId}`).textContent(), 'Wrong password.');
    assert.equal(await field.inputValue(), '');
    await page.goto('/admin');
    await page.waitForURL('**/admin/sign-in*');

    await signIn(page);
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Overview');
  }, signedOut));

test('signing in leads to the requested page', () =>
  browser.visit(async (page) => {
    await page.goto('/admin?from=here');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin?from=here');
  }, signedOut));

test('signing out ends the session', () =>
  browser.visit(async (page, context) => {
    await signIn(page);
    const [before] = await context.cookies();
    assert.ok(before.httpOnly && before.sameSite === 'Strict');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/admin/sign-in');
    await page.goto('/admin');
    await page.waitForURL('**/admin/sign-in*');
    await page.goBack();
    assert.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 0);

    await context.addCookies([before]);
    await page.goto('/admin');
    await page.waitForURL('**/admin/sign-in*');
  }, signedOut));

test('a new password set on the command line ends the session', () =>
  browser.visit(async (page) => {
    await signIn(page);
    server.setPassword('another horse battery staple');
    try {
      await page.reload();
      await page.waitForURL('**/admin/sign-in*');
    } finally {
      server.setPassword();
    }
  }, signedOut));

test('the first tab stop skips the navigation', () =>
  browser.visit(async (page) => {
    await page.goto('/admin');
    await page.keyboard.press('Tab');
    const link = page.getByRole('link', { name: 'Skip to content' });
    assert.ok(await link.evaluate((element) => element === document.activeElement));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin#content');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  }));
