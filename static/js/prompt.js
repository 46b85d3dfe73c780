// The prompt editor: a click puts a variable where the cursor was, a filter finds it, unsaved text is not lost by mistake.
const form = document.getElementById("prompt-form");
const fields = ["id_first_message", "id_body"].map((id) => document.getElementById(id)).filter((field) => field?.matches("textarea"));
let last = fields.at(-1);

for (const field of fields) field.addEventListener("focus", () => (last = field));

function insert(tag) {
  last.focus();
  // The only way to put text in that Ctrl+Z takes back.
  if (document.execCommand("insertText", false, tag)) return;
  last.setRangeText(tag, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
}

for (const item of fields.length ? form.querySelectorAll("[data-variable]") : []) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "variable";
  button.setAttribute("aria-label", `Insert ${item.dataset.variable}`);
  button.append(item.querySelector("code"));
  button.addEventListener("click", () => insert(item.dataset.variable));
  item.prepend(button);
}

const filter = document.getElementById("variable-filter");
filter.closest("[data-filter]").hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const item of form.querySelectorAll("[data-variable]")) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
  const groups = [...form.querySelectorAll("[data-group]")];
  for (const group of groups) group.hidden = !group.querySelector("[data-variable]:not([hidden])");
  form.querySelector("[data-filter-empty]").hidden = groups.some((group) => !group.hidden);
});

// Enter in a search field looks for something; it must not save the prompt.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input[type=search]")) event.preventDefault();
});

let isUnsaved = false;
form.addEventListener("input", (event) => (isUnsaved ||= fields.includes(event.target) || event.target.id === "id_name"));
form.addEventListener("submit", () => (isUnsaved = false));
addEventListener("beforeunload", (event) => {
  if (isUnsaved) event.preventDefault();
});

// A login that ran out shows here instead of reloading the page: the text is still in the fields, and saving keeps it.
const preview = document.getElementById("preview");
preview.addEventListener("htmx:beforeSwap", (event) => {
  if (!new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/accounts/")) return;
  event.stopPropagation();
  event.detail.shouldSwap = false;
  preview.textContent = "You have been logged out. Save: you are asked to log in, and your text is kept.";
});
