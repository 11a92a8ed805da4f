// The board: moving onboardings between phases.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PHONE } from './browser.js';
import { fits, isAccessible } from './checks.js';
import { start, stop } from './stage.js';

let server;
let browser;
let customer;
before(async () => {
  ({ server, browser } = await start());
  customer = await server.create('/customers', { name: 'Aurora Shipping' });
});
after(stop);

/** Creates an onboarding and opens the board with its card. */
async function openWithCard(page, name) {
  const { id } = await server.create('/onboardings', { customer_id: customer.id, name });
  await page.goto('/onboardings');
  const card = page.locator('.board .item').filter({ hasText: name });
  const phase = async () => (await server.api(`/onboardings/${id}`)).body.phase;
  return { card, phase };
}

function column(page, title) {
  return page.locator('.board > *').filter({ has: page.getByRole('heading', { name: title }) });
}

/** Waits until a column contains a card. */
function waitForCard(page, title, name) {
  return column(page, title).locator('.item').filter({ hasText: name }).waitFor();
}

/** Drags a card to an element with the mouse, without scrolling on the way. */
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

test('a card can be dragged to another phase', () =>
  browser.visit(async (page) => {
    const { card, phase } = await openWithCard(page, 'Dragged');
    await drag(page, card, column(page, 'Review'));
    await waitForCard(page, 'Review', 'Dragged');
    assert.equal(await phase(), 'review');
  }));

test('a card dropped outside the board stays in its phase', () =>
  browser.visit(async (page) => {
    const { card, phase } = await openWithCard(page, 'Dropped');
    await drag(page, card, page.locator('h1'));
    await page.reload();
    assert.equal(await phase(), 'before_getting_started');
  }));

test('a card can be moved with the keyboard and keeps the focus', () =>
  browser.visit(async (page) => {
    const { card, phase } = await openWithCard(page, 'Typed');
    const isFocused = () => card.evaluate((element) => element.contains(document.activeElement));
    await card.focus();
    await page.keyboard.press('ArrowRight');
    await waitForCard(page, 'Program design', 'Typed');
    assert.equal(await phase(), 'program_design');
    assert.ok(await isFocused());
    await page.keyboard.press('ArrowRight');
    await waitForCard(page, 'Review', 'Typed');
    await page.keyboard.press('ArrowLeft');
    await waitForCard(page, 'Program design', 'Typed');
    assert.equal(await phase(), 'program_design');
    assert.ok(await isFocused());
  }));

test('a card in the first phase cannot move further left', () =>
  browser.visit(async (page) => {
    const { card, phase } = await openWithCard(page, 'First');
    await card.focus();
    await page.keyboard.press('ArrowLeft');
    await page.reload();
    assert.equal(await phase(), 'before_getting_started');
  }));

for (const script of [true, false]) {
  test(`a card can be moved with its buttons, ${script ? 'with' : 'without'} scripts`, () =>
    browser.visit(async (page) => {
      const name = script ? 'Pressed' : 'Plain';
      const { card, phase } = await openWithCard(page, name);
      await card.getByRole('button', { name: `Move ${name} to Program design` }).click();
      await waitForCard(page, 'Program design', name);
      assert.equal(await phase(), 'program_design');
    }, { script }));
}

test('moving a card keeps the filter', () =>
  browser.visit(async (page) => {
    const { card } = await openWithCard(page, 'Filtered');
    await page.getByLabel('State').selectOption({ label: 'Active' });
    await page.waitForURL(/state=active/);
    await card.getByRole('button', { name: 'Move Filtered to Program design' }).click();
    await waitForCard(page, 'Program design', 'Filtered');
    assert.equal(new URL(page.url()).searchParams.get('state'), 'active');
  }));

