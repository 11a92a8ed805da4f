// One headless Chromium for a file of tests, and the people who look at pages in it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

import { PASSWORD } from './server.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A desk, as the pages are seen by default. */
export const DESK = { width: 1280, height: 800 };

/** A telephone, held upright. */
export const PHONE = { width: 390, height: 844 };

export class Browser {
  #chromium;
  #server;
  #session;

  static async start(server) {
    const browser = new Browser();
    browser.#chromium = await chromium.launch({ executablePath: found(), args: FLAGS });
    browser.#server = server;
    return browser;
  }

  async stop() {
    await this.#chromium.close();
  }

  /**
   * Lets somebody look at pages and checks that nothing went wrong unseen: an error in the console
   * (such as what the content security policy stopped), a dialog, an asset that is missing, or a
   * request to anywhere else.
   *
   * `signedIn`: whether the admin's password was given; `script`: whether scripts run.
   */
  async visit(look, { signedIn = true, script = true, viewport = DESK, ...options } = {}) {
    if (signedIn && !this.#session) {
      this.#session = await this.#signIn();
    }
    const context = await this.#chromium.newContext({
      baseURL: this.#server.url,
      javaScriptEnabled: script,
      storageState: signedIn ? this.#session : undefined,
      viewport,
      ...options,
    });
    // Long enough for a machine that is busy with other things.
    context.setDefaultTimeout(20_000);
    try {
      const faults = watch(context, this.#server.url);
      const page = await context.newPage();
      await look(page, context);
      assert.deepEqual(faults, []);
    } finally {
      await context.close();
    }
  }

  /** The cookies of somebody who is signed in. */
  async #signIn() {
    let session;
    const look = async (page, context) => {
      await signIn(page);
      session = await context.storageState();
    };
    await this.visit(look, { signedIn: false });
    return session;
  }
}

/** Signs in at the page for it, and waits for the overview. */
export async function signIn(page, password = PASSWORD) {
  await page.goto('/admin/sign-in');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin');
}

/** What goes wrong on the pages of a context, as it happens. */
function watch(context, origin) {
  const faults = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
      faults.push(`request to ${request.url()}`);
    }
  });
  context.on('response', (response) => {
    // A page may be refused, such as a form with a mistake, and so may what a page asks of the API;
    // an asset may not.
    const isDocument = response.request().resourceType() === 'document';
    const isApi = response.url().startsWith(`${origin}/api/`);
    if (response.status() >= (isDocument || isApi ? 500 : 400)) {
      faults.push(`${response.status()} for ${response.url()}`);
    }
  });
  context.on('console', (message) => {
    // What could not be had is judged by its response.
    const isKnown = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isKnown) {
      faults.push(`console: ${message.text()}`);
    }
  });
  context.on('weberror', (error) => faults.push(`script: ${error.error().message}`));
  context.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  return faults;
}

/** Where Chromium is. */
function found() {
  const dirs = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  for (const dir of dirs) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      if (existsSync(join(dir, name))) {
        return join(dir, name);
      }
    }
  }
  throw new Error('Chromium is not installed; install it (Debian: apt-get install chromium)');
}
