// The Call modal: htmx fills the dialog, this opens and closes it, and what was typed survives a close by mistake or a login that ran out.
const dialog = document.getElementById("dialog");
const drafts = {
  key: (action) => `draft:${new URL(action).pathname}`,
  get: (action) => { try { return sessionStorage.getItem(drafts.key(action)); } catch { return null; } },
  set: (action, value) => { try { sessionStorage.setItem(drafts.key(action), value); } catch {} },
  delete: (action) => { try { sessionStorage.removeItem(drafts.key(action)); } catch {} },
};
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
