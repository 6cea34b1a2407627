// The steps of the merits flow: an app acts for an org, a person logs in with Sigma and agrees, the app sends them a merit and
// reads what it may see, until they take it back.

import { actionView, titled, type ActionView } from "../action.ts";
import { h, pre, replace, verdict } from "../dom.ts";
import { random } from "../encoding.ts";
import { formLines, half } from "../exchange-view.ts";
import { field, select } from "../fields.ts";
import type { Step } from "../playground.ts";
import { withoutMember, withoutOrg, type Badges } from "./badges.ts";

const PERMISSIONS: [string, string][] = [
  ["CanViewPublicProfile", "name and primary e-mail address"],
  ["CanViewAllStandardMerits", "merits of every org"],
];

function step(id: string, title: string, about: string, actions: ActionView[], done: () => boolean, ready: () => boolean): Step {
  return {
    id,
    title,
    element: h("div", {}, h("p", { class: "muted" }, about), ...actions.map(({ element }) => element)),
    progress: () => (done() ? "done" : ready() ? "current" : "waiting"),
    update() {
      for (const { update } of actions) update();
    },
  };
}

/** Step 1: a token to act for an org. */
export function orgStep(badges: Badges): Step {
  const org = select({
    name: "merits-org",
    label: "Org",
    options: badges.told.orgs.map(({ id, name, about }) => [id, `${name}: ${about}`]),
    change: (value) => badges.choose(value),
  });
  const access = actionView({
    title: "Org access token",
    about: "Valid for an hour, or until the org unlinks the app or the app gets a new secret.",
    label: "Request token",
    controls: h("div", { class: "grid" }, org.element),
    run: async () => {
      await badges.send("access", "app", "POST", `/orgs/${badges.state.orgId}/access`);
      const token = badges.answer("access")?.["orgAccessToken"];
      if (typeof token === "string") badges.state.orgToken = token;
      badges.changed();
    },
    exchange: () => badges.last("access"),
  });
  const made = step(
    "merits-org",
    "Act for an org",
    `“${badges.told.app.name}” is an app of Night Library. Harbour Bakery linked it: it may act for both.`,
    [access],
    () => badges.state.orgToken !== undefined,
    () => true,
  );
  return {
    ...made,
    update() {
      org.set(badges.state.orgId);
      void made.update();
    },
  };
}

/** Step 2: "Login with Sigma". */
export function loginStep(badges: Badges): Step {
  const chosen = new Set(["CanViewPublicProfile"]);
  const permissions = h(
    "fieldset",
    {},
    h("legend", {}, "requestedPermissions"),
    h(
      "div",
      { class: "checks" },
      ...PERMISSIONS.map(([name, words]) =>
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            checked: chosen.has(name),
            onchange: (event) => {
              if ((event.target as HTMLInputElement).checked) chosen.add(name);
              else chosen.delete(name);
            },
          }),
          `${name}: ${words}`,
        ),
      ),
    ),
    h("p", { class: "hint" }, "Merits of the org itself and of the app’s own org are always included."),
  );
  const ask = actionView({
    title: "Request a login",
    about: "The app’s server asks for a login; its answer is the address to which it sends the person’s browser, within ten minutes.",
    label: "Request login URL",
    controls: permissions,
    blocked: () => withoutOrg(badges),
    run: async () => {
      const state = random(12);
      const requestedPermissions = [...chosen].map((permissionType) => ({ permissionType }));
      const body = {
        // Without any, the app asks for what is implied.
        requestedPermissions:
          requestedPermissions.length > 0 ? requestedPermissions : [{ permissionType: "CanViewAllStandardMeritsFromOrg" }],
        successUrl: "/merits/welcome",
        failureUrl: "/merits/sorry",
        state,
      };
      await badges.send("login", "org", "POST", `/orgs/${badges.state.orgId}/request_loginwithsigma_url`, body);
      badges.state.sentState = state;
      badges.changed();
    },
    exchange: () => badges.last("login"),
    remark: () => {
      const url = badges.answer("login")?.["request_loginwithsigma_url"];
      if (typeof url !== "string") return undefined;
      return h("p", { class: "actions" }, h("a", { class: "button", href: url }, "Log in with Sigma"));
    },
  });
  const returned = h("div");
  const back: ActionView = {
    element: titled("The browser returns", "Agreed: with a memberIdToken. Refused or too late: with an error.", returned),
    update() {
      const { returned: arrived, sentState } = badges.state;
      if (!arrived) return replace(returned, h("p", { class: "muted" }, "Nobody has come back yet."));
      const received = new Map(arrived.parameters);
      const error = received.get("error");
      replace(
        returned,
        h(
          "div",
          { class: "pair" },
          half("The browser requested", [
            pre(h("span", { class: "method" }, "GET"), ` ${arrived.url}`),
            formLines(new URLSearchParams(arrived.parameters).toString()),
          ]),
          half("Checks an app must make", [
            h(
              "ul",
              { class: "verdicts" },
              error === undefined
                ? verdict("ok", "There is a token: for this app and org, once, within five minutes")
                : verdict("bad", `The person did not agree: ${error}`),
              received.get("state") === sentState
                ? verdict("ok", "state matches the request")
                : verdict("bad", "state is not the one that was sent: refuse the answer"),
            ),
          ]),
        ),
      );
    },
  };
  const token = () => new Map(badges.state.returned?.parameters).get("memberIdToken");
  const exchange = actionView({
    title: "Exchange the token",
    about: "A second time it is not found.",
    label: "Exchange token",
    blocked: () => withoutOrg(badges) ?? (token() ? undefined : "There is no memberIdToken."),
    run: async () => {
      await badges.send("member-id", "org", "GET", `/member_id?member_id_token=${encodeURIComponent(token() ?? "")}`);
      const id = badges.answer("member-id")?.["memberId"];
      if (typeof id === "string") badges.state.memberId = id;
      badges.changed();
    },
    exchange: () => badges.last("member-id"),
  });
  return step(
    "merits-login",
    "Login with Sigma",
    "The person signs in by any method, sees in plain words what is asked, and agrees or refuses.",
    [ask, back, exchange],
    () => badges.state.memberId !== undefined,
    () => badges.state.orgToken !== undefined,
  );
}

