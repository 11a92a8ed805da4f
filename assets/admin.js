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
