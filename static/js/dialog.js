// The Call modal: htmx fills the dialog, this opens and closes it, and what was typed survives a close by mistake.
const dialog = document.getElementById("dialog");
const drafts = new Map();
const form = () => dialog.querySelector("form");
const text = () => dialog.querySelector("textarea");

function count(area) {
  const line = document.querySelector(`[data-count-of="${area.id}"]`);
  if (line) line.textContent = `${area.value.length.toLocaleString("en")} of ${area.maxLength.toLocaleString("en")} characters`;
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog || dialog.open) return;
  const draft = form() && drafts.get(form().action);
  dialog.showModal();
  if (draft && text() && !text().value) {
    text().value = draft;
    text().dispatchEvent(new Event("input", { bubbles: true }));
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[maxlength]")) count(event.target);
  if (event.target === text()) drafts.set(form().action, event.target.value);
});

document.addEventListener("close-dialog", () => {
  if (form()) drafts.delete(form().action);
  dialog.close();
});

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) dialog.close();
});

// Emptied, so that its checks stop and the next lead never sees this one's form.
dialog.addEventListener("close", () => dialog.replaceChildren());