test('an onboarding is created and edited', () =>
  browser.visit(async (page) => {
    await page.goto('/onboardings');
    await page.getByRole('link', { name: 'Create onboarding' }).click();
    await page.getByRole('link', { name: 'Aurora Shipping' }).click();
    await page.waitForURL('**/onboardings/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Created');
    await page.getByLabel('Target launch').fill('2027-03-01');
    await page.locator('main form button.primary').click();
    await page.waitForURL(/\/onboardings\/\d+$/);
    const [, id] = page.url().match(/\/(\d+)$/);
    const read = async () => (await server.api(`/onboardings/${id}`)).body;
    assert.equal((await read()).target_launch_date, '2027-03-01T00:00:00.000Z');

    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.waitForURL('**/edit');
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

test('a move is recorded with the admin as its actor', () =>
  browser.visit(async (page) => {
    const { card } = await openWithCard(page, 'Recorded');
    await drag(page, card, column(page, 'Review'));
    await waitForCard(page, 'Review', 'Recorded');
    const { body } = await server.api('/onboardings?limit=1');
    const { body: activity } = await server.api(`/onboardings/${body.data[0].id}/activity?limit=1`);
    assert.equal(activity.data[0].type, 'onboarding.phase_changed');
    assert.equal(activity.data[0].actor.type, 'admin');
  }));

/** At which sides the board shows that there is more. */
function shadows(page) {
  const opacity = (pseudo) => page.locator('.board-frame').evaluate(
    (frame, pseudo) => getComputedStyle(frame, pseudo).opacity, pseudo);
  return Promise.all([opacity('::before'), opacity('::after')]);
}

/** Waits until the shadows are as expected. */
async function waitForShadows(page, before, after) {
  const [hasBefore, hasAfter] = [before, after].map((is) => (is ? '1' : '0'));
  await page.waitForFunction(([before, after]) => {
    const frame = document.querySelector('.board-frame');
    const opacity = (pseudo) => getComputedStyle(frame, pseudo).opacity;
    return opacity('::before') === before && opacity('::after') === after;
  }, [hasBefore, hasAfter]);
  assert.deepEqual(await shadows(page), [hasBefore, hasAfter]);
}

for (const [name, viewport] of [['a laptop', undefined], ['a phone', PHONE], ['320 pixels', { width: 320, height: 640 }]]) {
  test(`the board scrolls inside its frame on ${name} and shows where there is more`, () =>
    browser.visit(async (page) => {
      await openWithCard(page, `On ${name}`);
      await fits(page);
      await page.getByText('Scroll sideways to see all phases.').waitFor();
      await waitForShadows(page, false, true);
      const region = page.getByRole('region', { name: 'Board' });
      await region.focus();
      await page.keyboard.press('ArrowRight');
      await waitForShadows(page, true, true);
      await region.evaluate((element) => element.scrollTo({ left: element.scrollWidth, behavior: 'instant' }));
      await waitForShadows(page, true, false);
      assert.ok(await column(page, 'Completed').isVisible());
      await isAccessible(page);
    }, { viewport, reducedMotion: 'reduce' }));
}

test('a link leads to each phase, with the number of its onboardings', () =>
  browser.visit(async (page) => {
    await openWithCard(page, 'Counted');
    const phases = page.getByRole('navigation', { name: 'Phases' });
    assert.equal(await phases.getByRole('link').count(), 7);
    await phases.getByRole('link', { name: /^Completed \d+$/ }).click();
    await page.waitForFunction(() => {
      const { left, right } = document.getElementById('phase-completed').getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    });
    await fits(page);
  }, { viewport: PHONE, reducedMotion: 'reduce' }));

test('a wide window shows all phases without scrolling', () =>
  browser.visit(async (page) => {
    await openWithCard(page, 'Wide');
    await waitForShadows(page, false, false);
    assert.ok(await page.getByText('Scroll sideways to see all phases.').isHidden());
  }, { viewport: { width: 1920, height: 1000 } }));

test('an onboarding is moved on its own page', () =>
  browser.visit(async (page) => {
    const { card, phase } = await openWithCard(page, 'Linked');
    await card.getByRole('link', { name: 'Linked' }).click();
    await page.waitForURL(/\/onboardings\/\d+$/);
    await page.getByLabel('Phase', { exact: true }).selectOption({ label: 'Internal QA' });
    await page.getByRole('button', { name: 'Update progress' }).click();
    await page.getByText('Changes saved.').waitFor();
    assert.equal(await phase(), 'internal_qa');
    assert.equal(await page.locator('[aria-current=step]').textContent(), 'Internal QA');
  }));
