// Shows code samples in one language at a time. The choice applies to all pages.
{
  const groups = [...document.querySelectorAll(".tabs")];
  const choosers = [];

  const show = (name) => {
    for (const choose of choosers) choose(name);
  };
  groups.forEach((group, number) => {
    const panels = [...group.querySelectorAll(".tab")];
    const list = document.createElement("div");
    list.className = "tab-list";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Language");
    const tabs = panels.map((panel, index) => {
      const label = panel.querySelector(".tab-name");
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `tab-${number}-${index}`;
      tab.textContent = label.textContent;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", `panel-${number}-${index}`);
      panel.id = `panel-${number}-${index}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      label.remove();
      tab.addEventListener("click", () => {
        // Samples above may change their height. Scroll so that the clicked tab stays in place.
        const before = tab.getBoundingClientRect().top;
        preferences.set("language", tab.textContent);
        show(tab.textContent);
        scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
      });
      return tab;
    });
    const choose = (name) => {
      const index = tabs.findIndex((tab) => tab.textContent === name);
      // A group without this language keeps its current tab.
      if (index < 0) return;
      tabs.forEach((tab, other) => {
        tab.setAttribute("aria-selected", String(other === index));
        tab.tabIndex = other === index ? 0 : -1;
        panels[other].hidden = other !== index;
      });
    };
    list.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const edge = { Home: 0, End: tabs.length - 1 }[event.key];
      const index = tabs.indexOf(event.target);
      const next = edge ?? (step && (index + step + tabs.length) % tabs.length);
      if (next === undefined) return;
      event.preventDefault();
      tabs[next].click();
      tabs[next].focus({ preventScroll: true });
    });
    list.append(...tabs);
    group.prepend(list);
    choosers.push(choose);
    choose(tabs[0].textContent);
  });
  const chosen = preferences.get("language");
  if (chosen) show(chosen);
}
