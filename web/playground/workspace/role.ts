// Step 5: a role's access to the product's own data.

import { actionView } from "../action.ts";
import { h, replace } from "../dom.ts";
import { field, select } from "../fields.ts";
import type { Step } from "../playground.ts";
import { actionsStep } from "./step.ts";
import { withoutSession, type Tenancy } from "./tenancy.ts";

/** The fifth step. */
export function roleStep(tenancy: Tenancy): Step {
  let roleId = "";
  let schemaId = "";
  let attributes = "";
  let prepared: string | undefined;
  const place = h("div", { class: "field-place" });
  const schema = field({ name: "schema", label: "schemaId", hint: "The product’s id of the schema.", input: (value) => (schemaId = value) });
  const names = field({ name: "attributes", label: "attributes", hint: "Comma-separated.", input: (value) => (attributes = value) });
  const list = actionView({
    title: "Roles",
    about: "Permissions in the workspace, and access to schemas and catalogs.",
    label: "List roles",
    blocked: () => withoutSession(tenancy),
    run: async () => {
      const { answer } = await tenancy.send("roles", "GET", "/roles", { credential: "token" });
      if (answer?.status === 200) tenancy.roles = JSON.parse(answer.body) as Tenancy["roles"];
      prepared = undefined;
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["roles"],
  });
  const resolve = actionView({
    title: "Resolve",
    about: "Whether this role may write, read or not see these attributes. The product asks instead of computing it.",
    label: "Resolve",
    controls: h("div", { class: "grid three" }, place, schema.element, names.element),
    blocked: () => withoutSession(tenancy),
    run: async () => {
      const body = { schemaId, attributes: attributes.split(",").map((name) => name.trim()).filter(Boolean) };
      await tenancy.send("resolve", "POST", `/roles/${encodeURIComponent(roleId)}/resolve`, { credential: "token", body });
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["resolve"],
  });

  /** Another user or a longer list of roles resets the fields. */
  function prepare(): void {
    const { session } = tenancy;
    const current = session && `${session.user.workspaceId} ${session.user.id} ${tenancy.roles.length}`;
    if (!session || prepared === current) return;
    prepared = current;
    const own = session.user.roleId;
    const known = tenancy.roles.length > 0 ? tenancy.roles : [{ id: own, name: "their own" }];
    if (!known.some(({ id }) => id === roleId)) roleId = own;
    const chooser = select({
      name: "role",
      label: "Role",
      hint: tenancy.roles.length > 0 ? "Any role of the workspace." : "List roles to choose another.",
      options: known.map(({ id, name }): [string, string] => [id, name]),
      change: (value) => (roleId = value),
    });
    chooser.set(roleId);
    replace(place, chooser.element);
    const told = tenancy.told();
    schemaId ||= told?.schemaId ?? "";
    if (told && !tenancy.exchanges["resolve"]) {
      schemaId = told.schemaId;
      attributes = told.attributes.join(", ");
    }
    schema.set(schemaId);
    names.set(attributes);
  }

  return actionsStep(tenancy, {
    id: "ws-role",
    title: "Role permissions",
    about: "Every member has one role, which determines what they may do in the product.",
    actions: [list, resolve],
    done: () => tenancy.exchanges["resolve"] !== undefined,
    prepare,
  });
}