/** Step 3: sending a merit. */
export function sendStep(badges: Badges): Step {
  let recipient = "";
  const email = field({
    name: "merits-email",
    label: "recipientEmail",
    hint: "Empty: the member of step 2. An address waits for whoever proves it.",
    input: (value) => (recipient = value.trim()),
  });
  const list = actionView({
    title: "Templates",
    about: "What the org issues.",
    label: "List templates",
    blocked: () => withoutOrg(badges),
    run: () => badges.send("templates", "org", "GET", `/orgs/${badges.state.orgId}/merittemplates?limit=10`).then(() => undefined),
    exchange: () => badges.last("templates"),
  });
  const template = () => {
    const templates = badges.answer("templates")?.["merittemplates"];
    return Array.isArray(templates) ? (templates as { id: string; title: string }[]).find(({ title }) => title !== "Access") : undefined;
  };
  const sendOne = actionView({
    title: "Send",
    about: "The first template of the list. The recipient gets a mail, and decides.",
    label: "Send merit",
    controls: h("div", { class: "grid" }, email.element),
    blocked: () =>
      withoutOrg(badges) ??
      (template() === undefined ? "List the templates first." : recipient ? undefined : withoutMember(badges)),
    run: async () => {
      const to = recipient ? { recipientEmail: recipient } : { recipientMemberId: badges.state.memberId };
      const body = { ...to, meritTemplateId: template()?.id, recipientName: { firstName: "Robin", lastName: "Reed" }, fieldValues: [] };
      await badges.send("send", "org", "POST", "/merits/send", body);
    },
    exchange: () => badges.last("send"),
    remark: () =>
      badges.answer("send")
        ? h("p", { class: "actions" }, h("a", { class: "button", href: `${badges.demo.issuer}/account/merits` }, "Accept it as the member"))
        : undefined,
  });
  return step(
    "merits-send",
    "Send a merit",
    "Orgs send merits on their own pages, one by one or by lists; apps do it by the API.",
    [list, sendOne],
    () => badges.answer("send") !== undefined,
    () => badges.state.orgToken !== undefined,
  );
}

/** Step 4: what the app sees of the member. */
export function readStep(badges: Badges): Step {
  const read = (kind: string, title: string, about: string, below: string) =>
    actionView({
      title,
      about,
      label: `Read ${title.toLowerCase()}`,
      blocked: () => withoutMember(badges),
      run: () => badges.send(kind, "org", "GET", `/members/${badges.state.memberId ?? ""}${below}`).then(() => undefined),
      exchange: () => badges.last(kind),
    });
  return step(
    "merits-read",
    "Read what was granted",
    "Exactly what the person agreed to, for as long as the Access Merit is accepted.",
    [
      read("member", "Member", "The name and the e-mail address need CanViewPublicProfile.", ""),
      read("merits", "Merits", "Those that the person accepted, of the orgs that the grant covers.", "/merits?limit=10"),
      read("access-merit", "Access Merit", "The merit that is the person’s consent.", "/access_merit"),
    ],
    () => badges.answer("merits") !== undefined,
    () => badges.state.memberId !== undefined,
  );
}

/** Step 5: the end, and linking another org. */
export function endStep(badges: Badges): Step {
  const again = actionView({
    title: "Read again",
    about: "After the person ended the access on the page of their merits, the next call is refused.",
    label: "Read merits again",
    controls: h("p", {}, h("a", { href: `${badges.demo.issuer}/account/merits` }, "The person’s merits, and the apps that see them")),
    blocked: () => withoutMember(badges),
    run: () => badges.send("again", "org", "GET", `/members/${badges.state.memberId ?? ""}/merits?limit=10`).then(() => undefined),
    exchange: () => badges.last("again"),
  });
  const link = actionView({
    title: "Link App",
    about: "Asks an admin of another org to let the app act for it.",
    label: "Request link URL",
    run: async () => {
      const body = {
        requestedPermissions: [{ permissionType: "CanProposeAllMeritTemplates" }],
        successUrl: "/merits/linked",
        failureUrl: "/merits/sorry",
      };
      await badges.send("link", "app", "POST", "/request_linkapp_url", body);
    },
    exchange: () => badges.last("link"),
    remark: () => {
      const url = badges.answer("link")?.["request_linkapp_url"];
      return typeof url === "string" ? h("p", { class: "actions" }, h("a", { class: "button", href: url }, "Open as an admin")) : undefined;
    },
  });
  return step(
    "merits-end",
    "Take it back",
    "A person ends an app’s access at any time, and so does an org.",
    [again, link],
    () => badges.last("again") !== undefined,
    () => badges.state.memberId !== undefined,
  );
}
