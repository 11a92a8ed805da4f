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

/** The widths that every page is checked at: a phone, a tablet and two laptops. */
const WIDTHS = [360, 768, 1280, 1440];

/** Checks that nothing is cut off or sticks out, at every width. */
export async function fitsEveryWidth(page) {
  const { height } = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height });
    await fits(page);
  }
}

/**
 * Checks that the page does not scroll sideways, that everything is inside its box or scrolls
 * within one that is inside the window, and that buttons in tables can be seen without scrolling.
 */
export async function fits(page) {
  const faults = await page.evaluate(() => {
    const root = document.documentElement;
    const faults = [];
    if (root.scrollWidth > root.clientWidth) {
      faults.push(`the page is ${root.scrollWidth} wide`);
    }
    const { scrollX, scrollY } = window;
    window.scrollTo({ left: root.scrollWidth, top: scrollY, behavior: 'instant' });
    if (window.scrollX !== 0) {
      faults.push(`the page scrolls sideways by ${window.scrollX}`);
    }
    window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });

    const named = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 140);
    const overflow = (element) => getComputedStyle(element).overflowX;
    const scroller = (element) => {
      for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
        if (overflow(box) !== 'visible') {
          return box;
        }
      }
      return undefined;
    };
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.checkVisibility() || element.closest('.unseen, svg > *, option')) {
        continue;
      }
      const rect = element.getBoundingClientRect();
      const box = scroller(element);
      const isOut = (left, right) => rect.width > 0 && (rect.left < left - 1 || rect.right > right + 1);
      if (!box && isOut(0, root.clientWidth)) {
        faults.push(`${Math.round(rect.right)} is outside the window: ${named(element)}`);
      }
      // Code samples and the board are made to be scrolled, a table's buttons are not.
      if (box?.matches('.scroll') && element.matches('.button, button, input, select')) {
        const { left } = box.getBoundingClientRect();
        if (isOut(left, left + box.clientWidth)) {
          faults.push(`${Math.round(rect.right)} has to be scrolled to: ${named(element)}`);
        }
      }
      // Text for screen readers only, and text that ends in an ellipsis, is cut off on purpose.
      const { clipPath, display, textOverflow } = getComputedStyle(element);
      if (clipPath !== 'none' || textOverflow === 'ellipsis') {
        continue;
      }
      const isBlock = !display.startsWith('inline');
      const isText = !element.matches('input, select, textarea, svg');
      const cuts = !/auto|scroll/.test(overflow(element));
      if (isBlock && isText && cuts && element.scrollWidth > element.clientWidth + 1) {
        faults.push(`${element.scrollWidth} > ${element.clientWidth} sticks out: ${named(element)}`);
      }
    }
    return faults;
  });
  const { width } = page.viewportSize();
  assert.deepEqual(faults, [], `${page.url()} does not fit into a window of ${width} pixels`);
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
 * Follows links from the overview until no new kind of page is found, and returns the address of
 * one page of each kind by its shape. What is downloaded is no page.
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
