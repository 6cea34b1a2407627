// Who has an account at the played providers. Anybody may be anybody: there are no passwords.

export const PEOPLE = [
  { id: "108204268000000001815", number: 1815, login: "ada", name: "Ada Lovelace", email: "ada@example.org" },
  { id: "108204268000000001906", number: 1906, login: "grace", name: "Grace Hopper", email: "grace@example.org" },
  { id: "108204268000000001912", number: 1912, login: "alan", name: "Alan Turing", email: "alan@example.org" },
];

const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/// The page on which one chooses who to be; `fields` are sent along.
export function choosePage(provider, action, fields = {}) {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  const buttons = PEOPLE.map(
    (one) =>
      `<button name="person" value="${one.login}"><strong>${escape(one.name)}</strong><br>${escape(one.email)}</button>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Choose an account</title>
<style>
body { max-width: 24rem; margin: 4rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
button { display: block; width: 100%; margin: .75rem 0; padding: .75rem 1rem; font: inherit; text-align: left; cursor: pointer; }
</style></head>
<body><h1>Choose an account</h1>
<p>This page plays ${escape(provider)} for Sigma’s demo. Nothing leaves this machine.</p>
<form method="post" action="${escape(action)}">${hidden.join("")}${buttons.join("")}
<button name="person" value="new">Somebody new</button>
<button name="person" value="">Cancel</button></form>
</body></html>`;
}

/// The chosen person; somebody new has an account from then on.
export function choose(login) {
  if (login === "new") {
    const number = 2000 + PEOPLE.length;
    const name = `Guest ${PEOPLE.length - 2}`;
    const one = { id: `10820426800000000${number}`, number, login: `guest${number}`, name, email: `guest${number}@example.org` };
    PEOPLE.push(one);
    return one;
  }
  return PEOPLE.find((one) => one.login === login);
}

/// The fields of a form that was posted.
export async function posted(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 65_536) throw new Error("the form is too large");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

export function send(response, status, body, type = "text/html; charset=utf-8") {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}
