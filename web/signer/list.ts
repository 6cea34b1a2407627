// The signer on its own: which sites may use the key without asking, to take it back.
import { type Panel, element } from "../pages/panel.ts";
import { type Permission, permissions, takeBack } from "./permissions.ts";
import { ownStorage } from "./storage.ts";

/** Shows the permissions that this browser remembers. */
export function showPermissions(panel: Panel): void {
  const list = element("permission-list", HTMLElement);
  const draw = () => {
    const all = permissions(ownStorage());
    list.replaceChildren(...all.map((permission) => line(permission, draw)));
    list.hidden = all.length === 0;
    element("no-permissions", HTMLElement).hidden = all.length > 0;
  };
  draw();
  addEventListener("storage", draw);
  panel.show("permissions");
}

function line(permission: Permission, changed: () => void): HTMLElement {
  const template = element("permission-line", HTMLTemplateElement);
  const node = template.content.cloneNode(true) as DocumentFragment;
  const item = node.firstElementChild as HTMLElement;
  for (const slot of item.querySelectorAll("[data-origin]")) slot.textContent = permission.origin;
  for (const slot of item.querySelectorAll("[data-bap-id]")) slot.textContent = permission.bapId;
  for (const words of item.querySelectorAll<HTMLElement>("[data-kind]")) {
    words.hidden = words.dataset["kind"] !== permission.kind;
  }
  item.querySelector("button")?.addEventListener("click", () => {
    takeBack(ownStorage(), permission);
    changed();
  });
  return item;
}
