// A headless Chromium for one test file, and the visitors that use it.

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
/** A desktop window, the default. */
export const DESKTOP = { width: 1280, height: 800 };

/** A phone in portrait mode. */
export const PHONE = { width: 390, height: 844 };

export class Browser {
  #chromium;
  #server;
  #session;

  static async start(server) {
    const browser = new Browser();
    browser.#chromium = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
    browser.#server = server;
    return browser;
  }

  async stop() {
    await this.#chromium.close();
  }

  /**
   * Opens a page for a test, and then checks that nothing went wrong unnoticed: an error in the
   * console (such as a violation of the content security policy), a dialog, a missing asset, or a
   * request to another server.
   *
   * `signedIn`: whether the visitor is signed in; `script`: whether scripts run.
   */
  async visit(test, { signedIn = true, script = true, viewport = DESKTOP, ...options } = {}) {
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
    // Long enough for a busy machine.
    context.setDefaultTimeout(20_000);
    try {
      const problems = watch(context, this.#server.url);
      const page = await context.newPage();
      await test(page, context);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  }

  /** Signs in and returns the cookies. */
  async #signIn() {
    let session;
    const saveCookies = async (page, context) => {
      await signIn(page);
      session = await context.storageState();
    };
    await this.visit(saveCookies, { signedIn: false });
    return session;
  }
}

/** Signs in and waits for the overview. */
export async function signIn(page, password = PASSWORD) {
  await page.goto('/admin/sign-in');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin');
}

/** Collects what goes wrong on the pages of a context. */
function watch(context, origin) {
  const problems = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
      problems.push(`request to ${request.url()}`);
    }
  });
  context.on('response', (response) => {
    // Client errors are allowed for pages, such as a form with mistakes, and for API requests, but not
    // for assets.
    const isDocument = response.request().resourceType() === 'document';
    const isApi = response.url().startsWith(`${origin}/api/`);
    if (response.status() >= (isDocument || isApi ? 500 : 400)) {
      problems.push(`${response.status()} for ${response.url()}`);
    }
  });
  context.on('console', (message) => {
    // Failed loads are checked by their response above.
    const isKnown = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isKnown) {
      problems.push(`console: ${message.text()}`);
    }
  });
  context.on('weberror', (error) => problems.push(`script: ${error.error().message}`));
  context.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  return problems;
}

/** Finds the Chromium executable. */
function findChromium() {
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
