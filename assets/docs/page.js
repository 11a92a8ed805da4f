// The color scheme, copy buttons, scrolling by keyboard, the table of contents, and the menu.
{
  const root = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.querySelector("[data-theme-toggle]");
  const isDark = () => (root.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";
  const updateToggle = () => toggle.setAttribute("aria-pressed", String(isDark()));
  updateToggle();
  darkSystem.addEventListener("change", updateToggle);
  toggle.addEventListener("click", () => {
    const chosen = isDark() ? "light" : "dark";
    // Choosing the system’s scheme means following it again.
    const isSystem = (chosen === "dark") === darkSystem.matches;
    if (isSystem) delete root.dataset.theme;
    else root.dataset.theme = chosen;
    preferences.set("theme", isSystem ? null : chosen);
    updateToggle();
  });

  // The clipboard API may be missing, for example without TLS. Then copy a selection.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      const isCopied = document.execCommand("copy");
      area.remove();
      if (!isCopied) throw new Error("nothing was copied");
    }
  };
  const announcer = document.querySelector("[data-announcer]");
  const copyOnClick = (button, text) => {
    const name = button.textContent;
    let timer;
    button.addEventListener("click", async () => {
      let result;
      try {
        await copy(await text());
        result = "Copied";
      } catch {
        result = "Couldn’t copy";
      }
      button.textContent = result;
      announcer.textContent = result;
      clearTimeout(timer);
      timer = setTimeout(() => {
        button.textContent = name;
        announcer.textContent = "";
      }, 2000);
      button.focus();
    });
  };

  for (const code of document.querySelectorAll(".text .code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    copyOnClick(button, () => code.querySelector("code").textContent);
    code.append(button);
  }
  const copyPage = document.querySelector("[data-copy-page]");
  if (copyPage) {
    copyOnClick(copyPage, async () => {
      const response = await fetch(copyPage.dataset.copyPage);
      if (!response.ok) throw new Error(response.statusText);
      return response.text();
    });
  }

  // Makes overflowing boxes focusable, so that they can be scrolled with the keyboard.
  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".code pre, .scroll")) widths.observe(box);

  // The table of contents highlights the last heading that scrolled past the top.
  const links = [...document.querySelectorAll(".contents a")];
  const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
  if (headings.length > 0) {
    const edge = 120;
    let isScheduled = false;
    const highlight = () => {
      isScheduled = false;
      const isEnd = innerHeight + scrollY >= document.body.scrollHeight - 2;
      const passed = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < edge);
      const current = isEnd && scrollY > 0 ? headings.length - 1 : passed;
      links.forEach((link, index) => link.classList.toggle("current", index === current));
    };
    addEventListener("scroll", () => {
      if (!isScheduled) requestAnimationFrame(highlight);
      isScheduled = true;
    }, { passive: true });
    highlight();
  }

  // On a narrow screen, the menu covers the page, even if a link only scrolls it.
  const menu = document.getElementById("menu");
  menu.addEventListener("click", (event) => {
    if (event.target.closest("a") && menu.matches(":popover-open")) menu.hidePopover();
  });
  const here = menu.querySelector("[aria-current]");
  if (here && here.offsetTop > menu.clientHeight - 80) {
    menu.scrollTop = here.offsetTop - menu.clientHeight / 2;
  }
}
