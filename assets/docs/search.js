// The search: a dialog over the index that the server has, without asking anybody else.
{
  const INDEX = "/docs/search.json";
  const MOST = 20;
  const MOST_OF_A_PAGE = 4;
  // How long the text below a heading usually is, in letters.
  const USUAL = 400;
  // What all other places of a page add to its best one, divided by this.
  const SHARE = 4;
  const dialog = document.getElementById("search");
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  let index = null;
  let results = [];
  let chosen = -1;

  const load = async () => {
    if (index) return;
    status.textContent = "Loading…";
    try {
      const answer = await fetch(INDEX);
      if (!answer.ok) throw new Error(answer.statusText);
      const pages = await answer.json();
      index = pages.flatMap((page) => page.parts.map((part) => prepare(page, part)));
    } catch {
      status.textContent = "The search is not there. Load the page again.";
    }
  };
  const prepare = (page, part) => ({
    address: page.address + (part.id && `#${part.id}`),
    page,
    part,
    title: page.title.toLowerCase(),
    keywords: page.keywords.map((keyword) => keyword.toLowerCase()),
    heading: part.heading.toLowerCase(),
    text: part.text.toLowerCase(),
    // Words of the title find the page, and not each of its parts.
    isWhole: part.id === "",
    // What the pages of the endpoints say, they say many times.
    worth: (part.id === "" ? 200 : 100) * (page.is_endpoint ? 0.3 : 1),
  });

  const isLetter = (letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);
  /** How well a word fits a title: as a whole, as a word of it, as the start of one, or inside. */
  const fit = (text, word) => {
    if (text === word) return 4;
    let best = 0;
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      const begins = !isLetter(text[at - 1]);
      const ends = !isLetter(text[at + word.length]);
      best = Math.max(best, begins && ends ? 3 : begins ? 2 : 1);
    }
    return best;
  };
  /** How relevant a text is to a word, below 1: more for frequent words and for short texts. */
  const tell = (text, word) => {
    let count = 0;
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
      const begins = !isLetter(text[at - 1]);
      const ends = !isLetter(text[at + word.length]);
      count += begins && ends ? 1 : begins ? 0.6 : 0.2;
    }
    return count / (count + 1 + text.length / USUAL);
  };
  /**
   * Nothing when a word is missing. A title weighs more than any heading, and that more than most
   * texts; of those, the one at the beginning of a page tells what the page is about.
   */
  const weigh = (entry, words) => {
    let weight = 0;
    let isOwn = false;
    for (const word of words) {
      const title = fit(entry.title, word) + best(entry.keywords.map((one) => fit(one, word)));
      const heading = fit(entry.heading, word);
      const text = tell(entry.text, word);
      if (title + heading + text === 0) return 0;
      isOwn ||= heading + text > 0;
      weight += title * (entry.isWhole ? 1000 : 1) + heading * 100 + text * entry.worth;
    }
    if (entry.isWhole) {
      // What was typed is what the page is found by.
      const typed = words.join(" ");
      return weight + ([entry.title, ...entry.keywords].includes(typed) ? 10_000 : 0);
    }
    // Where only the page's title fits, the page itself is meant.
    return isOwn ? weight : 0;
  };
  const best = (numbers) => Math.max(0, ...numbers);

  /** The best places of the best pages. A page scores slightly more than its best place. */
  const find = (words) => {
    const pages = new Map();
    for (const entry of index) {
      const weight = weigh(entry, words);
      if (weight === 0) continue;
      if (!pages.has(entry.page)) pages.set(entry.page, []);
      pages.get(entry.page).push({ entry, weight });
    }
    const weightOf = (places) => {
      const weights = places.map(({ weight }) => weight);
      const most = best(weights);
      return most + (weights.reduce((sum, weight) => sum + weight) - most) / SHARE;
    };
    return [...pages.values()]
      .map((places) => ({ places, weight: weightOf(places) }))
      .sort((one, other) => other.weight - one.weight)
      .flatMap(({ places }) =>
        places.sort((one, other) => other.weight - one.weight).slice(0, MOST_OF_A_PAGE))
      .slice(0, MOST)
      .map(({ entry }) => entry);
  };

  /** The text with the words marked, as nodes: nothing of it is ever read as HTML. */
  const marked = (text, words) => {
    const parts = document.createDocumentFragment();
    const lower = text.toLowerCase();
    // A text whose letters change their number in lower case cannot be marked.
    const all = lower.length === text.length ? words : [];
    let from = 0;
    while (from < text.length) {
      const hits = all.map((word) => ({ at: lower.indexOf(word, from), word }));
      const next = hits.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(next.at, next.at + next.word.length);
      parts.append(text.slice(from, next.at), mark);
      from = next.at + next.word.length;
    }
    parts.append(text.slice(from));
    return parts;
  };
  /** The text around the first word that is in it. */
  const excerpt = ({ part: { text } }, words) => {
    const lower = text.toLowerCase();
    const found = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
    const at = found.length > 0 ? Math.min(...found) : 0;
    // A telephone shows one short line of it, in which the word has to be.
    const space = at < 24 ? -1 : text.indexOf(" ", at - 20);
    const begin = space < at ? space + 1 : at;
    const piece = text.slice(begin, begin + 160);
    return (begin > 0 ? "…" : "") + piece + (begin + 160 < text.length ? "…" : "");
  };
  const option = (entry, words, number) => {
    const link = document.createElement("a");
    link.href = entry.address;
    link.id = `result-${number}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    const place = document.createElement("span");
    place.className = "result-place";
    place.textContent = entry.isWhole ? entry.page.section : entry.page.title;
    const name = document.createElement("span");
    name.className = "result-name";
    name.append(marked(entry.isWhole ? entry.page.title : entry.part.heading, words));
    const text = document.createElement("span");
    text.className = "result-text";
    text.append(marked(excerpt(entry, words), words));
    link.append(place, name, text);
    return link;
  };
  const choose = (place) => {
    chosen = place;
    results.forEach((result, other) => result.setAttribute("aria-selected", String(other === place)));
    if (place < 0) {
      field.removeAttribute("aria-activedescendant");
    } else {
      field.setAttribute("aria-activedescendant", results[place].id);
      results[place].scrollIntoView({ block: "nearest" });
    }
  };
  const search = () => {
    if (!index) return;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length > 0 ? find(words) : [];
    results = found.map((entry, number) => option(entry, words, number));
    list.replaceChildren(...results);
    list.hidden = results.length === 0;
    field.setAttribute("aria-expanded", String(results.length > 0));
    const count = results.length === 1 ? "1 result" : `${results.length} results`;
    const nothing = `Nothing is found for “${field.value.trim()}”.`;
    status.textContent = words.length === 0 ? "" : results.length === 0 ? nothing : count;
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
  // A result may be on this page, which is then seen again.
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) dialog.close();
  });
  // What surrounds the dialog belongs to it; what is in it does not.
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
