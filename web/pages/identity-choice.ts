// The choice among the identities of a backup.
import type { UnlockedIdentity } from "../wallet/sign.ts";
import { text } from "./texts.ts";

/** A button for each identity, which runs `pick` with it. */
export function identityChoices(identities: UnlockedIdentity[], pick: (identity: UnlockedIdentity) => void): HTMLElement[] {
  return identities.map((identity) => {
    const button = document.createElement("button");
    const words = document.createElement("span");
    const name = document.createElement("strong");
    const id = document.createElement("span");
    button.type = "button";
    button.className = "choice";
    words.className = "choice-words";
    id.className = "mono quiet";
    name.textContent = identity.name || text("identity-unnamed");
    id.textContent = identity.bapId;
    words.append(name, id);
    button.append(words);
    button.addEventListener("click", () => pick(identity));
    return button;
  });
}
