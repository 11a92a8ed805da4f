// Checks for every page, and a crawler that finds all pages.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

/** Checks that the page has no serious accessibility violations. */
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
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious, [], `${page.url()} is not accessible`);
}

/** Checks that ids are unique: labels and links refer to elements by id. */
export async function hasUniqueIds(page) {
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  const duplicates = ids.filter((id, index) => ids.indexOf(id) !== index);
  assert.deepEqual(duplicates, [], `${page.url()} has duplicate ids`);
}

/** Window widths: a phone, a tablet, and two laptops. */
const WIDTHS = [360, 768, 1280, 1440];

/** Checks at every width that nothing is cut off or overflows. */
export async function fitsEveryWidth(page) {
  const { height } = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height });
    await fits(page);
  }
}

/**
 * Checks that the page does not scroll sideways, that every element fits into its box or a scrollable
 * one, and that the buttons in tables are visible without scrolling.
 */
export async function fits(page) {
  const problems = await page.evaluate(() => {
    const root = document.documentElement;
    const problems = [];
    if (root.scrollWidth > root.clientWidth) {
      problems.push(`the page is ${root.scrollWidth} wide`);
    }
    const { scrollX, scrollY } = window;
    window.scrollTo({ left: root.scrollWidth, top: scrollY, behavior: 'instant' });
    if (window.scrollX !== 0) {
      problems.push(`the page scrolls sideways by ${window.scrollX}`);
    }
    window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });

    const describe = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 140);
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
        problems.push(`${Math.round(rect.right)} is outside the window: ${describe(element)}`);
      }
      // Code samples and the board are meant to be scrolled; the buttons of a table are not.
      if (box?.matches('.scroll') && element.matches('.button, button, input, select')) {
        const { left } = box.getBoundingClientRect();
        if (isOut(left, left + box.clientWidth)) {
          problems.push(`${Math.round(rect.right)} is only visible after scrolling: ${describe(element)}`);
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
        problems.push(`${element.scrollWidth} > ${element.clientWidth} overflows: ${describe(element)}`);
      }
    }
    return problems;
  });
  const { width } = page.viewportSize();
  assert.deepEqual(problems, [], `${page.url()} does not fit into a window of ${width} pixels`);
}

/** Reduces a URL to the kind of page it leads to: IDs become `*`. */
export function shape(address) {
  const { pathname, searchParams } = new URL(address);
  const parts = pathname.split('/').map((part) => {
    const isReference = /^\d+(-|$)/.test(part) || /^(key_|evt_|ep_|msg_)?[a-z0-9]{22,}$/.test(part);
    return isReference ? '*' : part;
  });
  const keys = [...new Set(searchParams.keys())].sort();
  return parts.join('/') + (keys.length > 0 ? `?${keys.join('&')}` : '');
}

/**
 * Follows links from the overview until there are no new kinds of pages. Returns one URL for each kind.
 * Skips downloads and the documentation.
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
  return !/^\/(api|docs)(\/|$)/.test(pathname) && !/\.(csv|json)$/.test(pathname);
}
