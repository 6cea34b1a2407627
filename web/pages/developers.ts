// `/developers/new`: makes the Bitcoin key of an app. The private key is shown once and never leaves the page.
import { PrivateKey } from "@bsv/sdk";

const field = document.getElementById("key-field");
const input = document.getElementById("pubkey");
const button = document.getElementById("make-key");
const made = document.getElementById("made-key");
const shown = document.getElementById("made-key-text");
const kinds = document.querySelectorAll<HTMLInputElement>('input[name="kind"]');

/** The key belongs to one kind of app alone. */
function showField(): void {
  if (!field) return;
  field.hidden = ![...kinds].some((kind) => kind.checked && kind.value === "bitcoin");
}

for (const kind of kinds) kind.addEventListener("change", showField);
showField();

if (input instanceof HTMLInputElement && button instanceof HTMLButtonElement && made && shown) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const key = PrivateKey.fromRandom();
    input.value = key.toPublicKey().toString();
    shown.textContent = `SIGMA_MEMBER_PRIVATE_KEY=${key.toWif()}`;
    made.hidden = false;
    shown.focus();
  });
}
