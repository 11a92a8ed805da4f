// The board, on which onboardings are moved from phase to phase.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './browser.js';
import { Server } from './server.js';

let server;
let browser;
let customer;
before(async () => {
  server = await Server.start();
  server.setPassword();
  browser = await Browser.start(server);
  customer = await server.make('/customers', { name: 'Aurora Shipping' });
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** A new onboarding with its card on the board. */
async function onBoard(page, name) {
  const { id } = await server.make('/onboardings', { customer_id: customer.id, name });
  await page.goto('/onboardings');
  const card = page.locator('.board .item').filter({ hasText: name });
  const phase = async () => (await server.api(`/onboardings/${id}`)).body.phase;
  return { card, phase };
}

/** The column of a phase. */
function column(page, title) {
  return page.locator('.board > *').filter({ has: page.getByRole('heading', { name: title }) });
}

/** Waits until a column has a card. */
function has(page, title, name) {
  return column(page, title).locator('.item').filter({ hasText: name }).waitFor();
}

/** Drags a card with the mouse, without any scrolling on the way, to an element. */
async function drag(page, card, target) {
  const middle = async (locator) => {
    const { x, y, width } = await locator.boundingBox();
    return [x + width / 2, y + 12];
  };
  await card.scrollIntoViewIfNeeded();
  await page.mouse.move(...(await middle(card)));
  await page.mouse.down();
  await page.mouse.move(...(await middle(target)), { steps: 5 });
  await page.mouse.up();
}

test('a card is dragged to another phase', () =>
  browser.visit(async (page) => {
    const { card, phase } = await onBoard(page, 'Dragged');
    await drag(page, card, column(page, 'Review'));
    await has(page, 'Review', 'Dragged');
    assert.equal(await phase(), 'review');
  }));

test('a card that is dropped outside stays where it is', () =>
  browser.visit(async (page) => {
    const { card, phase } = await onBoard(page, 'Dropped');
    await drag(page, card, page.locator('h1'));
    await page.reload();
    assert.equal(await phase(), 'before_getting_started');
  }));

test('a card is moved by keyboard, and keeps the focus', () =>
  browser.visit(async (page) => {
    const { card, phase } = await onBoard(page, 'Typed');
    const isFocused = () => card.evaluate((element) => element.contains(document.activeElement));
    await card.focus();
    await page.keyboard.press('ArrowRight');
    await has(page, 'Program design', 'Typed');
    assert.equal(await phase(), 'program_design');
    assert.ok(await isFocused());
    await page.keyboard.press('ArrowRight');
    await has(page, 'Review', 'Typed');
    await page.keyboard.press('ArrowLeft');
    await has(page, 'Program design', 'Typed');
    assert.equal(await phase(), 'program_design');
    assert.ok(await isFocused());
  }));

test('a card at the end of the board goes no further', () =>
  browser.visit(async (page) => {
    const { card, phase } = await onBoard(page, 'First');
    await card.focus();
    await page.keyboard.press('ArrowLeft');
    await page.reload();
    assert.equal(await phase(), 'before_getting_started');
  }));

for (const script of [true, false]) {
  test(`a card is moved with its buttons, ${script ? 'with' : 'without'} scripts`, () =>
    browser.visit(async (page) => {
      const name = script ? 'Pressed' : 'Plain';
      const { card, phase } = await onBoard(page, name);
      await card.getByRole('button', { name: `Move ${name} to Program design` }).click();
      await has(page, 'Program design', name);
      assert.equal(await phase(), 'program_design');
    }, { script }));
}

test('a filter stays when a card is moved', () =>
  browser.visit(async (page) => {
    const { card } = await onBoard(page, 'Filtered');
    await page.getByLabel('State').selectOption({ label: 'Active' });
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/state=active/);
    await card.getByRole('button', { name: 'Move Filtered to Program design' }).click();
    await has(page, 'Program design', 'Filtered');
    assert.equal(new URL(page.url()).searchParams.get('state'), 'active');
  }));

test('an onboarding is opened and edited', () =>
  browser.visit(async (page) => {
    await page.goto('/onboardings');
    await page.getByRole('link', { name: 'New onboarding' }).click();
    await page.getByRole('link', { name: 'Aurora Shipping' }).click();
    await page.waitForURL('**/onboardings/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Opened');
    await page.getByLabel('Target launch').fill('2027-03-01');
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/onboardings(\?.*)?#onboarding-\d+$/);
    const [, id] = page.url().match(/#onboarding-(\d+)$/);
    const read = async () => (await server.api(`/onboardings/${id}`)).body;
    assert.equal((await read()).target_launch_date, '2027-03-01T00:00:00.000Z');

    await page.goto(`/onboardings/${id}/edit`);
    await page.getByLabel('Days between reminders').fill('0');
    await page.getByRole('textbox', { name: 'Notes' }).fill('Two lines\nof notes');
    await page.locator('main form button.primary').click();
    await page.locator('[aria-invalid=true]').waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Notes' }).inputValue(), 'Two lines\nof notes');
    await page.getByLabel('Days between reminders').fill('7');
    await page.locator('main form button.primary').click();
    await page.waitForURL((url) => !url.pathname.endsWith('/edit'));
    const { notes, reminder_frequency_days: days } = await read();
    assert.deepEqual({ notes, days }, { notes: 'Two lines\nof notes', days: 7 });
  }));

test('a move is told of in the history', () =>
  browser.visit(async (page) => {
    const { card } = await onBoard(page, 'Told');
    await drag(page, card, column(page, 'Review'));
    await has(page, 'Review', 'Told');
    const { body } = await server.api('/onboardings?limit=1');
    const { body: told } = await server.api(`/onboardings/${body.data[0].id}/activity?limit=1`);
    assert.equal(told.data[0].type, 'onboarding.phase_changed');
    assert.equal(told.data[0].actor.type, 'admin');
  }));
