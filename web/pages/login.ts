// `/login`: unlock the key on this device, or import one from a backup file, and sign in with it.
import { readBackupFile, readBackupText } from "../wallet/backup.ts";
import { refreshCopy } from "../wallet/server-copy.ts";
import { type UnlockedIdentity, signInRequest, signUpRequest } from "../wallet/sign.ts";
import { forgetKey, storeKey, storedKey } from "../wallet/storage.ts";
import { UnlockError, unlock } from "../wallet/unlock.ts";
import { enter, issuerOf } from "./entrance.ts";
import { identityChoices } from "./identity-choice.ts";
import { Panel, element, toggle } from "./panel.ts";
import { text } from "./texts.ts";
import { wordsForUnlock } from "./words.ts";

const panel = new Panel();
const unlockPassword = element("unlock-password", HTMLInputElement);
const importPassword = element("import-password", HTMLInputElement);
const importTitle = element("import-title", HTMLElement);
const importFile = element("import-file", HTMLInputElement);
const importText = element("import-text", HTMLTextAreaElement);

/** The unlocked identities, until the page is left. */
interface Unlocked {
  encryptedBackup: string;
  identities: UnlockedIdentity[];
  chosen: UnlockedIdentity | undefined;
}
let unlocked: Unlocked | undefined;

const issuer = issuerOf(panel);
if (issuer !== undefined) start(issuer);

function start(issuer: string): void {
  const showUnlock = () => {
    panel.name(storedKey()?.hint);
    panel.show("unlock", unlockPassword);
    toggle("[data-sign-up]", true);
  };
  const showImport = (focus: HTMLElement | null) => {
    unlocked = undefined;
    const stored = storedKey() !== undefined;
    toggle("[data-newcomer]", !stored);
    toggle('[data-action="back"]', stored);
    panel.show("import", focus);
    toggle("[data-sign-up]", stored);
  };

  panel.on("use-another", () => showImport(importTitle));
  panel.on("back", showUnlock);
  panel.on("keep", showUnlock);
  panel.on("forget", () => panel.show("forget", element("forget-title", HTMLElement)));
  panel.on("forget-now", () => {
    forgetKey();
    showImport(importTitle);
    panel.tell(text("forgotten"));
  });
  panel.on("enroll", () => panel.busy(text("creating-account"), () => enroll(issuer)));

  panel.onSubmit(element("unlock", HTMLFormElement), async () => {
    const stored = storedKey();
    if (!stored) return showImport(null);
    await open(issuer, stored.encryptedBackup, unlockPassword);
  });
  panel.onSubmit(element("import", HTMLFormElement), async () => {
    const [file] = importFile.files ?? [];
    const backup = file ? await readBackupFile(file) : readBackupText(importText.value);
    if (!file && importText.value === "") return panel.fail(text("choose-file"), importFile);
    if (!backup && file) return panel.fail(text("file-is-no-backup"), importFile);
    if (!backup) return panel.fail(text("text-is-no-backup"), importText);
    await open(issuer, backup, importPassword);
  });

  if (storedKey()) showUnlock();
  else showImport(null);
}

/** Decrypts a backup and signs in with its identity: the expected one, the only one, or the one that the user picks. */
async function open(issuer: string, encryptedBackup: string, password: HTMLInputElement): Promise<void> {
  if (password.value === "") return panel.fail(text("enter-password"), password);
  await panel.busy(text("unlocking"), async () => {
    try {
      const identities = await unlock(encryptedBackup, password.value);
      unlocked = { encryptedBackup, identities, chosen: undefined };
    } catch (error) {
      if (!(error instanceof UnlockError)) throw error;
      return panel.fail(wordsForUnlock(error.problem), error.problem === "wrong-password" ? password : null);
    }
    const chosen = expectedIdentity(unlocked.identities);
    if (chosen) await signIn(issuer, chosen);
    else offerIdentities(issuer, unlocked.identities);
  });
}

function expectedIdentity(identities: UnlockedIdentity[]): UnlockedIdentity | undefined {
  const hints = [panel.data("bapIdHint"), panel.data("loginHint")];
  const [only, ...others] = identities;
  return identities.find(({ bapId }) => hints.includes(bapId)) ?? (others.length === 0 ? only : undefined);
}

async function signIn(issuer: string, identity: UnlockedIdentity): Promise<void> {
  if (!unlocked) return;
  unlocked.chosen = identity;
  panel.tell(text("signing-in"));
  const outcome = await enter(panel, signInRequest(issuer, identity), remember);
  // On any other failure the password stays in its field, so that trying again takes one click.
  if (outcome.kind !== "no-account") return;
  clearSecrets();
  panel.show("unknown", element("unknown-title", HTMLElement));
}

async function enroll(issuer: string): Promise<void> {
  if (unlocked?.chosen) await enter(panel, signUpRequest(issuer, unlocked.chosen), remember);
}

/** Keeps the encrypted backup for next time, and the copy on the server up to date. */
async function remember(name?: string): Promise<void> {
  clearSecrets();
  if (!unlocked?.chosen) return;
  const { encryptedBackup, chosen } = unlocked;
  storeKey(encryptedBackup, { name: name ?? chosen.name, bapId: chosen.bapId });
  await refreshCopy(chosen.bapId, encryptedBackup);
}

function clearSecrets(): void {
  for (const field of [unlockPassword, importPassword, importText]) field.value = "";
}

function offerIdentities(issuer: string, identities: UnlockedIdentity[]): void {
  clearSecrets();
  const pick = (identity: UnlockedIdentity) => void panel.busy(text("signing-in"), () => signIn(issuer, identity));
  element("identity-choices", HTMLElement).replaceChildren(...identityChoices(identities, pick));
  panel.show("identity", element("identity-title", HTMLElement));
}
