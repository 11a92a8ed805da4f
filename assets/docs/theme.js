// Runs before anything is shown, so that no page appears in other colours first.
"use strict";

document.documentElement.classList.add("script");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing can be kept here; the colours are then those of the system.
}
