// `/account` and the page that asks for a second factor: adds a passkey, offers one after a password sign-in, and keeps the
// password manager up to date.
import { leaveFor } from "./panel.ts";
import { text } from "./texts.ts";
import { createsSilently, hasPasskeys, register, tellManager, wordsFor } from "./webauthn.ts";

for (const root of document.querySelectorAll<HTMLElement>("[data-add-passkey]")) start(root);
for (const root of document.querySelectorAll<HTMLElement>("[data-accepted-passkeys]")) tell(root);

function start(root: HTMLElement): void {
  const button = root.querySelector<HTMLButtonElement>("[data-passkey-button]");
  const alert = root.querySelector<HTMLElement>("[data-passkey-alert]");
  const name = root.querySelector<HTMLInputElement>("[data-passkey-name]");
  if (!button || !alert) return;
  const fail = (words: string | undefined) => {
    alert.textContent = words ?? "";
    alert.hidden = words === undefined;
  };
  if (!hasPasskeys()) return fail(text("no-passkeys"));
  const url = root.dataset["url"] ?? "";
  const add = async (mediation?: "conditional") => {
    if (await register(url, name?.value.trim() ?? "", mediation)) leaveFor(root.dataset["continueUrl"]);
  };
  button.disabled = false;
  button.addEventListener("click", async () => {
    fail(undefined);
    button.disabled = true;
    try {
      await add();
    } catch (error) {
      fail(wordsFor(error));
      alert.focus();
    }
    button.disabled = false;
  });
  if (root.dataset["offer"] === "true") void offer(add);
}

/** Right after a sign-in with a password, password managers may turn it into a passkey without asking (conditional create). */
async function offer(add: (mediation: "conditional") => Promise<void>): Promise<void> {
  try {
    if (await createsSilently()) await add("conditional");
  } catch {
    // It was only an offer.
  }
}

/** Lets the password manager forget passkeys that were removed here. */
function tell(root: HTMLElement): void {
  if (!hasPasskeys()) return;
  void tellManager("signalAllAcceptedCredentials", {
    rpId: root.dataset["rpId"],
    userId: root.dataset["userHandle"],
    allAcceptedCredentialIds: (root.dataset["acceptedPasskeys"] ?? "").split(" ").filter((id) => id !== ""),
  });
}
