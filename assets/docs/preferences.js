// The docs site works without scripts, except for search. The build concatenates the files of this
// directory into one script; `site::assets` in crates/docs has the order.
"use strict";

// The reader’s choices, stored if the browser allows it.
const preferences = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, value);
    } catch {
      // The choice lasts until the page is left.
    }
  },
};
