// Enhancements for the admin pages. Everything also works without scripts.
"use strict";

document.documentElement.classList.add("script");

// The setup code is in the URL fragment, which browsers never send to the server. Move it into the
// form, and remove it from the URL so that it doesn't stay in the history.
for (const field of document.querySelectorAll("[data-from-fragment]")) {
  const code = location.hash.slice(1);
  if (code && code !== "content") {
    field.value = code;
    history.replaceState(null, "", location.pathname);
    document.querySelector("input[type=password]")?.focus();
  }
}

// Submit a choice as soon as it changes. With the keyboard, every press of an arrow key changes it, so
// the button submits it then.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  let withKeyboard = false;
  form.addEventListener("keydown", () => { withKeyboard = true; });
  form.addEventListener("pointerdown", () => { withKeyboard = false; });
  form.addEventListener("change", () => {
    if (withKeyboard) form.querySelector("[type=submit]").classList.remove("without-script");
    else form.requestSubmit();
  });
}

// Apply a filter as soon as an option is chosen. Text applies with Enter. The new page keeps the focus
// and the scroll position, and says how many results there are.
const FILTERED = "filtered";
for (const form of document.querySelectorAll("form[data-filters]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    const control = form.contains(document.activeElement) ? document.activeElement.name : "";
    sessionStorage.setItem(FILTERED, JSON.stringify({ path: location.pathname, control, y: scrollY }));
  });
  // Going back restores the choices that led away from the page. Show those that belong to it.
  addEventListener("pageshow", (event) => {
    const [{ type }] = performance.getEntriesByType("navigation");
    if (event.persisted || type === "back_forward") form.reset();
  });
}
const filtered = JSON.parse(sessionStorage.getItem(FILTERED));
sessionStorage.removeItem(FILTERED);
const filters = document.querySelector("form[data-filters]");
if (filters && filtered?.path === location.pathname) {
  const control = filtered.control && filters.elements.namedItem(filtered.control);
  (control || filters.querySelector("[type=submit]")).focus({ preventScroll: true });
  scrollTo({ top: filtered.y, behavior: "instant" });
  const results = document.createElement("p");
  results.className = "unseen";
  results.setAttribute("role", "status");
  filters.after(results);
  const count = document.querySelector("[data-count], main .empty h2");
  setTimeout(() => { results.textContent = count?.textContent ?? "The results are updated."; }, 200);
}

// Show at which sides there is more to scroll to.
for (const frame of document.querySelectorAll("[data-scroll-frame]")) {
  const scroller = frame.querySelector("[tabindex]");
  const update = () => {
    const { scrollLeft, clientWidth, scrollWidth } = scroller;
    frame.toggleAttribute("data-more-before", scrollLeft > 1);
    frame.toggleAttribute("data-more-after", scrollLeft + clientWidth < scrollWidth - 1);
  };
  scroller.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(scroller);
}

// Submit a form only once, even if its button is pressed twice. It can be submitted again when the
// browser restores the page from its cache, and after 10 seconds in case loading was stopped.
// Forms that submit on change are exempt: the last choice counts.
const submitted = new Set();
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.matches("[data-submit-on-change]")) return;
  if (submitted.has(form)) {
    event.preventDefault();
    return;
  }
  submitted.add(form);
  setTimeout(() => submitted.delete(form), 10_000);
});
addEventListener("pageshow", () => submitted.clear());

// Follow the progress of work on the server.
if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 1_000);

// Copy the text, or select it if the browser refuses.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value);
      button.textContent = "Copied";
    } catch {
      source.select();
    }
  });
}

// The board. Without scripts, each card has buttons that move it to the neighboring phases. With
// scripts, dropping a card on a column or pressing an arrow key submits the same form.
const board = document.querySelector("[data-board]");
if (board) {
  const mover = document.getElementById("mover");
  const status = document.querySelector("[data-announce]");
  const columns = [...board.children];
  const nameOf = (card) => card.querySelector("a").textContent;
  let dragged = null;
  let moving = false;

  const move = (card, column) => {
    if (moving || column.contains(card)) return;
    moving = true;
    status.textContent = `Moving ${nameOf(card)} to ${column.dataset.name}.`;
    const phase = document.createElement("input");
    phase.type = "hidden";
    phase.name = "phase";
    phase.value = column.dataset.phase;
    mover.append(phase);
    mover.setAttribute("action", card.dataset.card);
    mover.requestSubmit();
    phase.remove();
  };
  // Cards can be moved again when the browser restores the page from its cache.
  addEventListener("pageshow", () => { moving = false; });

  for (const card of board.querySelectorAll("[data-card]")) {
    card.tabIndex = 0;
    card.draggable = true;
  }

  board.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const card = event.target;
    if (!step || !card.dataset.card) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const column = columns[columns.indexOf(card.closest("[data-phase]")) + step];
    if (column) move(card, column);
    else status.textContent = `${nameOf(card)} is already in the ${step < 0 ? "first" : "last"} phase.`;
  });

  // The column at a horizontal position, even if a card, a gap, or empty space is under the
  // pointer.
  const columnAt = (x) =>
    columns.findLast((column) => column.getBoundingClientRect().left <= x) ?? columns[0];
  const markDropTarget = (target) => {
    for (const column of columns) column.classList.toggle("drop-target", column === target);
  };
  // Drag the card that was under the pointer when the button was pressed: if the page scrolls
  // before the pointer moves, another card may be there by the time the drag starts.
  let pressed = null;
  board.addEventListener("pointerdown", (event) => {
    pressed = event.target.closest("[data-card]");
  });
  board.addEventListener("dragstart", (event) => {
    const under = event.target.closest?.("[data-card]");
    dragged = under && (pressed ?? under);
    if (!dragged) return;
    event.dataTransfer.clearData();
    event.dataTransfer.setData("text/plain", nameOf(dragged));
    event.dataTransfer.effectAllowed = "move";
    if (dragged !== under) event.dataTransfer.setDragImage(dragged, 20, 20);
    dragged.classList.add("dragging");
  });
  board.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    const column = columnAt(event.clientX);
    markDropTarget(column.contains(dragged) ? null : column);
  });
  board.addEventListener("dragleave", (event) => {
    if (!board.contains(event.relatedTarget)) markDropTarget(null);
  });
  board.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    move(dragged, columnAt(event.clientX));
  });
  board.addEventListener("dragend", () => {
    dragged?.classList.remove("dragging");
    dragged = null;
    markDropTarget(null);
  });

  // After a move, focus the card and announce the notice to screen readers.
  const moved = document.getElementById(location.hash.slice(1));
  if (moved?.dataset.card) moved.focus();
  const notice = document.querySelector("main .notice");
  if (notice) setTimeout(() => { status.textContent = notice.textContent; }, 200);
}
