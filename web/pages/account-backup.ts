// `/account/backup`: stores the encrypted backup of the key on this device, if it is one of the account's identities. The
// rest of the page works without a script.
import { forgetCopy, hashOf, knownCopy, rememberCopy, storeCopy } from "../wallet/server-copy.ts";
import { storedKey } from "../wallet/storage.ts";
import { element } from "./panel.ts";
import { text } from "./texts.ts";

const offer = element("offer", HTMLElement);
const status = element("offer-status", HTMLElement);
const button = element("store", HTMLButtonElement);

/** The hash of the current version on the server, of each identity of the account; empty without a backup. */
const current = new Map(
  [...document.querySelectorAll<HTMLElement>("[data-bap-id]")].map(({ dataset }) => [dataset["bapId"], dataset["hash"] ?? ""]),
);

const stored = storedKey();
const bapId = stored?.hint?.bapId;
if (stored && bapId !== undefined && current.has(bapId)) void start(stored.encryptedBackup, bapId);

async function start(encryptedBackup: string, bapId: string): Promise<void> {
  const hash = await hashOf(encryptedBackup);
  const onServer = current.get(bapId);
  // The page knows better than this browser whether the person still wants a copy.
  if (onServer === "" && knownCopy()?.bapId === bapId) forgetCopy();
  if (onServer === hash) return rememberCopy({ bapId, hash });
  offer.hidden = false;
  button.addEventListener("click", () => void store(encryptedBackup, bapId));
}

async function store(encryptedBackup: string, bapId: string): Promise<void> {
  button.disabled = true;
  status.textContent = text("storing");
  if (await storeCopy(bapId, encryptedBackup)) return location.replace("/account/backup?done=stored");
  button.disabled = false;
  status.textContent = text("not-stored");
}
