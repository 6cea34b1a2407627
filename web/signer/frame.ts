// The signer in a frame on an app's page. It listens to that page alone, and only if its origin was declared.
import { type Panel } from "../pages/panel.ts";
import { wordsForUnlock } from "../pages/words.ts";
import { storedKey } from "../wallet/storage.ts";
import type { UnlockError } from "../wallet/unlock.ts";
import { Allowance } from "./allowance.ts";
import { text } from "../pages/texts.ts";
import type { Config } from "./config.ts";
import { Prompt, describe, onTrustedClick } from "./prompt.ts";
import { HERE, type Refusal, type Showing, read, refuse, reply, show } from "./protocol.ts";
import { Relay } from "./relay.ts";
import { type AppRequest, PATIENCE_MS, type Screen, Session } from "./session.ts";
import { askForStorage, ownStorage, storageAtHand } from "./storage.ts";

/** Messages that the app's page may send at once, and each second. */
const BURST = 400;
const PER_SECOND = 50;

/** Serves the page that embeds this one. */
export function serveFrame(panel: Panel, { origins, reserved }: Config): void {
  const app = window.parent;
  const post = (origin: string, message: unknown) => app.postMessage(message, { targetOrigin: origin });
  const allowance = new Allowance(BURST, PER_SECOND, performance.now());
  let identity: { origin: string; bapId: string } | undefined;
  let storage = ownStorage();
  let showsTo: AppRequest | undefined;

  const appear = (request: AppRequest, showing: Showing) => {
    showsTo = request;
    post(request.origin, show(request.to.dialect.name, showing));
  };
  const answering = {
    answer: (request: AppRequest, result: Parameters<typeof reply>[1]) => post(request.origin, reply(request.to, result)),
    refuse: (request: AppRequest, refusal: Refusal) => post(request.origin, refuse(request.to, refusal)),
  };
  const rest = () => {
    prompt.rest();
    panel.show("");
    if (showsTo) post(showsTo.origin, show(showsTo.to.dialect.name, "hidden"));
    showsTo = undefined;
  };
  const screen: Screen = {
    ask(request, isLocked) {
      appear(request, isLocked ? "password" : "permission");
      prompt.ask(request, isLocked, storedKey(storage)?.hint);
    },
    absent(request) {
      appear(request, "permission");
      describe(request);
      panel.name({ name: "", bapId: request.bapId });
      panel.show("absent", document.getElementById("absent-title"));
    },
    keyless(request) {
      appear(request, "permission");
      describe(request);
      panel.show("elsewhere", document.getElementById("elsewhere-title"));
    },
    rest,
    failUnlock: (error: UnlockError) => prompt.fail(wordsForUnlock(error.problem)),
  };

  let session: Session | undefined;
  const relay = new Relay(answering, {
    attention(request) {
      appear(request, "permission");
      describe(request);
      panel.show("waiting", document.getElementById("waiting-title"));
    },
    rest,
  });
  const prompt = new Prompt(panel, {
    allow: (password, isRemembered) =>
      void prompt.busy(text("one-moment"), async () => session?.allow(password, isRemembered)),
    deny: () => (relay.isOpen ? relay.close() : session?.deny()),
  });

  const ready = storageAtHand().then((found) => {
    storage = found;
    session = new Session(screen, answering, reserved, found);
    return session;
  });
  const openWindow = () => {
    if (!session || !relay.open()) return panel.fail(text("blocked"));
    for (const request of session.handOver()) relay.submit(request);
  };
  onTrustedClick("continue", () => {
    void askForStorage().then((found) => {
      if (!found) return openWindow();
      storage = found;
      session?.use(found);
    });
  });
  onTrustedClick("open-window", openWindow);
  onTrustedClick("show-window", () => relay.focus());

  const submit = (request: AppRequest) => {
    if (relay.isOpen) relay.submit(request);
    else void ready.then((opened) => opened.submit(request));
  };
  addEventListener("message", (event) => {
    if (event.source !== app || !origins.includes(event.origin) || !allowance.take(performance.now())) return;
    const incoming = read(event.data);
    if (!incoming) return;
    const { origin } = event;
    if (incoming.what === "identity") {
      identity = { origin, bapId: incoming.bapId };
    } else if (incoming.what === "bad") {
      post(origin, refuse(incoming.to, incoming.refusal));
    } else if (identity?.origin !== origin) {
      post(origin, refuse(incoming.to, "no-identity"));
    } else {
      submit({ origin, bapId: identity.bapId, to: incoming.to, ask: incoming.ask, deadline: Date.now() + PATIENCE_MS });
    }
  });
  addEventListener("pagehide", () => relay.close());
  for (const origin of parentOrigins(origins)) post(origin, HERE);
}

/** The declared origins that the embedding page can have: its own, if the browser tells. */
function parentOrigins(origins: readonly string[]): readonly string[] {
  const told = window.location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : undefined);
  return told === undefined ? origins : origins.filter((origin) => origin === told);
}
