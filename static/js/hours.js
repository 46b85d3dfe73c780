// Usual weeks at one click; each day stays a text that can be changed.
const presets = document.querySelector("[data-hours-presets]");
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

presets?.addEventListener("click", ({ target }) => {
  const { hours, days } = target.closest("button")?.dataset ?? {};
  if (!hours) return;
  for (const day of DAYS) {
    const field = document.getElementById(`id_${day}`);
    field.value = days.split(" ").includes(day) ? hours : "";
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
if (presets) presets.hidden = false;
