//! Requests with exactly the headers that a test says, and an API that answers what it was sent.

import { createServer, request } from "node:http";
import { text } from "node:stream/consumers";

/** Sends one request to a port of this machine. `headers` is a list of names and values, in the order they are sent. */
export function send(port, { method = "GET", path = "/", headers = [], body } = {}) {
  return new Promise((resolve, reject) => {
    const all = ["Host", "api.example.org", ...headers.flat()];
    if (body !== undefined) all.push("Content-Length", String(Buffer.byteLength(body)));
    const sent = request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, async (answer) => {
      const body = await text(answer);
      const json = answer.headers["content-type"]?.startsWith("application/json") ? JSON.parse(body) : undefined;
      resolve({ status: answer.statusCode, headers: answer.headers, body, json });
    });
    sent.once("error", reject).end(body);
  });
}

/** An API that has nothing of its own: it answers method, path, headers and body as they arrived. */
export async function startApi() {
  let calls = 0;
  const server = createServer(async (incoming, answer) => {
    calls += 1;
    const seen = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: await text(incoming) };
    answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(seen));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    /** How often anybody reached it. */
    calls: () => calls,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/** The four headers that say who calls, as the API got them. */
export function caller(seen) {
  const names = ["user-id", "workspace-id", "role-id", "permissions"];
  return Object.fromEntries(names.map((name) => [name, seen.headers[`x-sigma-${name}`] ?? ""]));
}
