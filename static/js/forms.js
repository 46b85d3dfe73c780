// Questions before an act, one sending per click, things to copy.
const question = document.getElementById("question");

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const text = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (text && !form.dataset.answered) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(text, submitter?.dataset.confirmYes ?? submitter?.textContent.trim())) {
      form.dataset.answered = "1";
      form.requestSubmit(submitter);
      delete form.dataset.answered;
    }
  }
}, true);

function ask(text, yes) {
  document.getElementById("question-text").textContent = text;
  document.getElementById("question-yes").textContent = yes || "Yes";
  question.returnValue = "no";
  question.showModal();
  return new Promise((resolve) => {
    question.addEventListener("close", () => resolve(question.returnValue === "yes"), { once: true });
  });
}

// The second click of a double click finds the button busy; the server's token is the proof, this is the courtesy.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || event.target.closest("[hx-post]") === event.target) return;
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form[method=post] button:disabled:not([data-stays-disabled])")) button.disabled = false;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const before = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: copy it now";
  }
  setTimeout(() => button.replaceChildren(...before), 2500);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// What is missing is said at the field, by the server, in one manner; without JavaScript the browser says it.
for (const form of document.querySelectorAll("form[method=post]")) form.noValidate = true;

// On a narrow screen the tab one is on may lie beyond the edge.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const { parentElement: row } = tab;
  row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.clientWidth) / 2;
}

// Copying without JavaScript is by hand, so the buttons come with it.
for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
