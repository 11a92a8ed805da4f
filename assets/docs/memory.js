// Comfort for the documentation. Everything but the search works without it. The files of this
// directory are one script, in the order that the build script gives.
"use strict";

// What the reader chose, kept where the browser allows it.
const memory = {
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
      // It is forgotten with the page.
    }
  },
};
