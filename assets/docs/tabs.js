// A sample in several languages is shown in one at a time, the same on every page.
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
    list.setAttribute("aria-label", "Language of the sample");
    const tabs = panels.map((panel, place) => {
      const label = panel.querySelector(".tab-name");
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `tab-${number}-${place}`;
      tab.textContent = label.textContent;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", `panel-${number}-${place}`);
      panel.id = `panel-${number}-${place}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      label.remove();
      tab.addEventListener("click", () => {
        // What is above may change its height with the language; the tab stays where it is.
        const before = tab.getBoundingClientRect().top;
        memory.set("language", tab.textContent);
        show(tab.textContent);
        scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
      });
      return tab;
    });
    const choose = (name) => {
      const place = tabs.findIndex((tab) => tab.textContent === name);
      // A group without the language stays as it is.
      if (place < 0) return;
      tabs.forEach((tab, other) => {
        tab.setAttribute("aria-selected", String(other === place));
        tab.tabIndex = other === place ? 0 : -1;
        panels[other].hidden = other !== place;
      });
    };
    list.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const edge = { Home: 0, End: tabs.length - 1 }[event.key];
      const place = tabs.indexOf(event.target);
      const next = edge ?? (step && (place + step + tabs.length) % tabs.length);
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
  const chosen = memory.get("language");
  if (chosen) show(chosen);
}
