// The search dialog. The index comes from this server, and no other server is involved.
{
  const EXCERPT_LENGTH = 160;
  const dialog = document.getElementById("search");
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  // The path below which the server is served, with a trailing slash.
  const { base } = dialog.dataset;
  let engine = null;
  let results = [];
  let chosen = -1;

  const load = async () => {
    if (engine) return;
    status.textContent = "Loading…";
    try {
      const response = await fetch(`${base}docs/search.json`);
      if (!response.ok) throw new Error(response.statusText);
      engine = createSearchEngine(await response.json());
    } catch {
      status.textContent = "Search isn’t available. Reload the page to try again.";
    }
  };

  /** Returns the text as nodes, with the matching words marked. */
  const marked = (text, words) => {
    const nodes = document.createDocumentFragment();
    for (const [piece, isFound] of engine.highlight(text, words)) {
      if (!isFound) {
        nodes.append(piece);
        continue;
      }
      const mark = document.createElement("mark");
      mark.textContent = piece;
      nodes.append(mark);
    }
    return nodes;
  };
  /** Returns the text around the first matching word. */
  const excerpt = ({ part: { text }, words }) => {
    const [[first, isFound] = ["", true]] = engine.highlight(text, words);
    const at = isFound || first.length === text.length ? 0 : first.length;
    // A phone shows one short line, and the word must be in it.
    const space = at < 24 ? -1 : text.indexOf(" ", at - 20);
    const begin = space >= 0 && space < at ? space + 1 : at < 24 ? 0 : at;
    const end = begin + EXCERPT_LENGTH;
    return (begin > 0 ? "…" : "") + text.slice(begin, end) + (end < text.length ? "…" : "");
  };
  const option = (hit, number) => {
    const link = document.createElement("a");
    link.href = base + hit.page.url.slice(1) + (hit.isPage ? "" : `#${hit.part.id}`);
    link.id = `result-${number}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    const parent = document.createElement("span");
    parent.className = "result-parent";
    parent.textContent = hit.isPage ? hit.page.section : hit.page.title;
    const name = document.createElement("span");
    name.className = "result-name";
    name.append(marked(hit.isPage ? hit.page.title : hit.part.heading, hit.words));
    const text = document.createElement("span");
    text.className = "result-text";
    text.append(marked(excerpt(hit), hit.words));
    link.append(parent, name, text);
    return link;
  };
  const choose = (number) => {
    chosen = number;
    results.forEach((result, other) => result.setAttribute("aria-selected", String(other === number)));
    if (number < 0) {
      field.removeAttribute("aria-activedescendant");
    } else {
      field.setAttribute("aria-activedescendant", results[number].id);
      results[number].scrollIntoView({ block: "nearest" });
    }
  };
  const search = () => {
    if (!engine) return;
    const query = field.value.trim();
    results = query === "" ? [] : engine.search(query).map(option);
    list.replaceChildren(...results);
    list.hidden = results.length === 0;
    field.setAttribute("aria-expanded", String(results.length > 0));
    const count = results.length === 1 ? "1 result" : `${results.length} results`;
    status.textContent = query === "" ? "" : results.length === 0 ? `No results for “${query}”.` : count;
    choose(results.length > 0 ? 0 : -1);
  };
  const open = async () => {
    if (dialog.open) return;
    document.getElementById("menu").hidePopover?.();
    dialog.showModal();
    field.select();
    await load();
    search();
  };

  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && results.length > 0) {
      event.preventDefault();
      choose((chosen + step + results.length) % results.length);
    } else if (event.key === "Enter" && !event.isComposing && results[chosen]) {
      event.preventDefault();
      results[chosen].click();
    }
  });
  // A result on the current page only scrolls, so the dialog has to close itself.
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) dialog.close();
  });
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  for (const button of document.querySelectorAll("[data-search]")) {
    button.addEventListener("click", open);
  }
  addEventListener("keydown", (event) => {
    const isCombined = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if ((isCombined && event.key.toLowerCase() === "k") || (isPlain && event.key === "/" && !isTyping)) {
      event.preventDefault();
      open();
    }
  });
}
