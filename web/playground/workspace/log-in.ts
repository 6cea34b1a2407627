// Step 1: logging in to a workspace. In the demo by quick login; in production by e-mail address and password.

import { h, replace } from "../dom.ts";
import { exchangeView } from "../exchange-view.ts";
import type { Step } from "../playground.ts";
import type { Person, Team, Tenancy } from "./tenancy.ts";

/** The first step. */
export function logInStep(tenancy: Tenancy): Step {
  const teams = h("div", { class: "stack" });
  const outcome = h("div", { class: "stack", "aria-live": "polite" });
  const list = h("div");
  let busy = false;

  function choice(team: Team, person: Person): HTMLElement {
    const { session } = tenancy;
    const chosen = session?.user.id === person.id && session.user.workspaceId === team.workspaceId && !session.over;
    const role = tenancy.demo.workspaces.find(({ workspaceId }) => workspaceId === team.workspaceId)?.roles[person.id];
    return h(
      "button",
      {
        type: "button",
        class: "choice",
        "data-person": `${team.workspaceId} ${person.id}`,
        "aria-pressed": chosen ? "true" : "false",
        disabled: busy,
        onclick: () => void logIn(team.workspaceId, person.id),
      },
      h("strong", {}, person.name),
      h("span", {}, role ?? person.roleId),
    );
  }

  async function logIn(workspaceId: string, userId: string): Promise<void> {
    busy = true;
    tenancy.changed();
    await tenancy.logIn(workspaceId, userId);
    busy = false;
    tenancy.changed();
    outcome.querySelector<HTMLElement>(".exchange")?.scrollIntoView({ block: "nearest" });
  }

  const element = h(
    "div",
    {},
    h(
      "p",
      { class: "muted" },
      "A workspace is one tenant of a product. These members may use quick login, which only a demo offers to everybody: ",
      "elsewhere they send e-mail address and password to POST /api/v1/auth/login and get the same response.",
    ),
    teams,
    outcome,
    list,
  );
  return {
    id: "ws-log-in",
    title: "Log in to a workspace",
    element,
    progress: () => (tenancy.session ? "done" : "current"),
    update() {
      const focused = teams.contains(document.activeElement) ? document.activeElement?.getAttribute("data-person") : null;
      replace(
        teams,
        ...tenancy.teams.map((team) =>
          h(
            "section",
            { class: "stack", "aria-label": team.name },
            h("h3", {}, team.name),
            h("div", { class: "choices" }, ...team.users.map((person) => choice(team, person))),
          ),
        ),
      );
      if (focused) teams.querySelector<HTMLElement>(`[data-person="${CSS.escape(focused)}"]`)?.focus();
      const { "log-in": loggedIn, "quick-logins": listed } = tenancy.exchanges;
      replace(outcome, loggedIn && exchangeView(loggedIn));
      replace(list, listed && h("details", {}, h("summary", {}, "Quick logins: members who log in with a click"), exchangeView(listed)));
    },
  };
}
