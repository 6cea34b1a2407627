// The last step of both wallet pages: send the signed request, and continue or show the error.
import type { SignedRequest } from "../wallet/sign.ts";
import { type Panel, leaveFor } from "./panel.ts";
import { type Outcome, send } from "./send.ts";
import { text } from "./texts.ts";
import { wordsForOutcome } from "./words.ts";

/** The issuer, which signatures name, if this page was opened at that address; otherwise shows an error. */
export function issuerOf(panel: Panel): string | undefined {
  const issuer = panel.data("issuer") ?? "";
  if (!window.isSecureContext) {
    panel.fail(text("insecure"));
    return undefined;
  }
  if (new URL(issuer).origin === location.origin) return issuer;
  panel.fail(text("other-address", { issuer, origin: location.origin }));
  return undefined;
}

/**
 * Sends the request. On success runs `signedIn`, which must not fail, and navigates to the page's destination; other
 * outcomes are left to the caller.
 */
export async function enter(
  panel: Panel,
  request: SignedRequest,
  signedIn: (name?: string) => void | Promise<void>,
): Promise<Outcome> {
  const outcome = await send(request);
  if (outcome.kind === "signed-in") {
    await signedIn(outcome.name);
    rememberMethod();
    panel.tell(text("signed-in"));
    leaveFor(panel.data("continueUrl"));
    // The page is being left: keep the buttons disabled.
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
