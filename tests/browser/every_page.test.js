// Checks that apply to every page. Pages are found by following links from the overview, so new pages
// are checked automatically.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, DESKTOP, PHONE } from './browser.js';
import { everyPage, fitsEveryWidth, hasUniqueIds, isAccessible } from './checks.js';
import { Server } from './server.js';
import { start, stop } from './stage.js';

let server;
let browser;
let pages;
before(async () => {
  ({ server, browser } = await start(Server.withDemo()));
  // With a second workspace, every page has the workspace switcher.
  server.run(['workspaces', 'create', '--slug', 'second', '--name', 'Second']);
  // A key that is replaced but still active shows the most text.
  const key = server.run(['keys', 'create', '--workspace', 'demo', '--name', 'CRM sync']);
  const replacement = server.run(['keys', 'rotate', key.prefix]);
  for (const used of [key, replacement]) {
    await server.api('/me', { key: used.key });
  }
  addEndpoint(server, 'demo', 'http://127.0.0.1:1/hooks', 'Nobody listens here');
  await browser.visit(async (page) => (pages = await everyPage(page, server.url)));
});
after(stop);

/** Adds a webhook endpoint that no request reaches, and waits for the first attempt. */
function addEndpoint(of, workspace, url, description) {
  const where = ['--workspace', workspace, '--url', url, '--description', description];
  const endpoint = of.run(['webhooks', 'create', ...where]);
  const deadline = Date.now() + 60_000;
  while (of.run(['webhooks', 'deliveries', endpoint.id]).every(({ attempts }) => attempts === 0)) {
    assert.ok(Date.now() < deadline, 'nothing was sent');
  }
}

/** Checks a page in light and dark mode, on a desktop and on a phone, and at every other width. */
async function checkPage(page) {
  await hasUniqueIds(page);
  for (const [colorScheme, size] of [
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['dark', PHONE],
    ['light', PHONE],
  ]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(size);
    await isAccessible(page);
  }
  await fitsEveryWidth(page);
  await page.setViewportSize(DESKTOP);
}

test('every page is linked', () => {
  const found = [...pages.keys()];
  for (const kind of [
    '/admin',
    '/admin/account',
    '/admin/account/password',
    '/admin/api-keys',
    '/admin/api-keys/*/revoke',
    '/admin/api-keys/new',
    '/admin/import',
    '/admin/logs',
    '/admin/webhooks',
    '/admin/webhooks/*',
    '/admin/webhooks/*/delete',
    '/admin/webhooks/*/deliveries/*',
    '/admin/webhooks/*/edit',
    '/admin/webhooks/*/rotate',
    '/admin/webhooks/*/test',
    '/admin/webhooks/new',
    '/admin/workspaces',
    '/admin/workspaces/demo/edit',
    '/contacts/*/delete',
    '/contacts/*/edit',
    '/customers',
    '/customers/*',
    '/customers/*/contacts/new',
    '/customers/*/delete',
    '/customers/*/edit',
    '/customers/*/onboardings/new',
    '/customers/new',
    '/onboardings',
    '/onboardings/*',
    '/onboardings/*/delete',
    '/onboardings/*/edit',
    '/onboardings/new',
  ]) {
    assert.ok(found.includes(kind), `no link leads to ${kind}, only to ${found.join(' ')}`);
  }
});

test('every page is accessible, in light and dark mode, on desktop and phone', async (t) => {
  await browser.visit(async (page) => {
    for (const [kind, address] of pages) {
      await t.test(kind, async () => {
        const response = await page.goto(address);
        // The audit log also links to what was deleted.
        const isDeleted = / was deleted$/.test(await page.locator('h1').textContent());
        assert.equal(response.status(), isDeleted ? 404 : 200);
        await checkPage(page);
      });
    }
  });
});

