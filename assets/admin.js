// Comfort for the admin pages. Everything works without it.
"use strict";

document.documentElement.classList.add("script");

// The setup code stands in the address's fragment, which is never sent to the server. It is put
// into the form, and taken out of the address so that it does not stay in the history.
for (const field of document.querySelectorAll("[data-from-fragment]")) {
  const code = location.hash.slice(1);
  if (code && code !== "content") {
    field.value = code;
    history.replaceState(null, "", location.pathname);
    document.querySelector("input[type=password]")?.focus();
  }
}

// A choice that takes effect at once.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// A form is sent once, however often its button is pressed. It can be sent again when the page is
// shown again, and after a while: loading can be stopped. A choice that takes effect at once may be
// changed; the last one counts.
const sent = new Set();
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.matches("[data-submit-on-change]")) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), 10_000);
});
addEventListener("pageshow", () => sent.clear());

// Copying, where the browser allows it; otherwise the text is selected.
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

// The board. A card is moved by a form with a button for each neighbouring phase, which works
// without a script. Here the same form is sent for a card that is dropped on a column, or that has
// the focus when an arrow key is pressed.
const board = document.querySelector("[data-board]");
if (board) {
  const mover = document.getElementById("mover");
  const voice = document.querySelector("[data-announce]");
  const columns = [...board.children];
  const nameOf = (card) => card.querySelector("a").textContent;
  let held = null;
  let moving = false;

  const move = (card, column) => {
    if (moving || column.contains(card)) return;
    moving = true;
    voice.textContent = `Moving ${nameOf(card)} to ${column.dataset.name}.`;
    const phase = document.createElement("input");
    phase.type = "hidden";
    phase.name = "phase";
    phase.value = column.dataset.phase;
    mover.append(phase);
    mover.setAttribute("action", card.dataset.card);
    mover.requestSubmit();
    phase.remove();
  };
  // A page that the browser kept and shows again can be used again.
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
    else voice.textContent = `${nameOf(card)} is in the ${step < 0 ? "first" : "last"} phase.`;
  });

  // The column at a place, whatever else is there: a card, a gap or the empty end of the column.
  const columnAt = (x) =>
    columns.findLast((column) => column.getBoundingClientRect().left <= x) ?? columns[0];
  const mark = (over) => {
    for (const column of columns) column.classList.toggle("over", column === over);
  };
  // Which card is meant was decided when the button was pressed: when the page is scrolled before
  // the pointer moves, another one may be under it.
  let pressed = null;
  board.addEventListener("pointerdown", (event) => {
    pressed = event.target.closest("[data-card]");
  });
  board.addEventListener("dragstart", (event) => {
    const under = event.target.closest?.("[data-card]");
    held = under && (pressed ?? under);
    if (!held) return;
    event.dataTransfer.clearData();
    event.dataTransfer.setData("text/plain", nameOf(held));
    event.dataTransfer.effectAllowed = "move";
    if (held !== under) event.dataTransfer.setDragImage(held, 20, 20);
    held.classList.add("held");
  });
  board.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    const column = columnAt(event.clientX);
    mark(column.contains(held) ? null : column);
  });
  board.addEventListener("dragleave", (event) => {
    if (!board.contains(event.relatedTarget)) mark(null);
  });
  board.addEventListener("drop", (event) => {
    if (!held) return;
    event.preventDefault();
    move(held, columnAt(event.clientX));
  });
  board.addEventListener("dragend", () => {
    held?.classList.remove("held");
    held = null;
    mark(null);
  });

  // After a move the focus is on the card, and what was done is told.
  const moved = document.getElementById(location.hash.slice(1));
  if (moved?.dataset.card) moved.focus();
  const notice = document.querySelector("main .notice");
  if (notice) setTimeout(() => { voice.textContent = notice.textContent; }, 200);
}
