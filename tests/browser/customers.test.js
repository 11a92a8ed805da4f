// Creating, editing, and deleting customers and contacts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start, stop } from './stage.js';

let server;
let browser;
before(async () => {
  ({ server, browser } = await start());
});
after(stop);

/** Fills in the form for a new customer and submits it. */
async function create(page, { name, domain }) {
  await page.goto('/customers');
  await page.getByRole('link', { name: 'Create customer' }).first().click();
  await page.waitForURL('**/customers/new');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Domain' }).fill(domain);
  await page.locator('main form button.primary').click();
}

/** The customer in the URL of a page, from the API. */
async function fetchCustomer(page) {
  const [, id] = new URL(page.url()).pathname.match(/^\/customers\/(\d+)/);
  return (await server.api(`/customers/${id}`)).body;
}

test('a customer is created and then edited', () =>
  browser.visit(async (page) => {
    await create(page, { name: 'Aurora Shipping', domain: 'aurora.example' });
    await page.waitForURL(/\/customers\/\d+-aurora-shipping$/);
    assert.equal(await page.locator('h1').textContent(), 'Aurora Shipping');
    assert.equal((await fetchCustomer(page)).domain, 'aurora.example');

    await page.getByRole('link', { name: 'Edit' }).first().click();
    await page.waitForURL('**/edit');
    await page.getByRole('textbox', { name: 'Name' }).fill('Aurora Lines');
    await page.getByRole('textbox', { name: 'Plan' }).fill('Gold');
    await page.getByLabel('Status').selectOption({ label: 'At risk' });
    await page.locator('main form button.primary').click();
    await page.waitForURL((url) => !url.pathname.endsWith('/edit'));
    const { name, plan, status } = await fetchCustomer(page);
    assert.deepEqual({ name, plan, status }, { name: 'Aurora Lines', plan: 'Gold', status: 'at_risk' });
    await page.getByText('At risk').first().waitFor();
  }));

test('a mistake is shown at its field, and the input is kept', () =>
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

test('a missing name is caught before the form is submitted', () =>
  browser.visit(async (page) => {
    await page.goto('/customers/new');
    await page.locator('main form button.primary').click();
    const name = page.getByRole('textbox', { name: 'Name' });
    assert.ok(await name.evaluate((field) => field.validity.valueMissing));
    assert.equal(new URL(page.url()).pathname, '/customers/new');
  }));

test('customers can be searched', () =>
  browser.visit(async (page) => {
    await server.create('/customers', { name: 'Cedar Mill' });
    await server.create('/customers', { name: 'Dune Works' });
    await page.goto('/customers');
    await page.locator('main form [name=q]').fill('cedar');
    await page.keyboard.press('Enter');
    await page.waitForURL(/[?&]q=cedar/);
    assert.deepEqual(await page.locator('main tbody th, main tbody td:first-child').allInnerTexts()
      .then((cells) => cells.map((cell) => cell.trim())), ['Cedar Mill']);
  }));

test('a contact is added as the primary one, and deleted', () =>
  browser.visit(async (page) => {
    const customer = await server.create('/customers', { name: 'Ember Co' });
    await page.goto(`/customers/${customer.display_id}`);
    await page.getByRole('link', { name: 'Add contact' }).first().click();
    await page.waitForURL('**/contacts/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Maya Lind');
    await page.getByRole('textbox', { name: 'Email' }).fill('maya@ember.example');
    await page.getByText('becomes the primary contact').waitFor();
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

test('a customer is deleted after a confirmation', () =>
  browser.visit(async (page) => {
    const customer = await server.create('/customers', { name: 'Fjord Ltd' });
    await page.goto(`/customers/${customer.display_id}-fjord-ltd/delete`);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/\/customers\/\d+-fjord-ltd$/);
    assert.equal((await server.api(`/customers/${customer.id}`)).status, 200);

    await page.getByRole('link', { name: 'Delete' }).first().click();
    await page.locator('main form button.danger').click();
    await page.waitForURL(/\/customers$/);
    assert.equal((await server.api(`/customers/${customer.id}`)).status, 404);
  }));

test('a customer can be created without scripts', () =>
  browser.visit(async (page) => {
    await create(page, { name: 'Granite', domain: '' });
    await page.waitForURL(/\/customers\/\d+-granite$/);
    assert.equal((await fetchCustomer(page)).domain, null);
  }, { script: false }));

test('pressing a button twice submits its form once', () =>
  browser.visit(async (page) => {
    await page.goto('/customers/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Pressed Twice');
    let submissions = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') submissions += 1;
    });
    await page.evaluate(() => {
      const button = document.querySelector('main form button.primary');
      button.click();
      setTimeout(() => button.click(), 0);
      button.click();
    });
    await page.waitForURL(/\/customers\/\d+-pressed-twice$/);
    assert.equal(submissions, 1);

    // A page restored from the browser's cache can be submitted again.
    await page.goBack();
    await page.getByRole('textbox', { name: 'Name' }).fill('Pressed Thrice');
    await page.locator('main form button.primary').click();
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
    assert.equal(submissions, 2);
  }));
