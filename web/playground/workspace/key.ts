// Step 3: an API key for a server of the workspace.

import { actionView } from "../action.ts";
import { copyButton, h } from "../dom.ts";
import { objectOf, type Exchange } from "../exchange.ts";
import { field } from "../fields.ts";
import type { Step } from "../playground.ts";
import { actionsStep } from "./step.ts";
import { withoutSession, type MadeKey, type Tenancy } from "./tenancy.ts";

const PERMISSIONS = ["read", "update-data", "delete-data", "update-model", "delete-model"] as const;

/** The third step. */
export function keyStep(tenancy: Tenancy): Step {
  const chosen = new Set<string>(["read"]);
  let called = "Importer";
  const name = field({ name: "key-name", label: "name", hint: "Describes its purpose.", input: (value) => (called = value) });
  name.set(called);
  const permissions = h(
    "fieldset",
    {},
    h("legend", {}, "permissions"),
    h(
      "div",
      { class: "checks" },
      ...PERMISSIONS.map((permission) =>
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            checked: chosen.has(permission),
            onchange: (event) => {
              if ((event.target as HTMLInputElement).checked) chosen.add(permission);
              else chosen.delete(permission);
            },
          }),
          permission,
        ),
      ),
    ),
    h("p", { class: "hint" }, "With all five, it can also manage members, roles and keys."),
  );
  const make = actionView({
    title: "Create a key",
    about: "Requires a role with canManageApiKeys. A key has at most its creator’s permissions.",
    label: "Create key",
    controls: h("div", { class: "stack" }, h("div", { class: "grid" }, name.element), permissions),
    blocked: () => withoutSession(tenancy),
    run: async () => {
      const body = { name: called, permissions: PERMISSIONS.filter((permission) => chosen.has(permission)) };
      const { answer } = await tenancy.send("make-key", "POST", "/api-keys", { credential: "token", body });
      if (answer?.status === 201 && tenancy.session) {
        const { workspaceId } = tenancy.session.user;
        tenancy.key = { ...(objectOf(answer) as unknown as MadeKey), workspaceId };
      }
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["make-key"],
    remark: shownOnce,
  });
  const end = actionView({
    title: "Deactivate the key",
    about: "Permanent, and effective everywhere within a second. Try the key in step 4 afterwards.",
    label: "Deactivate key",
    blocked: () => withoutSession(tenancy) ?? (tenancy.ownKey()?.active ? undefined : "There is no active key."),
    run: async () => {
      const key = tenancy.ownKey();
      const path = `/api-keys/${key?.id ?? ""}/deactivate`;
      const { answer } = await tenancy.send("end-key", "POST", path, { credential: "token" });
      if (key && answer?.status === 200) key.active = false;
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["end-key"],
  });
  return actionsStep(tenancy, {
    id: "ws-key",
    title: "API key",
    about: "Servers do not log in: they send an API key.",
    actions: [make, end],
    done: () => tenancy.ownKey() !== undefined,
  });
}

function shownOnce({ answer }: Exchange): HTMLElement | undefined {
  const key = answer?.status === 201 ? objectOf(answer)?.["key"] : undefined;
  if (typeof key !== "string") return undefined;
  return h(
    "div",
    { class: "note ok" },
    h("p", {}, "This is the key, shown only once; the server stores only its SHA-256."),
    h("pre", {}, h("code", {}, key)),
    copyButton("Copy the key", () => key),
  );
}
