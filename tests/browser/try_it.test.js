// The console on endpoint pages.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { PHONE } from './browser.js';
import { fits, hasUniqueIds, isAccessible } from './checks.js';
import { Server } from './server.js';
import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start(Server.start()));
});
after(stop);

/** Opens a page without signing in. */
function visit(run, options) {
  return browser.visit(run, { signedIn: false, ...options });
}

/** Opens the page of an endpoint and enters a key. */
async function open(page, endpoint, key = server.key) {
  await page.goto(`/docs/reference/${endpoint}`);
  const field = page.getByLabel('API key');
  if ((await field.count()) > 0) {
    await field.fill(key);
  }
}

/** Sends the request and returns the response’s status line and body. */
async function send(page) {
  await page.getByRole('button', { name: /^Send/ }).click();
  return response(page);
}

/** Waits for a response and returns its status line and body. */
async function response(page) {
  await page.locator('[data-response]').waitFor();
  const status = await page.locator('[data-status]').textContent();
  const text = await page.locator('[data-content]').textContent();
  return { status, text };
}

/** The curl command that the console shows. */
function curl(page) {
  return page.locator('[data-curl]').textContent();
}

/** Creates a customer through the API. */
function createCustomer(more) {
  return server.create('/customers', { name: 'Borealis', ...more });
}

test('the example can be sent unchanged', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    const { status, text } = await send(page);
    assert.match(status, /^201 Created after \d+ ms$/);
    const customer = JSON.parse(text);
    assert.deepEqual((await server.api(`/customers/${customer.id}`)).body, customer);
    const headers = await page.locator('[data-headers]').textContent();
    assert.match(headers, new RegExp(`location/api/v1/customers/${customer.id}`));
    assert.match(headers, /x-request-idreq_[0-9a-f]{32}/);
  }));

test('fields are sent in the path, the query, and the body', () =>
  visit(async (page) => {
    const { id } = await createCustomer({ status: 'churned' });
    await open(page, 'update-customer');
    await page.getByLabel('id', { exact: true }).fill(id);
    await page.getByLabel('Body', { exact: true }).fill('{"status": "active"}');
    assert.match((await send(page)).status, /^200 OK/);
    assert.equal((await server.api(`/customers/${id}`)).body.status, 'active');

    await open(page, 'list-customers');
    await page.getByLabel('limit').fill('1');
    await page.getByLabel('status').selectOption('active');
    await page.getByLabel('q', { exact: true }).fill('Bore & alis');
    const request = page.waitForRequest('**/api/v1/customers*');
    assert.match((await send(page)).text, /"data": \[\]/);
    const { search } = new URL((await request).url());
    assert.deepEqual([...new URLSearchParams(search)].sort(), [
      ['limit', '1'],
      ['q', 'Bore & alis'],
      ['status', 'active'],
    ]);
  }));

test('a retry with the same idempotency key creates one customer', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('{"name": "Once"}');
    await page.getByLabel('Idempotency-Key').fill('once');
    const first = await send(page);
    const again = await send(page);
    assert.equal(again.text, first.text);
    assert.match(await page.locator('[data-headers]').textContent(), /idempotent-replayedtrue/);
  }));

test('the curl command sends the same request and does not contain the key', () =>
  visit(async (page) => {
    const { id } = await createCustomer();
    await open(page, 'update-customer');
    await page.getByLabel('id', { exact: true }).fill(id);
    await page.getByLabel('Body', { exact: true }).fill('{"plan": "Maya\'s $HOME plan"}');
    const command = await curl(page);
    assert.ok(!command.includes(server.key));
    const env = { PATH: process.env.PATH, PIVOTAL_API_KEY: server.key };
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { env, encoding: 'utf8' });
    assert.equal(JSON.parse(stdout || '{}').plan, "Maya's $HOME plan", stderr);
  }));

test('a button copies the curl command', () =>
  visit(async (page) => {
    await open(page, 'get-me');
    await page.getByText('curl command').click();
    await page.locator('.try').getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await curl(page));
  }, { permissions: ['clipboard-read', 'clipboard-write'] }));

