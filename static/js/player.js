// The recording of a call: one player in place of the browser's, tied to the lines of its transcript.
const SPEEDS = [1, 1.25, 1.5, 2];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

class Player {
  constructor(host) {
    const find = (selector) => host.querySelector(selector);
    [this.host, this.audio, this.bar] = [host, find("audio"), find(".player")];
    [this.play, this.seek, this.time, this.speed] = ["[data-play]", ".player-seek", ".player-time", "[data-speed]"].map(find);
    this.lines = [...(host.closest(".talk")?.querySelectorAll(".line[data-at]") ?? [])];
    this.wanted = null;
    this.audio.controls = false;
    this.audio.hidden = true;
    this.bar.hidden = false;
    this.listen();
    this.show();
  }

  get length() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.host.dataset.length);
  }

  get now() {
    return this.wanted ?? this.audio.currentTime;
  }

  listen() {
    const { audio } = this;
    for (const name of ["play", "pause", "ended", "timeupdate", "durationchange", "seeked"]) {
      audio.addEventListener(name, () => this.show());
    }
    audio.addEventListener("loadedmetadata", () => this.arrive());
    audio.addEventListener("error", () => this.fail());
    this.play.addEventListener("click", () => this.toggle());
    this.seek.addEventListener("input", () => this.goTo(Number(this.seek.value)));
    this.speed.addEventListener("click", () => this.faster());
    for (const button of this.host.querySelectorAll("[data-skip]")) {
      button.addEventListener("click", () => this.goTo(this.now + Number(button.dataset.skip)));
    }
    this.bar.addEventListener("keydown", (event) => this.key(event));
    for (const line of this.lines) this.tie(line);
  }

  tie(line) {
    const button = line.querySelector(".line-time");
    button.disabled = false;
    line.classList.add("line-plays");
    line.addEventListener("click", () => {
      // Who marks words to copy them does not want to jump.
      if (getSelection().isCollapsed) this.playFrom(Number(line.dataset.at));
    });
  }

  key(event) {
    const moves = { ArrowLeft: -5, ArrowRight: 5, ArrowDown: -5, ArrowUp: 5 };
    if (event.key === " " && event.target === this.seek) this.toggle();
    else if (event.key in moves) this.goTo(this.now + moves[event.key]);
    else return;
    event.preventDefault();
  }

  toggle() {
    if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  start() {
    for (const other of document.querySelectorAll("audio")) if (other !== this.audio) other.pause();
    this.audio.play().catch(() => this.show());
  }

  playFrom(seconds) {
    this.goTo(seconds);
    this.start();
  }

  // Nothing is loaded before the first play: where to begin is kept until then.
  goTo(seconds) {
    const target = Math.min(Math.max(0, seconds), Math.max(0, this.length - 0.2));
    if (this.audio.readyState) this.audio.currentTime = target;
    else this.wanted = target;
    this.show();
  }

  arrive() {
    if (this.wanted !== null) this.audio.currentTime = this.wanted;
    this.wanted = null;
    this.audio.playbackRate = Number(this.speed.value || 1);
    this.show();
  }

  faster() {
    const next = SPEEDS[(SPEEDS.indexOf(this.audio.playbackRate) + 1) % SPEEDS.length];
    this.audio.playbackRate = next;
    this.speed.value = next;
    this.speed.textContent = `${next}×`;
    this.speed.setAttribute("aria-label", `Speed ${next} times`);
  }

  show() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.host.classList.toggle("is-playing", playing);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.seek.max = Math.ceil(this.length);
    this.seek.value = this.now;
    this.seek.setAttribute("aria-valuetext", `${clock(this.now)} of ${clock(this.length)}`);
    this.time.textContent = `${clock(this.now)} / ${clock(this.length)}`;
    this.mark(playing || this.now > 0);
  }

  mark(started) {
    const said = started ? this.lines.filter((line) => Number(line.dataset.at) <= this.now + 0.2).at(-1) : undefined;
    if (said === this.current) return;
    this.current?.removeAttribute("aria-current");
    this.current = said;
    if (!said) return;
    said.setAttribute("aria-current", "true");
    this.reveal(said);
  }

  // Moves the transcript's own box, never the page.
  reveal(line) {
    const box = line.closest(".transcript");
    const top = line.offsetTop - box.offsetTop;
    const hidden = top < box.scrollTop || top + line.offsetHeight > box.scrollTop + box.clientHeight;
    if (hidden) box.scrollTo({ top: top - box.clientHeight / 3, behavior: calm.matches ? "auto" : "smooth" });
  }

  fail() {
    this.host.querySelector(".player-fault").hidden = false;
    this.show();
  }
}

function enhance(root) {
  for (const host of root.querySelectorAll("[data-player]:not([data-ready])")) {
    host.dataset.ready = "";
    new Player(host);
  }
}

document.addEventListener("htmx:load", (event) => enhance(event.detail.elt.parentElement ?? event.detail.elt));
enhance(document);
