// Fifty in a row by keyboard: one key decides, and the next lead has its turn.
const list = document.querySelector("[data-review]");
const STEPS = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" };
const firstButton = (row) => row?.querySelector(":is(button[data-key], .button-link)");

function waitingBeyond(row, step) {
  let found = row[step];
  while (found && !found.querySelector("[data-key]")) found = found[step];
  return found;
}

function goTo(row) {
  firstButton(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

list?.addEventListener("keydown", (event) => {
  const row = event.target.closest(".review-row");
  // Enter held down would approve one after the other.
  if (row && event.repeat && event.key === "Enter") event.preventDefault();
  if (!row || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const beyond = STEPS[event.key] && waitingBeyond(row, STEPS[event.key]);
  if (beyond) goTo(beyond);
  const act = !event.target.matches("input") && row.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (act) act.click();
  if (beyond || act) event.preventDefault();
});

// Into the list at once, where the keys work, but on no button: whoever comes by Enter must not approve.
if (!matchMedia("(pointer: coarse)").matches) list?.querySelector(".review-row:has([data-key]) a")?.focus({ preventScroll: true });

// The row that was decided says so where it stood; whoever was in it goes on to the next, or stays with what came back.
document.addEventListener("htmx:load", (event) => {
  const row = event.detail.elt;
  if (!row.matches?.(".review-row")) return;
  if (row.dataset.said) document.getElementById("announce").textContent = row.dataset.said;
  const next = row.querySelector("[data-key]") ? row : waitingBeyond(row, "nextElementSibling");
  if (next) goTo(next);
  else document.querySelector("[data-review-next]")?.focus();
});
