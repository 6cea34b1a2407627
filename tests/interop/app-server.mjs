//! An HTTP server for the frameworks under test, on a free port of 127.0.0.1: another host than Sigma's `localhost`,
//! so that cookies do not mix.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** Serves `handler(request, response, body)`. Returns its origin and how to stop it. */
export async function serve(handler) {
  const server = createServer(async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      response.writeHead(500).end(String(error?.stack ?? error));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

/** The body of `request` as its content type says. */
export async function body(request) {
  const raw = await text(request);
  if (request.headers["content-type"]?.startsWith("application/json")) return JSON.parse(raw || "{}");
  return Object.fromEntries(new URLSearchParams(raw));
}
