// `/consent` right after a sign-in with a password: password managers may turn the password into a passkey without asking
// (Web Authentication, Level 3, conditional create). The page shows nothing of it, whether or not one was created.
import { createsSilently, register } from "./webauthn.ts";

const form = document.querySelector<HTMLFormElement>("form[data-offer-passkey]");
if (form) offer(form);

function offer(form: HTMLFormElement): void {
  const abort = new AbortController();
  let pending = true;
  const finished = create(form.dataset["offerPasskey"] ?? "", abort.signal).finally(() => {
    pending = false;
  });
  // Adding a passkey gives the session another cookie: an answer that is sent meanwhile would carry the old one.
  const wait = (event: SubmitEvent) => {
    if (!pending) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    abort.abort();
    void finished.then(() => form.requestSubmit(event.submitter));
  };
  form.addEventListener("submit", wait, { capture: true });
}

async function create(url: string, signal: AbortSignal): Promise<void> {
  try {
    if (await createsSilently()) await register(url, "", "conditional", signal);
  } catch {
    // It was only an offer.
  }
}
