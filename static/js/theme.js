// Runs before the first paint, so that a chosen theme does not flash.
const root = document.documentElement;

function stored() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage may be forbidden; the system's choice holds then
  }
}

function apply(theme) {
  if (theme) root.dataset.theme = theme;
}

function toggle() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  apply(dark ? "light" : "dark");
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {}
}

apply(stored());
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.addEventListener("click", toggle);
  }
});
