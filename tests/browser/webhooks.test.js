// Webhooks: adding an endpoint, its deliveries, replaying them, test events, and rotating the secret.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
let receiver;
before(async () => {
  ({ server, browser } = await start());
  receiver = await Receiver.start();
});
after(async () => {
  await stop();
  receiver?.stop();
});

/** Keeps the requests it gets. */
class Receiver {
  requests = [];
  status = 200;

  static async start() {
    const receiver = new Receiver();
    receiver.http = createServer(async (request, response) => {
      const chunks = await request.toArray();
      receiver.requests.push({ headers: request.headers, event: JSON.parse(Buffer.concat(chunks)) });
      response.writeHead(receiver.status).end('noted');
    });
    receiver.http.listen(0, '127.0.0.1');
    await once(receiver.http, 'listening');
    receiver.url = `http://127.0.0.1:${receiver.http.address().port}/hooks`;
    return receiver;
  }

  stop() {
    this.http.closeAllConnections();
    this.http.close();
  }

  of(type) {
    return this.requests.filter(({ event }) => event.type === type);
  }
}

/** Adds an endpoint for all events and opens its page. Returns the secret. */
async function add(page, description) {
  await page.goto('/admin');
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
  await page.getByRole('link', { name: 'Add endpoint' }).click();
  await page.getByRole('textbox', { name: 'URL' }).fill(receiver.url);
  await page.getByRole('textbox', { name: 'Description' }).fill(description);
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  const secret = await page.locator('#copyable').inputValue();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/);
  await page.getByRole('link', { name: 'View endpoint' }).click();
  await page.locator('h1', { hasText: 'Webhook endpoint' }).waitFor();
  return secret;
}

/** Reloads the page until it shows an element. */
async function reloadUntil(page, locator) {
  const deadline = Date.now() + 60_000;
  while ((await locator.count()) === 0) {
    assert.ok(Date.now() < deadline, `${locator} does not appear`);
    await page.reload();
  }
}

async function addAndReplay(page) {
  const secret = await add(page, 'Journey');
  assert.ok(!(await page.content()).includes(secret), 'the secret is shown once');
  await reloadUntil(page, page.locator('tbody tr', { hasText: 'Delivered' }));

  await page.getByRole('link', { name: 'webhook.ping' }).click();
  await page.getByText('Attempt 1', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Replay' }).click();
  await reloadUntil(page, page.getByText('Attempt 2', { exact: true }));
  await page.locator('summary', { hasText: 'Response' }).first().click();
  await page.getByText('noted').first().waitFor();
  const [first, second] = receiver.of('webhook.ping').slice(-2);
  assert.equal(first.headers['svix-id'], second.headers['svix-id']);
}

test('an endpoint is added, pinged, and its delivery replayed', () => browser.visit(addAndReplay));

test('so it is without scripts', () => browser.visit(addAndReplay, { script: false }));

test('a test event is sent with edited JSON, and selected deliveries are replayed', () =>
  browser.visit(async (page) => {
    await add(page, 'Test events');
    await page.getByRole('link', { name: 'Send test event' }).click();
    await page.getByLabel('Event').selectOption('onboarding.launched');
    await page.getByRole('button', { name: 'Load example' }).click();
    const area = page.getByLabel('Resource');
    const example = JSON.parse(await area.inputValue());
    assert.equal(example.phase, 'launch');
    await area.fill(JSON.stringify({ ...example, name: 'Edited' }));
    await page.getByRole('button', { name: 'Send test event' }).click();
    const row = page.locator('tbody tr', { hasText: 'onboarding.launched' });
    await reloadUntil(page, row.filter({ hasText: 'Delivered' }));
    const [{ event }] = receiver.of('onboarding.launched');
    assert.equal(event.data.object.name, 'Edited');
    assert.equal(event.livemode, false);

    await row.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Replay selected' }).click();
    await page.getByText('Queued 1 delivery.').waitFor();
    await reloadUntil(page, row.locator('td[data-label=Attempts]', { hasText: '2' }));
  }));

test('the secret is rotated, and the endpoint disabled, enabled, and deleted', () =>
  browser.visit(async (page) => {
    const old = await add(page, 'Short-lived');
    await page.getByRole('link', { name: 'Rotate secret' }).click();
    await page.getByRole('button', { name: 'Rotate secret' }).click();
    assert.notEqual(await page.locator('#copyable').inputValue(), old);
    await page.getByText('Both secrets are valid until').waitFor();
    await page.getByRole('link', { name: 'View endpoint' }).click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('An admin disabled it.').waitFor();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('button', { name: 'Send ping' }).waitFor();
    await page.getByRole('link', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete endpoint' }).click();
    await page.getByText('Endpoint deleted.').waitFor();
    assert.equal(await page.getByText('Short-lived').count(), 0);
  }));

test('a refused URL is explained at its field', () =>
  browser.visit(async (page) => {
    await page.goto('/admin/webhooks/new');
    await page.getByRole('textbox', { name: 'URL' }).fill('https://10.0.0.1/hooks');
    await page.getByRole('button', { name: 'Add endpoint' }).click();
    await page.locator('#url-error', { hasText: 'webhooks.allow' }).waitFor();
    assert.equal(await page.locator('#url').getAttribute('aria-invalid'), 'true');
  }));
