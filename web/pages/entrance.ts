// The last step of both wallet pages: send the signed request, and go on or say why not.
import type { SignedRequest } from "../wallet/sign.ts";
import { type Panel, leaveFor } from "./panel.ts";
import { type Outcome, send } from "./send.ts";
import { wordsForOutcome } from "./words.ts";

/** The address that signatures name, if this page was opened there; else says so and gives nothing. */
export function issuerOf(panel: Panel): string | undefined {
  const issuer = panel.data("issuer") ?? "";
  if (!window.isSecureContext) {
    panel.fail("This page was opened over an insecure connection, on which browsers do not handle keys. Open it with https.");
    return undefined;
  }
  if (new URL(issuer).origin === location.origin) return issuer;
  panel.fail(`This server’s address is ${issuer}, not ${location.origin}. Please open that address.`);
  return undefined;
}

/** Sends the request. On success leaves for where the page was to lead; what else there is to do is the caller's. */
export async function enter(panel: Panel, request: SignedRequest, signedIn: (name?: string) => void): Promise<Outcome> {
  const outcome = await send(request);
  if (outcome.kind === "signed-in") {
    signedIn(outcome.name);
    rememberMethod();
    panel.tell("Signed in. One moment…");
    leaveFor(panel.data("continueUrl"));
    // The page is being left; nothing is to be pressed meanwhile.
    await new Promise(() => {});
  } else if (outcome.kind !== "no-account") {
    panel.fail(wordsForOutcome(outcome));
  }
  return outcome;
}

/** The sign-in page shows first what worked last in this browser; the cookie says nothing of who signed in. */
function rememberMethod(): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `sigma.method=key; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}
