// The console on the pages of the endpoints, as people use it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { Browser, PHONE } from './browser.js';
import { fits, hasUniqueIds, isAccessible } from './checks.js';
import { Server } from './server.js';

let server;
let browser;
before(async () => {
  server = await Server.start();
  browser = await Browser.start(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Lets somebody without an account look at the documentation. */
function visit(look, options) {
  return browser.visit(look, { signedIn: false, ...options });
}

/** Opens the page of an endpoint, and gives its console a key. */
async function open(page, endpoint, key = server.key) {
  await page.goto(`/docs/reference/${endpoint}`);
  const field = page.getByLabel('API key');
  if ((await field.count()) > 0) {
    await field.fill(key);
  }
}

/** Sends the request, and returns what was answered: the status, and the text of the body. */
async function send(page) {
  await page.getByRole('button', { name: /^Send/ }).click();
  return answered(page);
}

async function answered(page) {
  await page.locator('[data-answer]').waitFor();
  const status = await page.locator('[data-status]').textContent();
  const text = await page.locator('[data-content]').textContent();
  return { status, text };
}

/** The line for a shell that the console shows. */
function curl(page) {
  return page.locator('[data-curl]').textContent();
}

/** Makes a customer through the API. */
function customer(more) {
  return server.make('/customers', { name: 'Borealis', ...more });
}

test('the example of a page is sent as it stands', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    const { status, text } = await send(page);
    assert.match(status, /^201 Created after \d+ ms$/);
    const made = JSON.parse(text);
    assert.deepEqual((await server.api(`/customers/${made.id}`)).body, made);
    const headers = await page.locator('[data-headers]').textContent();
    assert.match(headers, new RegExp(`location/api/v1/customers/${made.id}`));
    assert.match(headers, /x-request-idreq_[0-9a-f]{32}/);
  }));

test('what is typed into the fields is sent where it belongs', () =>
  visit(async (page) => {
    const { id } = await customer({ status: 'churned' });
    await open(page, 'update-customer');
    await page.getByLabel('id', { exact: true }).fill(id);
    await page.getByLabel('Body', { exact: true }).fill('{"status": "active"}');
    assert.match((await send(page)).status, /^200 OK/);
    assert.equal((await server.api(`/customers/${id}`)).body.status, 'active');

    await open(page, 'list-customers');
    await page.getByLabel('limit').fill('1');
    await page.getByLabel('status').selectOption('active');
    await page.getByLabel('q', { exact: true }).fill('Bore & alis');
    const asked = page.waitForRequest('**/api/v1/customers*');
    assert.match((await send(page)).text, /"data": \[\]/);
    const { search } = new URL((await asked).url());
    assert.deepEqual([...new URLSearchParams(search)].sort(), [
      ['limit', '1'],
      ['q', 'Bore & alis'],
      ['status', 'active'],
    ]);
  }));

test('a retry with the same idempotency key makes one customer', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('{"name": "Once"}');
    await page.getByLabel('Idempotency-Key').fill('once');
    const first = await send(page);
    const again = await send(page);
    assert.equal(again.text, first.text);
    assert.match(await page.locator('[data-headers]').textContent(), /idempotent-replayedtrue/);
  }));

test('the line with curl sends the same, and does not hold the key', () =>
  visit(async (page) => {
    const { id } = await customer();
    await open(page, 'update-customer');
    await page.getByLabel('id', { exact: true }).fill(id);
    await page.getByLabel('Body', { exact: true }).fill('{"plan": "Maya\'s $HOME plan"}');
    const line = await curl(page);
    assert.ok(!line.includes(server.key));
    const env = { PATH: process.env.PATH, PIVOTAL_API_KEY: server.key };
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { env, encoding: 'utf8' });
    assert.equal(JSON.parse(stdout || '{}').plan, "Maya's $HOME plan", stderr);
  }));

