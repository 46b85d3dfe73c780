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
let opener = null;

function count(area) {
  const line = document.querySelector(`[data-count-of="${area.id}"]`);
  if (line) line.textContent = `${area.value.length.toLocaleString("en")} of ${area.maxLength.toLocaleString("en")} characters`;
}

// Where something is to be decided; never the Call button: the Enter that opened the dialog must not dial. A finger gets
// the heading, as a keyboard on the screen would hide the verdict.
function focusFirst() {
  const first = matchMedia("(pointer: coarse)").matches ? null : dialog.querySelector('select[name="number"]') ?? text();
  (first ?? dialog.querySelector("#dialog-title"))?.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === dialog && !dialog.open) opener = event.detail.elt;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "call-check") sayVerdict();
  if (event.detail.target !== dialog || dialog.open) return;
  const draft = form() && drafts.get(form().action);
  dialog.showModal();
  focusFirst();
  if (draft && text() && !text().value) {
    text().value = draft;
    text().dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// Asked again every twenty seconds, the verdict is read out only when it is another one.
let said = "";
function sayVerdict() {
  const says = dialog.querySelector("[data-says]")?.dataset.says ?? "";
  const line = dialog.querySelector("#call-said");
  if (line && said && says !== said) line.textContent = says;
  said = says;
}

// What stays the same is left alone, with where one has scrolled to.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (target.matches("#call-opening, #call-prompt") && target.textContent === fragment.textContent) event.detail.shouldSwap = false;
});

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[maxlength]")) count(event.target);
  if (event.target === text()) drafts.set(form().action, event.target.value);
});

dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  const button = dialog.querySelector("#call-submit");
  event.preventDefault();
  if (button && !button.disabled) form().requestSubmit(button);
});

// Also when the answer leads to another page.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (elt.id === "call-form" && successful) drafts.delete(elt.action);
});

document.addEventListener("close-dialog", () => dialog.close());

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) dialog.close();
});

// Emptied, so that its checks stop and the next lead never sees this one's form.
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  said = "";
  if (opener?.isConnected) opener.focus();
});
