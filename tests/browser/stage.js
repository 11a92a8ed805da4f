// The server and the browser of one test file.

import { Browser } from './browser.js';
import { Server } from './server.js';

const stage = {};

/**
 * Starts a browser for a server, which is by default a new one with an admin password. Returns both.
 */
export async function start(starting = startWithPassword()) {
  stage.server = await starting;
  stage.browser = await Browser.start(stage.server);
  return stage;
}

/** Starts a server with an admin password. */
export async function startWithPassword(options) {
  const server = await Server.start(options);
  server.setPassword();
  return server;
}

/** Stops what was started. */
export async function stop() {
  await stage.browser?.stop();
  await stage.server?.stop();
}
