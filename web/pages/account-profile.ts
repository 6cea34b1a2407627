// `/account/profile`: shows the picture that was chosen, and uploads it.
import { leaveFor } from "./panel.ts";

/** The largest file, in bytes; the server decides by what it receives. */
const LARGEST = 5 * 1024 * 1024;

const root = document.querySelector<HTMLElement>("[data-picture]");
if (root) start(root);

function start(root: HTMLElement): void {
  const input = root.querySelector<HTMLInputElement>("[data-picture-file]");
  const button = root.querySelector<HTMLButtonElement>("[data-picture-button]");
  const alert = root.querySelector<HTMLElement>("[data-picture-alert]");
  if (!input || !button || !alert) return;
  const fail = (words: string | undefined) => {
    alert.textContent = words ?? "";
    alert.hidden = words === undefined;
    if (words !== undefined) alert.focus();
  };
  const chosen = () => {
    const file = input.files?.[0];
    const isTooLarge = file !== undefined && file.size > LARGEST;
    fail(isTooLarge ? root.dataset["tooLarge"] : undefined);
    button.disabled = file === undefined || isTooLarge;
    if (file && !isTooLarge) preview(file);
  };
  input.disabled = false;
  input.addEventListener("change", chosen);
  // A browser that comes back keeps the file that was chosen.
  chosen();
  button.addEventListener("click", async () => {
    const file = input.files?.[0];
    if (!file) return;
    button.disabled = true;
    fail(await upload(root, file));
    button.disabled = false;
  });
}

/** Uploads the file and reloads the page; returns the words for a failure. */
async function upload(root: HTMLElement, file: File): Promise<string | undefined> {
  try {
    const response = await fetch(root.dataset["url"] ?? "", {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream", Accept: "application/json" },
      body: file,
      credentials: "same-origin",
      redirect: "error",
    });
    if (response.ok) {
      leaveFor(root.dataset["continueUrl"]);
      return undefined;
    }
    if (response.status === 413) return root.dataset["tooLarge"];
    return response.status === 400 ? root.dataset["refused"] : root.dataset["failed"];
  } catch {
    return root.dataset["failed"];
  }
}

function preview(file: File): void {
  const frame = document.querySelector<HTMLElement>("[data-preview]");
  if (!frame) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const image = new Image(96, 96);
    image.alt = "";
    // What is no picture is not shown; the server says so when it is uploaded.
    image.addEventListener("load", () => frame.replaceChildren(image));
    image.src = String(reader.result);
  });
  reader.readAsDataURL(file);
}
