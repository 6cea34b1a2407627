// `/login`: signs in with a passkey, by the button, or by picking one in the address field (conditional mediation).
import { leaveFor } from "./panel.ts";
import { hasPasskeys, prove, wordsFor } from "./webauthn.ts";

/** Before a challenge expires, after five minutes, the waiting request is made anew. */
const RENEWED_MS = 4 * 60_000;

for (const root of document.querySelectorAll<HTMLElement>("[data-passkey]")) start(root);

function start(root: HTMLElement): void {
  const button = root.querySelector<HTMLButtonElement>("[data-passkey-button]");
  const alert = root.querySelector<HTMLElement>("[data-passkey-alert]");
  if (!button || !alert || !hasPasskeys()) return;
  let waiting = new AbortController();

  const fail = (error: unknown) => {
    const words = wordsFor(error);
    alert.textContent = words ?? "";
    alert.hidden = words === undefined;
  };
  const attempt = async (mediation: CredentialMediationRequirement): Promise<boolean> => {
    const to = await prove(root.dataset["optionsUrl"] ?? "", root.dataset["url"] ?? "", mediation, waiting.signal);
    if (to === undefined) return false;
    leaveFor(to);
    return true;
  };
  const waitForChoice = async () => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    if (!document.querySelector('input[autocomplete~="webauthn"]')) return;
    const own = waiting;
    const renewal = setTimeout(() => {
      if (own !== waiting) return;
      waiting.abort();
      waiting = new AbortController();
      void waitForChoice();
    }, RENEWED_MS);
    try {
      if (await attempt("conditional")) return;
    } catch (error) {
      fail(error);
    }
    clearTimeout(renewal);
  };

  button.disabled = false;
  button.addEventListener("click", async () => {
    waiting.abort();
    waiting = new AbortController();
    alert.hidden = true;
    button.disabled = true;
    try {
      if (await attempt("optional")) return;
    } catch (error) {
      fail(error);
      alert.focus();
    }
    button.disabled = false;
    waiting = new AbortController();
    void waitForChoice();
  });
  void waitForChoice();
}
