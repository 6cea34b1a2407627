// Step 6: ending the session with all its tokens.

import { actionView } from "../action.ts";
import type { Step } from "../playground.ts";
import { actionsStep } from "./step.ts";
import { withoutSession, type Tenancy } from "./tenancy.ts";

/** The last step. */
export function logOutStep(tenancy: Tenancy): Step {
  const end = actionView({
    title: "Log out",
    about: "Try the token in step 2 or as a proxy in step 4 afterwards: it is refused, although it has not expired.",
    label: "Log out",
    blocked: () => withoutSession(tenancy) ?? (tenancy.session?.over ? "This session has ended. Log in again in step 1." : undefined),
    run: async () => {
      const { answer } = await tenancy.send("log-out", "POST", "/auth/logout", { credential: "token" });
      if (answer?.status === 204 && tenancy.session) tenancy.session.over = true;
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["log-out"],
  });
  return actionsStep(tenancy, {
    id: "ws-log-out",
    title: "Log out",
    about: "A session ends when its user logs out, is deactivated or removed, or after 30 days.",
    actions: [end],
    done: () => tenancy.session?.over === true,
  });
}