test('a key is kept for all pages of a tab until it is forgotten', () =>
  visit(async (page, context) => {
    await open(page, 'get-me');
    await page.goto('/docs/reference/list-customers');
    assert.equal(await page.getByLabel('API key').inputValue(), server.key);
    assert.match((await send(page)).status, /^200/);

    const other = await context.newPage();
    await other.goto('/docs/reference/get-me');
    assert.equal(await other.getByLabel('API key').inputValue(), '');
    assert.equal(await other.evaluate(() => JSON.stringify(localStorage)).then((stored) =>
      stored.includes('pivotal_')), false);
    assert.deepEqual(await context.cookies(), []);

    await page.getByRole('button', { name: 'Forget key' }).click();
    assert.equal(await page.getByLabel('API key').inputValue(), '');
    await page.reload();
    assert.equal(await page.getByLabel('API key').inputValue(), '');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  }));

test('a key can be used if the browser blocks storage', () =>
  visit(async (page) => {
    await page.addInitScript(() => {
      Object.defineProperty(window, 'sessionStorage', {
        get() {
          throw new DOMException('not allowed', 'SecurityError');
        },
      });
    });
    await open(page, 'get-me');
    assert.match((await send(page)).status, /^200/);
  }));

test('nothing is sent while a required field is empty', () =>
  visit(async (page) => {
    const requested = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    await open(page, 'delete-customer');
    await page.getByRole('button', { name: /^Send/ }).click();
    assert.equal(await page.getByLabel('id', { exact: true }).evaluate((id) => id.matches(':focus')), true);
    assert.deepEqual(requested.filter((path) => path.startsWith('/api/')), []);
  }));

test('the console of an endpoint that changes data says so', () =>
  visit(async (page) => {
    for (const [endpoint, count] of [
      ['create-customer', 1],
      ['update-customer', 1],
      ['delete-customer', 1],
      ['get-customer', 0],
    ]) {
      await open(page, endpoint);
      assert.equal(await page.getByText('This changes data on this server').count(), count, endpoint);
    }
  }));

test('a public endpoint asks for no key', () =>
  visit(async (page) => {
    await open(page, 'get-health');
    assert.equal(await page.getByLabel('API key').count(), 0);
    const request = page.waitForRequest('**/api/v1/health');
    assert.match((await send(page)).text, /"status": "ok"/);
    assert.equal(await (await request).headerValue('Authorization'), null);
  }));

test('error responses are shown', () =>
  visit(async (page) => {
    await open(page, 'get-me', 'pivotal_nonsense');
    const unauthorized = await send(page);
    assert.match(unauthorized.status, /^401 Unauthorized/);
    assert.match(unauthorized.text, /"code": "invalid_api_key"/);

    await open(page, 'create-customer');
    const body = page.getByLabel('Body', { exact: true });
    await body.fill('{"name": ');
    await page.getByText('Invalid JSON').waitFor();
    assert.equal(await body.getAttribute('aria-invalid'), 'true');
    assert.match((await send(page)).text, /"code": "invalid_json"/);
    await body.fill('{}');
    assert.equal(await page.getByText('Invalid JSON').count(), 0);
    assert.match((await send(page)).text, /"field": "name"/);
  }));

test('a network failure is shown and the request can be sent again', () =>
  visit(async (page, context) => {
    await open(page, 'get-me');
    await context.setOffline(true);
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('status').filter({ hasText: 'No response' }).waitFor();
    await context.setOffline(false);
    assert.match((await send(page)).status, /^200/);
  }));

test('a response is formatted without changing its values', () =>
  visit(async (page) => {
    const name = '<img src=x onerror=alert(1)>, {"a": [1]}';
    const sent = `{"name": ${JSON.stringify(name)}, "metadata": {"n": 12345678901234567890, "z": 1.50, "e": {}, "l": []}}`;
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill(sent);
    const { text } = await send(page);
    assert.equal(JSON.parse(text).name, name);
    assert.match(text, /"n": 12345678901234567890,\n {4}"z": 1\.50,\n {4}"e": \{\},\n {4}"l": \[\]\n {2}\}/);
    assert.equal(await page.locator('[data-content] img').count(), 0);
  }));

