// Step 2: the token's claims, the caller according to the server, and a refresh.

import { actionView } from "../action.ts";
import { copyButton, h, json, replace, verdict } from "../dom.ts";
import { objectOf } from "../exchange.ts";
import { half } from "../exchange-view.ts";
import { decode } from "../jwt.ts";
import type { Step } from "../playground.ts";
import { actionsStep } from "./step.ts";
import { alive, times } from "../token-view.ts";
import { withoutSession, type Tenancy } from "./tenancy.ts";

/** The second step. */
export function tokenStep(tenancy: Tenancy): Step {
  const decoded = h("div");
  const me = actionView({
    title: "Who am I?",
    about: "The caller of a token or key, with their current permissions.",
    label: "Request caller",
    blocked: () => withoutSession(tenancy),
    run: async () => {
      await tenancy.send("me", "GET", "/auth/me", { credential: "token" });
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["me"],
  });
  const refresh = actionView({
    title: "Refresh",
    about: "A new token with the current role for the same session: jti stays. The old token stays valid until it expires.",
    label: "Refresh token",
    blocked: () => withoutSession(tenancy),
    run: async () => {
      const body = { token: tenancy.session?.token ?? "" };
      const { answer } = await tenancy.send("refresh", "POST", "/auth/refresh", { credential: "none", body });
      const token = answer?.status === 200 ? objectOf(answer)?.["token"] : undefined;
      if (tenancy.session && typeof token === "string") tenancy.session.token = token;
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["refresh"],
  });
  return actionsStep(tenancy, {
    id: "ws-token",
    title: "The token",
    about: "Logging in returns a token for one workspace, valid for a day.",
    before: decoded,
    actions: [me, refresh],
    done: () => Boolean(tenancy.exchanges["me"] ?? tenancy.exchanges["refresh"]),
    prepare: () => replace(decoded, tenancy.session && tokenView(tenancy)),
  });
}

function tokenView(tenancy: Tenancy): HTMLElement {
  const token = tenancy.session?.token ?? "";
  const jwt = decode(token);
  if (!jwt) return h("p", { class: "note bad" }, "This is not a JSON Web Token.");
  const [head = "", body = "", tail = ""] = token.split(".");
  const command = `${tenancy.demo.admin} workspace secret ${tenancy.session?.user.workspaceId ?? ""}`;
  return h(
    "div",
    { class: "pair" },
    half(
      "Raw",
      [
        h("pre", {}, h("code", {},
          h("span", { class: "jwt-head" }, head), ".", h("span", { class: "jwt-body" }, body), ".", h("span", { class: "jwt-tail" }, tail),
        )),
        h("h5", {}, "How services check it"),
        h("ul", { class: "verdicts" },
          verdict("ok", "Offline: HS256 with the secret of this workspace, and exp"),
          verdict("ok", "Or by asking the server, which also knows whether the session has ended: step 4"),
        ),
        h("p", { class: "hint" }, "The secret is only for services of this workspace. The operator prints it:"),
        h("pre", {}, h("code", {}, command)),
      ],
      copyButton("Copy", () => token),
    ),
    half("Claims", [
      h(
        "ul",
        { class: "verdicts" },
        tenancy.session?.over ? verdict("bad", "logged out: the server refuses it") : alive(jwt.claims),
      ),
      h("h5", {}, "Header"),
      json(jwt.header),
      h("h5", {}, "Claims"),
      json(jwt.claims),
      times(jwt.claims),
    ]),
  );
}