test('the line with curl is copied with its button', () =>
  visit(async (page) => {
    await open(page, 'get-me');
    await page.getByText('The same with curl').click();
    await page.locator('.try').getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await curl(page));
  }, { permissions: ['clipboard-read', 'clipboard-write'] }));

test('a key stays in its tab, on every page of it, until it is forgotten', () =>
  visit(async (page, context) => {
    await open(page, 'get-me');
    await page.goto('/docs/reference/list-customers');
    assert.equal(await page.getByLabel('API key').inputValue(), server.key);
    assert.match((await send(page)).status, /^200/);

    const other = await context.newPage();
    await other.goto('/docs/reference/get-me');
    assert.equal(await other.getByLabel('API key').inputValue(), '');
    assert.equal(await other.evaluate(() => JSON.stringify(localStorage)).then((kept) =>
      kept.includes('pivotal_')), false);
    assert.deepEqual(await context.cookies(), []);

    await page.getByRole('button', { name: 'Forget' }).click();
    assert.equal(await page.getByLabel('API key').inputValue(), '');
    await page.reload();
    assert.equal(await page.getByLabel('API key').inputValue(), '');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  }));

test('where the browser keeps nothing, a key is used all the same', () =>
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

test('nothing is sent while something that is needed is missing', () =>
  visit(async (page) => {
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await open(page, 'delete-customer');
    await page.getByRole('button', { name: /^Send/ }).click();
    assert.equal(await page.getByLabel('id', { exact: true }).evaluate((id) => id.matches(':focus')), true);
    assert.deepEqual(asked.filter((path) => path.startsWith('/api/')), []);
  }));

test('what changes data says so', () =>
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

test('an endpoint without a key asks for none', () =>
  visit(async (page) => {
    await open(page, 'get-health');
    assert.equal(await page.getByLabel('API key').count(), 0);
    const asked = page.waitForRequest('**/api/v1/health');
    assert.match((await send(page)).text, /"status": "ok"/);
    assert.equal(await (await asked).headerValue('Authorization'), null);
  }));

test('errors are shown as the server tells of them', () =>
  visit(async (page) => {
    await open(page, 'get-me', 'pivotal_nonsense');
    const refused = await send(page);
    assert.match(refused.status, /^401 Unauthorized/);
    assert.match(refused.text, /"code": "invalid_api_key"/);

    await open(page, 'create-customer');
    const body = page.getByLabel('Body', { exact: true });
    await body.fill('{"name": ');
    await page.getByText('This is not JSON').waitFor();
    assert.equal(await body.getAttribute('aria-invalid'), 'true');
    assert.match((await send(page)).text, /"code": "invalid_json"/);
    await body.fill('{}');
    assert.equal(await page.getByText('This is not JSON').count(), 0);
    assert.match((await send(page)).text, /"field": "name"/);
  }));

test('that there was no answer is said, and the next try may have one', () =>
  visit(async (page, context) => {
    await open(page, 'get-me');
    await context.setOffline(true);
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('status').filter({ hasText: 'No answer' }).waitFor();
    await context.setOffline(false);
    assert.match((await send(page)).status, /^200/);
  }));

test('an answer is shown as the server wrote it', () =>
  visit(async (page) => {
    const name = '<img src=x onerror=alert(1)>, {"a": [1]}';
    const wanted = `{"name": ${JSON.stringify(name)}, "metadata": {"n": 12345678901234567890, "z": 1.50, "e": {}, "l": []}}`;
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill(wanted);
    const { text } = await send(page);
    assert.equal(JSON.parse(text).name, name);
    assert.match(text, /"n": 12345678901234567890,\n {4}"z": 1\.50,\n {4}"e": \{\},\n {4}"l": \[\]\n {2}\}/);
    assert.equal(await page.locator('[data-content] img').count(), 0);
  }));

test('an answer with very many parts is shown whole', () =>
  visit(async (page) => {
    const words = Array.from({ length: 40_000 }, (_, n) => [`k${n}`, n]);
    const body = JSON.stringify({ data: Object.fromEntries(words) });
    const answer = { status: 200, contentType: 'application/json', body };
    await page.route('**/api/v1/me', (route) => route.fulfill(answer));
    await open(page, 'get-me');
    const { status, text } = await send(page);
    assert.match(status, /^200 OK after/);
    assert.deepEqual(JSON.parse(text), JSON.parse(body));
    assert.match(text, /^{\n {2}"data": {\n {4}"k0": 0,\n/);
    // So many colours would make the page slow.
    assert.equal(await page.locator('[data-content] span').count(), 0);
  }));

test('a request that cannot be made is not called one without an answer', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Idempotency-Key').fill('once – again');
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('status').filter({ hasText: 'Not sent' }).waitFor();
  }));

test('an id with which another address would be asked is refused at its field', () =>
  visit(async (page) => {
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await open(page, 'get-customer');
    const id = page.getByLabel('id', { exact: true });
    for (const odd of ['.', '..', ' .. ', '   ']) {
      await id.fill(odd);
      await page.getByRole('button', { name: /^Send/ }).click();
      const message = await id.evaluate((field) => field.validationMessage);
      assert.match(message, /^(No address can be made with this|Fill in this field)\.$/, odd);
      assert.equal(await id.evaluate((field) => field.matches(':focus')), true);
    }
    assert.deepEqual(asked.filter((path) => path.startsWith('/api/')), []);
    // What is no such step is asked as it is shown.
    await id.fill('../a b');
    assert.match((await send(page)).status, /^404/);
    const shown = await page.locator('[data-target]').textContent();
    assert.deepEqual(asked.filter((path) => path.startsWith('/api/')), [shown]);
    assert.equal(shown, '/api/v1/customers/..%2Fa%20b');
  }));

test('a body that begins like the name of a file is sent as it stands by the line with curl', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('@/etc/hostname');
    const env = { PATH: process.env.PATH, PIVOTAL_API_KEY: server.key };
    const { stdout } = spawnSync('bash', ['-c', await curl(page)], { env, encoding: 'utf8' });
    assert.equal(JSON.parse(stdout).error.code, 'invalid_json');
    assert.match(await curl(page), /--data-raw '@\/etc\/hostname'/);
  }));