test('a very large response is shown completely, without colors', () =>
  visit(async (page) => {
    const entries = Array.from({ length: 40_000 }, (_, n) => [`k${n}`, n]);
    const body = JSON.stringify({ data: Object.fromEntries(entries) });
    const response = { status: 200, contentType: 'application/json', body };
    await page.route('**/api/v1/me', (route) => route.fulfill(response));
    await open(page, 'get-me');
    const { status, text } = await send(page);
    assert.match(status, /^200 OK after/);
    assert.deepEqual(JSON.parse(text), JSON.parse(body));
    assert.match(text, /^{\n {2}"data": {\n {4}"k0": 0,\n/);
    assert.equal(await page.locator('[data-content] span').count(), 0);
  }));

test('an invalid header value is reported as not sent', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Idempotency-Key').fill('once – again');
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('status').filter({ hasText: 'Not sent' }).waitFor();
  }));

test('an id that would change the path is rejected at its field', () =>
  visit(async (page) => {
    const requested = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    await open(page, 'get-customer');
    const id = page.getByLabel('id', { exact: true });
    for (const value of ['.', '..', ' .. ', '   ']) {
      await id.fill(value);
      await page.getByRole('button', { name: /^Send/ }).click();
      const message = await id.evaluate((field) => field.validationMessage);
      assert.match(message, /^(A URL can’t contain this value|Enter a value)\.$/, value);
      assert.equal(await id.evaluate((field) => field.matches(':focus')), true);
    }
    assert.deepEqual(requested.filter((path) => path.startsWith('/api/')), []);
    // Everything else is percent-encoded.
    await id.fill('../a b');
    assert.match((await send(page)).status, /^404/);
    const target = await page.locator('[data-target]').textContent();
    assert.deepEqual(requested.filter((path) => path.startsWith('/api/')), [target]);
    assert.equal(target, '/api/v1/customers/..%2Fa%20b');
  }));

test('the curl command sends a body that begins with @ unchanged', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('@/etc/hostname');
    const env = { PATH: process.env.PATH, PIVOTAL_API_KEY: server.key };
    const { stdout } = spawnSync('bash', ['-c', await curl(page)], { env, encoding: 'utf8' });
    assert.equal(JSON.parse(stdout).error.code, 'invalid_json');
    assert.match(await curl(page), /--data-raw '@\/etc\/hostname'/);
  }));

test('a key is hidden without a password field, which browsers offer to save', () =>
  visit(async (page) => {
    await open(page, 'get-me');
    const key = page.getByLabel('API key');
    assert.equal(await key.evaluate((field) => field.type), 'text');
    assert.equal(await key.evaluate((field) => getComputedStyle(field).webkitTextSecurity), 'disc');
    assert.match(await page.locator('#try-key-hint').textContent(), /test key.*few scopes.*until/);
    // Without support for the style, a password field hides it.
    await page.addInitScript(() => { CSS.supports = () => false; });
    await page.reload();
    assert.equal(await key.evaluate((field) => field.type), 'password');
  }));

test('Ctrl+Enter and Enter send the request', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('{"name": "By keyboard"}');
    await page.keyboard.press('Control+Enter');
    assert.match((await response(page)).status, /^201/);
    const again = page.waitForRequest('**/api/v1/customers');
    await page.getByLabel('API key').press('Enter');
    assert.equal((await again).method(), 'POST');
    assert.match((await response(page)).status, /^201/);
  }));

test('the console is accessible in both color schemes and on a phone', () =>
  visit(async (page) => {
    await open(page, 'create-onboarding', 'pivotal_nonsense');
    await page.getByText('curl command').click();
    await send(page);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await isAccessible(page);
      await hasUniqueIds(page);
      await fits(page);
    }
    await page.setViewportSize(PHONE);
    await isAccessible(page);
    await fits(page);
  }));

test('without scripts the console says that it needs them and shows no controls', () =>
  visit(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const region = page.getByRole('region', { name: 'Try it' });
    const note = await region.locator('noscript').innerText();
    assert.match(note, /^This console needs JavaScript/);
    assert.equal(await region.locator('input:visible, textarea:visible, button:visible').count(), 0);
  }, { script: false }));
