// Plays Google and GitHub on free ports of this machine, and prints the settings of both as `SIGMA__PROVIDERS` takes them.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { serveGitHub } from "./github.mjs";
import { serveGoogle } from "./google.mjs";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const settings = [];
for (const [id, serve] of [
  ["google", serveGoogle],
  ["github", serveGitHub],
]) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const client = { id: "sigma-demo", secret: randomBytes(20).toString("hex") };
  await once(serve(origin, port, client), "listening");
  settings.push(
    `{ id = "${id}", kind = "${id}", issuer = "${origin}", client_id = "${client.id}", client_secret = "${client.secret}" }`,
  );
}
console.log(`[${settings.join(", ")}]`);
