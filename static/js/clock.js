// Times that go on, by the server's business clock; and the viewer's own zone on hover.
const [origin, speed] = document.querySelector('meta[name="clock"]').content.split(",").map(Number);
const loadedAt = performance.now();
const now = () => origin * 1000 + (performance.now() - loadedAt) * speed;

const formats = new Map();
function inZone(zone, moment) {
  if (!formats.has(zone)) {
    const options = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
    formats.set(zone, new Intl.DateTimeFormat("en-GB", options));
  }
  return formats.get(zone).format(moment).replace(",", "");
}

function length(seconds) {
  const pad = (value) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const element of document.querySelectorAll("time[data-zone]")) show(element, inZone(element.dataset.zone, now()));
  for (const element of document.querySelectorAll("time[data-since]")) {
    const seconds = Math.max(0, Math.floor(now() / 1000 - Number(element.dataset.since)));
    show(element, length(seconds));
  }
}

const own = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function tellOwnTime(event) {
  const element = event.target.closest?.("time[data-when], time[data-zone]");
  if (!element || element.dataset.told) return;
  const moment = element.dataset.zone ? now() : new Date(element.dateTime);
  if (element.dataset.when !== undefined) element.dataset.told = "1";
  const there = element.dataset.when !== undefined ? `${element.title}\n` : "";
  element.title = `${there}${own.format(moment)} your time (${ownZone})`;
}

addEventListener("pointerover", tellOwnTime);
addEventListener("focusin", tellOwnTime);
setInterval(tick, 1000);
tick();

const guess = document.querySelector("select[data-guess-zone]");
if (guess?.value === "UTC" && [...guess.options].some((option) => option.value === ownZone)) guess.value = ownZone;