test('so are the sign-in, setup, and error pages, and empty workspaces', async (t) => {
  await browser.visit(async (page) => {
    await t.test('sign-in', async () => {
      await page.goto('/admin/sign-in');
      await checkPage(page);
      await page.getByLabel('Password').fill('this is not the password');
      await page.keyboard.press('Enter');
      await page.locator('[aria-invalid]').waitFor();
      await checkPage(page);
    });
  }, { signedIn: false });
  await browser.visit(async (page) => {
    await t.test('not found', async () => {
      const response = await page.goto('/admin/nowhere');
      assert.equal(response.status(), 404);
      await checkPage(page);
    });
    await t.test('form with mistakes', async () => {
      await page.goto('/customers/new');
      await page.locator('form').filter({ has: page.getByLabel('Domain') })
        .evaluate((form) => (form.noValidate = true));
      await page.getByRole('textbox', { name: 'Domain' }).fill('no domain!');
      await page.keyboard.press('Enter');
      await page.locator('[aria-invalid]').first().waitFor();
      await checkPage(page);
    });
  });
  const empty = await Server.start();
  const other = await Browser.start(empty);
  try {
    await other.visit(async (page) => {
      await t.test('setup', async () => {
        await page.goto(empty.setup);
        await checkPage(page);
      });
    }, { signedIn: false });
    empty.setPassword();
    await other.visit(async (page) => {
      for (const [kind, address] of await everyPage(page, empty.url)) {
        await t.test(`${kind} of an empty workspace`, async () => {
          await page.goto(address);
          await checkPage(page);
        });
      }
    });
  } finally {
    await other.stop();
    await empty.stop();
  }
});

test('words that are too long for a line do not overflow', async (t) => {
  const long = await Server.start();
  const other = await Browser.start(long);
  const word = (length) => 'Incomprehensibility'.repeat(15).slice(0, length);
  const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`;
  try {
    long.setPassword();
    long.run(['workspaces', 'create', '--slug', 'w'.repeat(60), '--name', word(255)]);
    long.run(['keys', 'create', '--workspace', 'default', '--name', word(255)]);
    const customer = await long.create('/customers', {
      name: word(255),
      domain,
      plan: word(100),
      tags: [word(50)],
      metadata: { [word(40)]: word(200) },
    });
    const inside = { customer_id: customer.id, name: word(255), notes: word(250) };
    await long.create('/onboardings', inside);
    await long.create(`/customers/${customer.id}/contacts`, {
      name: word(255),
      title: word(100),
      email: `${'x'.repeat(60)}@${domain}`,
      labels: [word(50)],
    });
    addEndpoint(long, 'default', `http://127.0.0.1:1/${word(500)}`, word(255));
    await long.api(`/customers/${customer.id}`, { method: 'PATCH', body: { plan: word(90) } });
    await other.visit(async (page) => {
      for (const [kind, address] of await everyPage(page, long.url)) {
        await t.test(kind, async () => {
          await page.goto(address);
          await fitsEveryWidth(page);
        });
      }
    });
  } finally {
    await other.stop();
    await long.stop();
  }
});

test('every page works without scripts and hides controls that need them', () =>
  browser.visit(async (page) => {
    for (const address of pages.values()) {
      await page.goto(address);
      assert.equal(await page.locator('.with-script:visible').count(), 0, address);
      assert.equal(await page.locator('button[type=button]:visible').count(), 0, address);
    }
  }, { script: false }));

test('the demo data fills the pages', () =>
  browser.visit(async (page) => {
    for (const [path, selector, least] of [
      ['/admin', 'main .figure', 3],
      ['/customers', 'main tbody tr', 20],
      ['/onboardings', '.board .item', 20],
      ['/admin/logs', 'main time', 20],
    ]) {
      await page.goto(path);
      assert.equal(await page.locator('.empty').count(), 0, path);
      const count = await page.locator(selector).count();
      assert.ok(count >= least, `${path} shows ${count} of ${selector}`);
    }
  }));
