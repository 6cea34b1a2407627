// `/account/key`: create a key or open one from a backup file, and add it to the signed-in account by its signature.
import { backupFile, backupFileName, readBackupFile, readBackupText } from "../wallet/backup.ts";
import { createKey } from "../wallet/create.ts";
import { SHORTEST_PASSWORD } from "../wallet/limits.ts";
import { prepared } from "../wallet/password.ts";
import { type UnlockedIdentity, addKeyRequest } from "../wallet/sign.ts";
import { storeKey } from "../wallet/storage.ts";
import { UnlockError, unlock } from "../wallet/unlock.ts";
import { issuerOf } from "./entrance.ts";
import { Panel, element, leaveFor } from "./panel.ts";
import { send } from "./send.ts";
import { text } from "./texts.ts";
import { wordsForOutcome, wordsForUnlock } from "./words.ts";

const panel = new Panel();
const password = element("new-password", HTMLInputElement);
const repeated = element("repeat-password", HTMLInputElement);
const importPassword = element("import-password", HTMLInputElement);
const importFile = element("import-file", HTMLInputElement);
const importText = element("import-text", HTMLTextAreaElement);
const download = element("download", HTMLAnchorElement);
const saved = element("saved", HTMLInputElement);
const goOn = element("go-on", HTMLButtonElement);

/** The key to be added, until the page is left. */
let key: { identity: UnlockedIdentity; encryptedBackup: string } | undefined;

const issuer = issuerOf(panel);
if (issuer !== undefined) start(issuer);

function start(issuer: string): void {
  panel.on("import", () => panel.show("import", importFile));
  panel.on("create", () => panel.show("create", password));
  panel.on("continue", () => confirm());
  panel.on("add", () => panel.busy(text("adding-key"), () => add(issuer)));
  panel.onSubmit(element("create", HTMLFormElement), () => create(issuer));
  panel.onSubmit(element("import", HTMLFormElement), open);
  download.addEventListener("click", () => {
    saved.disabled = false;
    panel.tell(text("saving"));
  });
  saved.addEventListener("change", () => {
    goOn.disabled = !saved.checked;
  });
  panel.show("create", password);
}

async function create(issuer: string): Promise<void> {
  const chosen = prepared(password.value);
  if (chosen.length < SHORTEST_PASSWORD) {
    return panel.fail(text("password-too-short", { count: SHORTEST_PASSWORD }), password);
  }
  if (chosen !== prepared(repeated.value)) return panel.fail(text("passwords-differ"), repeated);
  await panel.busy(text("creating-key"), async () => {
    const made = await createKey(chosen, `Sigma key for ${new URL(issuer).host}`);
    key = made;
    password.value = "";
    repeated.value = "";
    const name = backupFileName(made.identity.bapId, new Date());
    download.href = URL.createObjectURL(backupFile(made.encryptedBackup));
    download.download = name;
    for (const node of document.querySelectorAll("[data-file-name]")) node.textContent = name;
    panel.show("backup", element("backup-title", HTMLElement));
  });
}

async function open(): Promise<void> {
  const [file] = importFile.files ?? [];
  const backup = file ? await readBackupFile(file) : readBackupText(importText.value);
  if (!file && importText.value === "") return panel.fail(text("choose-file"), importFile);
  if (!backup) return panel.fail(text(file ? "file-is-no-backup" : "text-is-no-backup"), file ? importFile : importText);
  if (importPassword.value === "") return panel.fail(text("enter-password"), importPassword);
  await panel.busy(text("unlocking"), async () => {
    try {
      const [identity] = await unlock(backup, importPassword.value);
      if (!identity) return panel.fail(text("backup-without-key"));
      key = { identity, encryptedBackup: backup };
    } catch (error) {
      if (!(error instanceof UnlockError)) throw error;
      return panel.fail(wordsForUnlock(error.problem), error.problem === "wrong-password" ? importPassword : null);
    }
    importPassword.value = "";
    importText.value = "";
    confirm();
  });
}

function confirm(): void {
  if (!key) return;
  for (const node of document.querySelectorAll("[data-new-key]")) node.textContent = key.identity.pubkey;
  panel.show("confirm", element("confirm-title", HTMLElement));
}

async function add(issuer: string): Promise<void> {
  if (!key) return;
  const retire = document.getElementById("retire");
  const retiresOthers = retire instanceof HTMLInputElement && retire.checked;
  const request = addKeyRequest(issuer, key.identity, panel.data("userId") ?? "", retiresOthers);
  const outcome = await send(request);
  if (outcome.kind !== "signed-in") {
    const code = outcome.kind === "refused" ? outcome.code : undefined;
    if (code === "KEY_TAKEN") return panel.fail(text("key-taken"));
    if (code === "SIGN_IN_AGAIN") return panel.fail(text("sign-in-again"));
    return panel.fail(outcome.kind === "no-account" ? text("key-refused") : wordsForOutcome(outcome));
  }
  storeKey(key.encryptedBackup, { name: key.identity.name, bapId: key.identity.bapId });
  panel.tell(text("key-added"));
  leaveFor(panel.data("continueUrl"));
  await new Promise(() => {});
}
