// Several leads at once: how many are selected, all of a page, and a row of them with Shift.
const boxes = (form) => [...form.querySelectorAll('input[name="lead"]')];
let last = null;

function show(form) {
  const picked = boxes(form).filter((box) => box.checked).length;
  const everything = form.querySelector('input[name="all"]')?.checked;
  const count = form.querySelector("[data-select-count]");
  const page = form.querySelector("[data-select-page]");
  count.hidden = everything;
  count.textContent = picked;
  form.querySelector("[data-select-words]").textContent = everything ? "Every lead of this list" : " selected";
  page.hidden = false;
  page.nextElementSibling.hidden = true;
  page.control.checked = picked > 0 && picked === boxes(form).length;
  page.control.indeterminate = picked > 0 && !page.control.checked;
}

function select(form, upTo) {
  const all = boxes(form);
  const [from, to] = [all.indexOf(last), all.indexOf(upTo)].sort((a, b) => a - b);
  if (from >= 0) for (const box of all.slice(from, to)) box.checked = upTo.checked;
}

document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form || event.target.name !== "lead") return;
  if (event.shiftKey) select(form, event.target);
  last = event.target;
  show(form);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form) return;
  if (event.target.closest("[data-select-page]")) for (const box of boxes(form)) box.checked = event.target.checked;
  show(form);
});

const showAll = () => document.querySelectorAll("form[data-select]").forEach(show);
document.addEventListener("htmx:afterSettle", showAll);
// A browser that comes back to the page brings its checks along.
addEventListener("pageshow", showAll);
showAll();
