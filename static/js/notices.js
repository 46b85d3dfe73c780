// What went wrong on the way, toasts, and a login that ran out.
const toasts = document.getElementById("toasts");
const offline = document.getElementById("offline");
const LEAVE_AFTER = 7000;

function leaveLater(toast) {
  const stays = toast.matches(".toast-error, .toast-warning, :has(form)");
  if (!stays) setTimeout(() => toast.remove(), LEAVE_AFTER);
}

// An open dialog lies above everything, so what concerns it is said inside it.
function sayInDialog(message) {
  const body = document.querySelector("dialog[open] .choice-body");
  if (!body) return false;
  const line = document.createElement("p");
  line.className = "verdict verdict-warn";
  line.setAttribute("role", "alert");
  line.textContent = message;
  body.prepend(line);
  return true;
}

function say(message) {
  if (sayInDialog(message)) return;
  const toast = document.createElement("p");
  const words = document.createElement("span");
  toast.className = "toast toast-error";
  words.textContent = message;
  toast.append(words);
  toasts.append(toast);
  setTimeout(() => toast.remove(), 2 * LEAVE_AFTER);
}

toasts.querySelectorAll(".toast").forEach(leaveLater);
toasts.addEventListener("click", (event) => event.target.closest(".toast-close")?.closest(".toast").remove());

const isPoll = (event) => event.detail.elt?.matches("article.call, #banners, [data-poll]");

// A question that asks itself must not start the page anew when the session has ended: a form may be half written.
document.addEventListener("htmx:configRequest", (event) => {
  if (isPoll(event)) event.detail.headers["X-Poll"] = "1";
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) offline.hidden = true;
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    offline.hidden = false;
    if (!isPoll(event)) say("LeadSail did not answer. Look at the lead before you try again: the call may be running.");
  });
}

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (isPoll(event)) offline.hidden = false;
  else if (status >= 500) say("Something went wrong on the server. Look at the lead before you try again.");
  else if (status === 404) say("This is not there any more. Reload the page.");
  else say("This page has expired or you may not do this. Copy what you have written, then reload the page.");
});

// A session that ran out answers with the login page: it belongs into the window, not into a card.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { pathname } = new URL(event.detail.xhr.responseURL || location.href);
  if (!pathname.startsWith("/accounts/")) return;
  event.detail.shouldSwap = false;
  location.reload();
});

// The account's menu closes as menus do.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