test('a key is hidden, in a field that no browser takes for one with a password', () =>
  visit(async (page) => {
    await open(page, 'get-me');
    const key = page.getByLabel('API key');
    assert.equal(await key.evaluate((field) => field.type), 'text');
    assert.equal(await key.evaluate((field) => getComputedStyle(field).webkitTextSecurity), 'disc');
    assert.match(await page.locator('#try-key-hint').textContent(), /test key.*few scopes.*until/);
    // Where the style cannot hide it, the field does.
    await page.addInitScript(() => { CSS.supports = () => false; });
    await page.reload();
    assert.equal(await key.evaluate((field) => field.type), 'password');
  }));

test('a request is sent from the keyboard', () =>
  visit(async (page) => {
    await open(page, 'create-customer');
    await page.getByLabel('Body', { exact: true }).fill('{"name": "By keyboard"}');
    await page.keyboard.press('Control+Enter');
    assert.match((await answered(page)).status, /^201/);
    const again = page.waitForRequest('**/api/v1/customers');
    await page.getByLabel('API key').press('Enter');
    assert.equal((await again).method(), 'POST');
    assert.match((await answered(page)).status, /^201/);
  }));

test('everybody can use the console, by day, by night and on a telephone', () =>
  visit(async (page) => {
    await open(page, 'create-onboarding', 'pivotal_nonsense');
    await page.getByText('The same with curl').click();
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

test('without scripts the console says what it needs, and shows nothing that does nothing', () =>
  visit(async (page) => {
    await page.goto('/docs/reference/create-customer');
    const region = page.getByRole('region', { name: 'Try it' });
    const note = await region.locator('noscript').innerText();
    assert.match(note, /^This console needs JavaScript/);
    assert.equal(await region.locator('input:visible, textarea:visible, button:visible').count(), 0);
  }, { script: false }));
