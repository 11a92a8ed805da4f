// Customers and their contacts, as people keep them.

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

/** Fills in the form for a new customer and sends it. */
async function create(page, { name, domain }) {
  await page.goto('/customers');
  await page.getByRole('link', { name: 'New customer' }).first().click();
  await page.waitForURL('**/customers/new');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Domain' }).fill(domain);
  await page.locator('main form button.primary').click();
}

/** The customer of a page's address, as the API shows it. */
async function shown(page) {
  const [, id] = new URL(page.url()).pathname.match(/^\/customers\/(\d+)/);
  return (await server.api(`/customers/${id}`)).body;
}

test('a customer is created and then edited', () =>
  browser.visit(async (page) => {
    await create(page, { name: 'Aurora Shipping', domain: 'aurora.example' });
    await page.waitForURL(/\/customers\/\d+-aurora-shipping$/);
    assert.equal(await page.locator('h1').textContent(), 'Aurora Shipping');
    assert.equal((await shown(page)).domain, 'aurora.example');

    await page.getByRole('link', { name: 'Edit' }).first().click();
    await page.waitForURL('**/edit');
    await page.getByRole('textbox', { name: 'Name' }).fill('Aurora Lines');
    await page.getByRole('textbox', { name: 'Plan' }).fill('Gold');
    await page.getByLabel('Status').selectOption({ label: 'At risk' });
    await page.locator('main form button.primary').click();
    await page.waitForURL((url) => !url.pathname.endsWith('/edit'));
    const { name, plan, status } = await shown(page);
    assert.deepEqual({ name, plan, status }, { name: 'Aurora Lines', plan: 'Gold', status: 'at_risk' });
    await page.getByText('At risk').first().waitFor();
  }));

test('a mistake is shown at its field, and what was typed is kept', () =>
  browser.visit(async (page) => {
    await create(page, { name: 'Borealis', domain: 'not a domain' });
    const domain = page.getByRole('textbox', { name: 'Domain' });
    await page.locator('#domain[aria-invalid=true]').waitFor();
    const [error] = (await domain.getAttribute('aria-describedby')).split(' ');
    assert.match(await page.locator(`#${error}`).textContent(), /^Must /);
    assert.equal(await domain.inputValue(), 'not a domain');
    assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'Borealis');
    await page.getByRole('alert').waitFor();

    await domain.fill('borealis.example');
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/customers\/\d+-borealis$/);
  }));

test('a name is required before anything is sent', () =>
  browser.visit(async (page) => {
    await page.goto('/customers/new');
    await page.locator('main form button.primary').click();
    const name = page.getByRole('textbox', { name: 'Name' });
    assert.ok(await name.evaluate((field) => field.validity.valueMissing));
    assert.equal(new URL(page.url()).pathname, '/customers/new');
  }));

test('customers are searched for', () =>
  browser.visit(async (page) => {
    await server.make('/customers', { name: 'Cedar Mill' });
    await server.make('/customers', { name: 'Dune Works' });
    await page.goto('/customers');
    await page.locator('main form [name=q]').fill('cedar');
    await page.keyboard.press('Enter');
    await page.waitForURL(/[?&]q=cedar/);
    assert.deepEqual(await page.locator('main tbody th, main tbody td:first-child').allInnerTexts()
      .then((cells) => cells.map((cell) => cell.trim())), ['Cedar Mill']);
  }));

test('a contact is added, made primary and removed', () =>
  browser.visit(async (page) => {
    const customer = await server.make('/customers', { name: 'Ember Co' });
    await page.goto(`/customers/${customer.display_id}`);
    await page.getByRole('link', { name: /(new|add) .*contact/i }).first().click();
    await page.waitForURL('**/contacts/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Maya Lind');
    await page.getByRole('textbox', { name: 'Email' }).fill('maya@ember.example');
    await page.getByRole('checkbox', { name: /primary/i }).check();
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/customers\/\d+/);
    await page.getByText('Maya Lind').first().waitFor();
    const contacts = () => server.api(`/customers/${customer.id}/contacts`);
    const [contact] = (await contacts()).body.data;
    assert.equal(contact.is_primary, true);

    await page.goto(`/contacts/${contact.display_id}/delete`);
    await page.locator('main form button.danger').click();
    await page.waitForURL(/\/customers\/\d+/);
    assert.deepEqual((await contacts()).body.data, []);
  }));

test('a customer is deleted once that was confirmed', () =>
  browser.visit(async (page) => {
    const customer = await server.make('/customers', { name: 'Fjord Ltd' });
    await page.goto(`/customers/${customer.display_id}-fjord-ltd/delete`);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/\/customers\/\d+-fjord-ltd$/);
    assert.equal((await server.api(`/customers/${customer.id}`)).status, 200);

    await page.getByRole('link', { name: 'Delete' }).first().click();
    await page.locator('main form button.danger').click();
    await page.waitForURL(/\/customers$/);
    assert.equal((await server.api(`/customers/${customer.id}`)).status, 404);
  }));

test('a customer is created without scripts', () =>
  browser.visit(async (page) => {
    await create(page, { name: 'Granite', domain: '' });
    await page.waitForURL(/\/customers\/\d+-granite$/);
    assert.equal((await shown(page)).domain, null);
  }, { script: false }));

test('a second press of a button sends its form no second time', () =>
  browser.visit(async (page) => {
    await page.goto('/customers/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Pressed Twice');
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent += 1;
    });
    await page.evaluate(() => {
      const button = document.querySelector('main form button.primary');
      button.click();
      setTimeout(() => button.click(), 0);
      button.click();
    });
    await page.waitForURL(/\/customers\/\d+-pressed-twice$/);
    assert.equal(sent, 1);

    // What the browser kept and shows again can be sent again, and the server says what was done.
    await page.goBack();
    await page.getByRole('textbox', { name: 'Name' }).fill('Pressed Thrice');
    await page.locator('main form button.primary').click();
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
    assert.equal(sent, 2);
  }));
