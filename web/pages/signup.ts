// `/signup`: create a key, encrypt it with a password, save its backup, and create an account with it.
import { backupFile, backupFileName } from "../wallet/backup.ts";
import { type NewKey, createKey } from "../wallet/create.ts";
import { SHORTEST_PASSWORD } from "../wallet/limits.ts";
import { prepared } from "../wallet/password.ts";
import { storeCopy } from "../wallet/server-copy.ts";
import { signUpRequest } from "../wallet/sign.ts";
import { storeKey, storedKey } from "../wallet/storage.ts";
import { type Strength, strengthOf } from "../wallet/strength.ts";
import { enter, issuerOf } from "./entrance.ts";
import { Panel, element, toggle } from "./panel.ts";
import { text } from "./texts.ts";

const panel = new Panel();
const password = element("new-password", HTMLInputElement);
const repeated = element("repeat-password", HTMLInputElement);
const strength = element("new-password-strength", HTMLElement);
const download = element("download", HTMLAnchorElement);
const saved = element("saved", HTMLInputElement);
const keepCopy = element("keep-copy", HTMLInputElement);
const goOn = element("go-on", HTMLButtonElement);

let key: NewKey | undefined;

const STRENGTH_WORDS: Record<Strength, string> = {
  none: "",
  "too-short": text("strength-too-short", { count: SHORTEST_PASSWORD }),
  weak: text("strength-weak"),
  fair: text("strength-fair"),
  strong: text("strength-strong"),
};

const issuer = issuerOf(panel);
if (issuer !== undefined) start(issuer);

function start(issuer: string): void {
  panel.on("replace", () => showCreate());
  password.addEventListener("input", () => {
    const judged = strengthOf(prepared(password.value));
    strength.dataset["strength"] = judged;
    strength.textContent = STRENGTH_WORDS[judged];
  });
  panel.onSubmit(element("create", HTMLFormElement), () => create(issuer));
  download.addEventListener("click", () => {
    saved.disabled = false;
    panel.tell(text("saving"));
  });
  saved.addEventListener("change", () => {
    goOn.disabled = !saved.checked;
  });
  panel.on("continue", () => panel.busy(text("creating-account"), () => enroll(issuer)));

  const stored = storedKey();
  if (!stored) return showCreate();
  panel.name(stored.hint);
  toggle("[data-sign-in]", false);
  panel.show("existing");
}

function showCreate(): void {
  toggle("[data-sign-in]", true);
  panel.show("create", password);
}

async function create(issuer: string): Promise<void> {
  const chosen = prepared(password.value);
  if (chosen === "") return panel.fail(text("choose-password"), password);
  if (chosen.length < SHORTEST_PASSWORD) {
    return panel.fail(text("password-too-short", { count: SHORTEST_PASSWORD }), password);
  }
  if (chosen !== prepared(repeated.value)) return panel.fail(text("passwords-differ"), repeated);
  await panel.busy(text("creating-key"), async () => {
    key = await createKey(chosen, `Sigma key for ${new URL(issuer).host}`);
    password.value = "";
    repeated.value = "";
    offerBackup(key);
  });
}

/** Until the key is on this device, leaving the page loses it. */
function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Continuing requires that the file was downloaded and the user confirms having it. */
function offerBackup({ identity, encryptedBackup }: NewKey): void {
  const name = backupFileName(identity.bapId, new Date());
  download.href = URL.createObjectURL(backupFile(encryptedBackup));
  download.download = name;
  for (const node of document.querySelectorAll("[data-file-name]")) node.textContent = name;
  mark("backup");
  toggle("[data-sign-in]", false);
  addEventListener("beforeunload", askBeforeLeaving);
  panel.show("backup", element("backup-title", HTMLElement));
}

async function enroll(issuer: string): Promise<void> {
  if (!key || !saved.checked) return;
  const { identity, encryptedBackup } = key;
  mark("done");
  const kept = storeKey(encryptedBackup, { name: identity.name, bapId: identity.bapId });
  if (kept) removeEventListener("beforeunload", askBeforeLeaving);
  const outcome = await enter(panel, signUpRequest(issuer, identity), async (name) => {
    removeEventListener("beforeunload", askBeforeLeaving);
    storeKey(encryptedBackup, { name: name ?? identity.name, bapId: identity.bapId });
    // The file is saved: without the copy, or if it fails, nothing is lost. The account page offers it again.
    if (keepCopy.checked) await storeCopy(identity.bapId, encryptedBackup);
  });
  if (outcome.kind === "no-account") panel.fail(text("no-new-accounts"));
}

function mark(step: string): void {
  for (const item of document.querySelectorAll<HTMLElement>("[data-step-mark]")) {
    if (item.dataset["stepMark"] === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}
