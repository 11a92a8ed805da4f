// What has to hold for every page, and how every page is found.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

/** Checks that nobody is kept out by how the page is made. */
export async function isAccessible(page) {
  await page.evaluate(`${AXE};undefined`);
  const violations = await page.evaluate(async (values) => {
    const found = await window.axe.run({ runOnly: { type: 'tag', values } });
    return found.violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`),
    }));
  }, STANDARDS);
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(grave, [], `${page.url()} is not accessible`);
}

/** Checks that an id names one thing: labels and links find what they name by it. */
export async function hasUniqueIds(page) {
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
  assert.deepEqual(twice, [], `${page.url()} has ids that are there twice`);
}

/** Checks that the page is no wider than the window. */
export async function fits(page) {
  const wide = await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) {
      return [];
    }
    const scrolls = (element) =>
      element !== document.body && getComputedStyle(element).overflowX !== 'visible';
    const isInside = (element) =>
      element && (scrolls(element) || isInside(element.parentElement));
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .filter((element) => !isInside(element.parentElement))
      .map((element) => element.outerHTML.slice(0, 120));
  });
  assert.deepEqual(wide, [], `${page.url()} is wider than the window`);
}

/** The form of an address: what one page has in common with others of its kind. */
export function shape(address) {
  const { pathname, searchParams } = new URL(address);
  const parts = pathname.split('/').map((part) => {
    const isReference = /^\d+(-|$)/.test(part) || /^(key_|evt_)?[a-z0-9]{22,}$/.test(part);
    return isReference ? '*' : part;
  });
  const keys = [...new Set(searchParams.keys())].sort();
  return parts.join('/') + (keys.length > 0 ? `?${keys.join('&')}` : '');
}

/**
 * Follows links from the overview until no new kind of page is found, and returns the address of one
 * page of each kind by its shape. What is downloaded is no page.
 */
export async function everyPage(page, origin) {
  const found = new Map();
  const open = [`${origin}/admin`];
  while (open.length > 0) {
    const address = open.shift();
    const kind = shape(address);
    if (found.has(kind)) {
      continue;
    }
    found.set(kind, address);
    await page.goto(address);
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((a) => a.href));
    const inside = links.filter((link) => link.startsWith(`${origin}/`));
    open.push(...inside.map((link) => link.split('#')[0]).filter(isPage));
  }
  return found;
}

function isPage(address) {
  const { pathname } = new URL(address);
  return !pathname.startsWith('/api/') && !/\.(csv|json)$/.test(pathname);
}
