// What stands beside the text: colours, the list of contents, and copies of the page and its code.
{
  const root = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.querySelector("[data-theme-toggle]");
  const isDark = () => (root.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";
  const tell = () => toggle.setAttribute("aria-pressed", String(isDark()));
  tell();
  darkSystem.addEventListener("change", tell);
  toggle.addEventListener("click", () => {
    const chosen = isDark() ? "light" : "dark";
    // Who chooses what the system says goes on to follow it.
    const isSystem = (chosen === "dark") === darkSystem.matches;
    if (isSystem) delete root.dataset.theme;
    else root.dataset.theme = chosen;
    memory.set("theme", isSystem ? null : chosen);
    tell();
  });

  // Some browsers allow copying only over TLS; there the text goes through a selection.
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
  const voice = document.querySelector("[data-voice]");
  const copyOnClick = (button, text) => {
    const name = button.textContent;
    let waiting;
    button.addEventListener("click", async () => {
      let told;
      try {
        await copy(await text());
        told = "Copied";
      } catch {
        told = "Not copied";
      }
      button.textContent = told;
      voice.textContent = told;
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        button.textContent = name;
        voice.textContent = "";
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
  const whole = document.querySelector("[data-copy-page]");
  if (whole) {
    copyOnClick(whole, async () => {
      const answer = await fetch(whole.dataset.copyPage);
      if (!answer.ok) throw new Error(answer.statusText);
      return answer.text();
    });
  }

  // Whoever has no pointer scrolls what is too wide with the keyboard.
  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".code pre, .scroll")) widths.observe(box);

  // The list of contents marks the heading that was passed last.
  const links = [...document.querySelectorAll(".contents a")];
  const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
  if (headings.length > 0) {
    const edge = 120;
    let waiting = false;
    const mark = () => {
      waiting = false;
      const isEnd = innerHeight + scrollY >= document.body.scrollHeight - 2;
      const passed = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < edge);
      const current = isEnd && scrollY > 0 ? headings.length - 1 : passed;
      links.forEach((link, place) => link.classList.toggle("current", place === current));
    };
    addEventListener("scroll", () => {
      if (!waiting) requestAnimationFrame(mark);
      waiting = true;
    }, { passive: true });
    mark();
  }

  // On a narrow screen a link of the menu may lead to another place of the same page.
  const menu = document.getElementById("menu");
  menu.addEventListener("click", (event) => {
    if (event.target.closest("a") && menu.matches(":popover-open")) menu.hidePopover();
  });
  const here = menu.querySelector("[aria-current]");
  if (here && here.offsetTop > menu.clientHeight - 80) {
    menu.scrollTop = here.offsetTop - menu.clientHeight / 2;
  }
}
