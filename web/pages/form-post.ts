// Sends a form by itself: the authorization answer at once, another as soon as the address that it names in `data-wait`
// answers that its page may go on.
const LOOK_AGAIN = 3_000;

// A field may be called `submit`, which hides the form's own method.
const send = (form: HTMLFormElement) => HTMLFormElement.prototype.submit.call(form);

const answer = document.getElementById("form-post");
if (answer instanceof HTMLFormElement) send(answer);

const waiting = document.querySelector("form[data-wait]");
if (waiting instanceof HTMLFormElement) {
  const address = waiting.dataset["wait"] ?? "";
  const timer = setInterval(async () => {
    if (document.hidden) return;
    const state = await fetch(address, { headers: { accept: "application/json" } }).catch(() => null);
    if (!state?.ok) return;
    const { done } = (await state.json()) as { done: boolean };
    if (!done) return;
    clearInterval(timer);
    send(waiting);
  }, LOOK_AGAIN);
}

export {};
