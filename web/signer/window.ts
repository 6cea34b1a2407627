// The signer in a window of its own, which its frame opened because it sees no storage. It asks, signs, and answers the frame.
import { type Panel } from "../pages/panel.ts";
import { wordsForUnlock } from "../pages/words.ts";
import { storedKey } from "../wallet/storage.ts";
import type { UnlockError } from "../wallet/unlock.ts";
import { text } from "../pages/texts.ts";
import type { Config } from "./config.ts";
import { Prompt, describe, onTrustedClick } from "./prompt.ts";
import type { ToFrame, ToWindow } from "./relay.ts";
import { type AppRequest, type Screen, Session } from "./session.ts";
import { ownStorage } from "./storage.ts";

/** Serves the frame that opened this window. */
export function serveWindow(panel: Panel, frame: Window, { reserved }: Config): void {
  const keys = new Map<AppRequest, number>();
  const post = (message: ToFrame) => frame.postMessage(message, { targetOrigin: location.origin });
  const take = (request: AppRequest) => {
    const key = keys.get(request) ?? 0;
    keys.delete(request);
    return key;
  };
  const attend = (request: AppRequest) => {
    describe(request);
    post({ sigma: "attention", key: keys.get(request) ?? 0 });
    window.focus();
  };
  const screen: Screen = {
    ask(request, isLocked) {
      attend(request);
      prompt.ask(request, isLocked, storedKey(ownStorage())?.hint);
    },
    absent(request) {
      attend(request);
      panel.name({ name: "", bapId: request.bapId });
      panel.show("absent", document.getElementById("absent-title"));
    },
    keyless(request) {
      attend(request);
      panel.show("none", document.getElementById("none-title"));
    },
    rest() {
      prompt.rest();
      panel.show("done", document.getElementById("done-title"));
      post({ sigma: "rest" });
    },
    failUnlock: (error: UnlockError) => prompt.fail(wordsForUnlock(error.problem)),
  };
  const answering = {
    answer: (request: AppRequest, result: Extract<ToFrame, { sigma: "answer" }>["result"]) =>
      post({ sigma: "answer", key: take(request), result }),
    refuse: (request: AppRequest, refusal: Extract<ToFrame, { sigma: "refusal" }>["refusal"]) =>
      post({ sigma: "refusal", key: take(request), refusal }),
  };
  const session = new Session(screen, answering, reserved, ownStorage());
  const prompt = new Prompt(panel, {
    allow: (password, isRemembered) => void prompt.busy(text("one-moment"), () => session.allow(password, isRemembered)),
    deny: () => session.deny(),
  });
  onTrustedClick("close-window", () => window.close());
  addEventListener("message", (event: MessageEvent<ToWindow>) => {
    if (event.source !== frame || event.origin !== location.origin) return;
    const message = event.data;
    if (message.sigma === "bye") return window.close();
    if (message.sigma !== "ask") return;
    keys.set(message.request, message.key);
    session.submit(message.request);
  });
  post({ sigma: "ready" });
}
