// Runs before the first paint, so that the page doesn’t flash in the other color scheme.
"use strict";

document.documentElement.classList.add("script");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: follow the system’s color scheme.
}
