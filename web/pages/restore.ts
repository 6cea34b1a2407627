// `/restore` and `/oauth-restore`: fetch the encrypted backup, open it with its password in this browser, sign in with the
// key, and keep it on this device.
import { type FetchProblem, fetchCopy, hashOf, rememberCopy } from "../wallet/server-copy.ts";
import { type UnlockedIdentity, signInRequest } from "../wallet/sign.ts";
import { storeKey, storedKey } from "../wallet/storage.ts";
import { UnlockError, unlock } from "../wallet/unlock.ts";
import { enter, issuerOf } from "./entrance.ts";
import { identityChoices } from "./identity-choice.ts";
import { Panel, element, toggle } from "./panel.ts";
import { text } from "./texts.ts";
import { wordsForUnlock } from "./words.ts";

const panel = new Panel();
const password = element("restore-password", HTMLInputElement);

/** What was fetched: once only, as a restore ticket allows. Wrong passwords are tried on it again. */
let fetched: { encryptedBackup: string; bapId: string } | undefined;

const PROBLEMS: Record<FetchProblem, string> = {
  "not-entitled": text("restore-not-entitled"),
  none: text("restore-none"),
  limited: text("restore-limited"),
  unavailable: text("offline"),
};

const issuer = issuerOf(panel);
if (issuer !== undefined) start(issuer);

function start(issuer: string): void {
  toggle("[data-existing]", storedKey() !== undefined);
  panel.onSubmit(element("open", HTMLFormElement), () => open(issuer));
  panel.show("open", password);
}

/** The identity whose backup is wanted, of those on the page; or the account at the provider. */
function wanted(): { bapId: string } | { oauthId: string } {
  const oauthId = panel.data("oauthId");
  if (oauthId !== undefined) return { oauthId };
  const chosen = document.querySelector<HTMLInputElement>('input[name="bapId"]:checked');
  return { bapId: chosen?.value ?? panel.data("bapId") ?? "" };
}

async function open(issuer: string): Promise<void> {
  if (password.value === "") return panel.fail(text("restore-password"), password);
  await panel.busy(text("restore-opening"), async () => {
    const query = wanted();
    if (!fetched || ("bapId" in query && query.bapId !== fetched.bapId)) {
      const answer = await fetchCopy(query);
      if (typeof answer === "string") {
        panel.fail(PROBLEMS[answer]);
        toggle("[data-again]", answer === "not-entitled");
        return;
      }
      fetched = answer;
    }
    let identities: UnlockedIdentity[];
    try {
      identities = await unlock(fetched.encryptedBackup, password.value);
    } catch (error) {
      if (!(error instanceof UnlockError)) throw error;
      return panel.fail(wordsForUnlock(error.problem), error.problem === "wrong-password" ? password : null);
    }
    const { bapId } = fetched;
    const [only, ...others] = identities;
    const expected = identities.find((identity) => identity.bapId === bapId) ?? (others.length === 0 ? only : undefined);
    if (expected) return signIn(issuer, expected);
    const pick = (identity: UnlockedIdentity) => void panel.busy(text("signing-in"), () => signIn(issuer, identity));
    element("identity-choices", HTMLElement).replaceChildren(...identityChoices(identities, pick));
    panel.show("identity", element("identity-title", HTMLElement));
  });
}

async function signIn(issuer: string, identity: UnlockedIdentity): Promise<void> {
  panel.tell(text("signing-in"));
  const outcome = await enter(panel, signInRequest(issuer, identity), async (name) => {
    password.value = "";
    if (!fetched) return;
    storeKey(fetched.encryptedBackup, { name: name ?? identity.name, bapId: identity.bapId });
    rememberCopy({ bapId: fetched.bapId, hash: await hashOf(fetched.encryptedBackup) });
  });
  if (outcome.kind === "no-account") panel.fail(text("restore-key-removed"));
}
