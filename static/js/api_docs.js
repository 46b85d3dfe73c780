// Swagger UI over our own OpenAPI document.
const place = document.getElementById("api-docs");
const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

// Swagger UI has a dark look of its own, by a class of the root.
function follow() {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  root.classList.toggle("dark-mode", dark);
}

function show(spec) {
  // What is tried goes to the address the page came from, not to the one that integrators use.
  spec.servers = [{ url: location.origin }];
  SwaggerUIBundle({
    spec,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayOperationId: false,
    filter: true,
    persistAuthorization: false,
    tryItOutEnabled: false,
    validatorUrl: null,
  });
}

follow();
system.addEventListener("change", follow);
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });

try {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) throw new Error(answer.statusText);
  show(await answer.json());
} catch {
  place.textContent = "The OpenAPI document could not be loaded: load the page again.";
}
