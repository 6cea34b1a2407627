// `/api/auth/reference`: Swagger UI over the server's own OpenAPI document; nothing is loaded from elsewhere.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const node = document.getElementById("reference");
const dark = matchMedia("(prefers-color-scheme: dark)");

const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

/** The document describes this server only: there is none to choose. */
const withoutServers = () => ({ wrapComponents: { ServersContainer: () => () => null } });

/** Swagger UI leaves fields without a name, its head outside of any landmark, and long samples out of the keyboard's reach. */
function mend(): void {
  for (const field of node?.querySelectorAll<HTMLElement>("select:not([aria-label]), textarea:not([aria-label])") ?? []) {
    const parameter = field.closest("tr")?.querySelector(".parameter__name")?.firstChild?.textContent;
    field.setAttribute("aria-label", parameter ?? (field instanceof HTMLTextAreaElement ? "Body" : "Choice"));
  }
  for (const sample of node?.querySelectorAll<HTMLElement>("pre.microlight:not([tabindex])") ?? []) sample.tabIndex = 0;
  for (const table of node?.querySelectorAll(".responses-table[role=region]") ?? []) table.removeAttribute("role");
  const head = node?.querySelector(".information-container");
  head?.setAttribute("role", "region");
  head?.setAttribute("aria-label", "About this API");
}
if (node) new MutationObserver(mend).observe(node, { childList: true, subtree: true });

SwaggerUI({
  domNode: node,
  url: node?.dataset["document"],
  presets: [SwaggerUI.presets.apis],
  plugins: [withoutServers],
  // Links inside buttons cannot be reached by everybody.
  deepLinking: false,
  // The validator's badge and settings in the address bar would reach out to other sites.
  validatorUrl: "none",
  queryConfigEnabled: false,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
});
