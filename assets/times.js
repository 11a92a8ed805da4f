// Shows times in the reader's time zone, with the time in UTC as the tooltip. Without scripts, pages
// show UTC. The words and the order stay those of the page, so only the zone and the digits change.
{
  const day = { day: "numeric", month: "short", year: "numeric" };
  const moment = {
    ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  };
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat("en-US", options);
    return (time) => {
      const part = Object.fromEntries(
        formatter.formatToParts(time).map(({ type, value }) => [type, value]),
      );
      const text = `${part.day} ${part.month} ${part.year}`;
      return part.hour ? `${text}, ${part.hour}:${part.minute} ${part.timeZoneName}` : text;
    };
  };
  const formats = { day: format(day), moment: format(moment) };
  const inUtc = format({ ...moment, timeZone: "UTC" });

  for (const element of document.querySelectorAll("time[data-local]")) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1000) continue;
    element.textContent = formats[element.dataset.local](time);
    element.title = inUtc(time);
  }

  // A time in a form is in UTC, also for readers who see other times in their own zone.
  for (const input of document.querySelectorAll("input[data-utc]")) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.id = `${input.id}-local`;
    const show = () => {
      const time = new Date(`${input.value}Z`);
      hint.hidden = Number.isNaN(time.getTime()) || formats.moment(time) === inUtc(time);
      if (!hint.hidden) hint.textContent = `${formats.moment(time)} for you`;
    };
    show();
    input.addEventListener("input", show);
    input.after(hint);
    const described = input.getAttribute("aria-describedby");
    input.setAttribute("aria-describedby", described ? `${described} ${hint.id}` : hint.id);
  }
}
