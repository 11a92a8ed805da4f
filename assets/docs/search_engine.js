// Ranks the pages for a query. MiniSearch finds and scores the words; this file decides what a word
// is, how much each field counts, and how results are grouped by page.

const createSearchEngine = (pages) => {
  const MAX_RESULTS = 20;
  const MAX_RESULTS_PER_PAGE = 4;
  // A title outweighs any heading, and a heading most texts. Terms come from docs/search.toml.
  // `page` is the title again, for the sections of the page, so that "pagination python" finds the
  // section on Python.
  const BOOST = { title: 12, terms: 8, heading: 4, page: 0.5, text: 1 };
  // For a query that is a whole title or term. If it has more words, a share of this.
  const PHRASE_BOOST = 5;
  // Reference pages repeat each other; a guide that explains the word comes first.
  const ENDPOINT_BOOST = 0.4;
  // What the other sections of a page add to the score of its best one.
  const REST_SHARE = 0.25;
  const STOP_WORDS = new Set(
    ("a an and are as at be by can do does for from get how i if in is it my of on or our "
      + "set should the there this to use using what when where which why with you your").split(" "));

  // Words joined as in `display_id`, `Idempotency-Key` and `127.0.0.1` count as one and as several.
  const COMPOUND = /[\p{L}\p{N}]+(?:[._-][\p{L}\p{N}]+)*/gu;
  const JOINT = /[._-]/;
  const tokenize = (text) =>
    (text.match(COMPOUND) ?? []).flatMap((word) =>
      [...new Set([word, ...word.split("."), ...word.split(JOINT)])]);

  // Lower case and singular: "retries" finds "retry".
  const normalize = (word) => {
    const lower = word.toLowerCase();
    if (lower.length > 4 && lower.endsWith("ies")) return `${lower.slice(0, -3)}y`;
    return lower.length > 3 && /[^isu]s$/.test(lower) ? lower.slice(0, -1) : lower;
  };

  const vocabulary = new Set();
  const engine = new MiniSearch({
    fields: ["title", "terms", "heading", "page", "text"],
    tokenize,
    processTerm: (word) => {
      const term = normalize(word);
      vocabulary.add(term);
      return term;
    },
  });
  const entries = pages.flatMap((page) =>
    page.parts.map((part) => ({ page, part, isPage: part.id === "" })));
  engine.addAll(entries.map(({ page, part, isPage }, id) => ({
    id,
    title: isPage ? page.title : "",
    terms: part.terms.join(" "),
    heading: part.heading,
    page: isPage ? "" : page.title,
    text: part.text,
  })));

  const words = (text) => tokenize(text).map(normalize);
  const withoutStopWords = (all) => {
    const rest = all.filter((word) => !STOP_WORDS.has(word));
    return rest.length > 0 ? rest : all;
  };
  for (const entry of entries) {
    const phrases = [...entry.part.terms, ...(entry.isPage ? [entry.page.title] : [])];
    entry.phrases = phrases.map((phrase) => [...new Set(withoutStopWords(words(phrase)))]);
  }

  /** The share of the query, from 0 to 1, that one of the entry's phrases covers. */
  const phraseShare = (entry, typed) => {
    const covered = entry.phrases.filter((phrase) => phrase.every((word) => typed.has(word)));
    return Math.max(0, ...covered.map((phrase) => phrase.length)) / typed.size;
  };

  // Only a word that nothing begins with can be a typo.
  const isUnknown = (term) => {
    for (const word of vocabulary) {
      if (word.startsWith(term)) return false;
    }
    return true;
  };
  const allowedTypos = (term) => {
    if (term.length < 4 || !isUnknown(term)) return false;
    // Two edits allow for two letters swapped.
    return term.length < 6 ? 1 : 2;
  };

  /** The sections that contain any word of the query, each with its score. */
  const score = (query) => {
    const typed = withoutStopWords(words(query));
    const hits = engine.search(typed.join(" "), {
      // The tokens are final: they are not taken apart and put into the singular again.
      tokenize: (text) => text.split(" "),
      processTerm: (term) => term,
      boost: BOOST,
      boostDocument: (id) => (entries[id].page.is_endpoint ? ENDPOINT_BOOST : 1),
      // The last word may still be being typed.
      prefix: (term, at, all) => term.length > 2 || at === all.length - 1,
      fuzzy: allowedTypos,
    });
    const wanted = new Set(typed);
    return hits.map(({ id, score, terms, queryTerms }) => {
      const entry = entries[id];
      const found = new Set(queryTerms).size / wanted.size;
      const boost = 1 + (PHRASE_BOOST - 1) * phraseShare(entry, wanted);
      const words = new Set(terms.flatMap((term) => [term, ...term.split(JOINT)]));
      return { ...entry, words, score: score * found ** 2 * boost };
    });
  };

  /** The best sections of the best pages, those of a page next to each other. */
  const search = (query) => {
    const byPage = new Map();
    for (const hit of score(query)) {
      if (!byPage.has(hit.page)) byPage.set(hit.page, []);
      byPage.get(hit.page).push(hit);
    }
    const descending = (one, other) => other.score - one.score;
    return [...byPage.values()]
      .map((hits) => {
        hits.sort(descending);
        const [best, ...rest] = hits.map((hit) => hit.score);
        const score = best + REST_SHARE * Math.min(best, rest.reduce((sum, one) => sum + one, 0));
        return { hits, score };
      })
      .sort(descending)
      .flatMap(({ hits }) => hits.slice(0, MAX_RESULTS_PER_PAGE))
      .slice(0, MAX_RESULTS);
  };

  /** Splits a text into pieces `[text, isFound]`; those that a result was found by are marked. */
  const highlight = (text, found) => {
    const pieces = [];
    let from = 0;
    for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (!found.has(normalize(word))) continue;
      pieces.push([text.slice(from, index), false], [word, true]);
      from = index + word.length;
    }
    pieces.push([text.slice(from), false]);
    return pieces.filter(([piece]) => piece !== "");
  };

  return { search, highlight };
};
