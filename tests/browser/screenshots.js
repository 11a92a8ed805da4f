// Takes the screenshots for the README from a server with demo data: `npm run screenshots`.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Browser } from './browser.js';
import { Server } from './server.js';

const IMAGES = resolve(import.meta.dirname, '../../docs/images');

const server = await Server.withDemo();
const browser = await Browser.start(server);
try {
  // Some traffic for the chart.
  for (let number = 0; number < 40; number += 1) {
    await server.api('/customers?limit=5');
  }
  mkdirSync(IMAGES, { recursive: true });
  await browser.visit(async (page) => {
    const take = (name) => page.screenshot({ path: join(IMAGES, `${name}.png`) });

    await page.goto('/admin');
    await take('overview');

    await page.goto('/admin/api-keys');
    await take('api-keys');

    await page.goto('/customers');
    await page.locator('main tbody a').first().click();
    await page.waitForURL(/\/customers\/\d/);
    await take('customer');

    await page.goto('/onboardings');
    await take('board');
  }, { colorScheme: 'light', reducedMotion: 'reduce' });
} finally {
  await browser.stop();
  await server.stop();
}
