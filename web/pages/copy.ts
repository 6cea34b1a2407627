// Copy buttons: each copies a field's text to the clipboard. Without a clipboard the button is hidden.
import { text } from "./texts.ts";

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  const id = button.dataset["copy"] ?? "";
  const field = document.getElementById(id);
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) continue;
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const status = document.querySelector<HTMLElement>(`[data-copied="${id}"]`);
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(field.value).then(
      () => true,
      () => false,
    );
    if (!copied) field.select();
    if (status) status.textContent = text(copied ? "copied" : "copy-marked");
  });
}
