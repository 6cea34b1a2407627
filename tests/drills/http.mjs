//! HTTP as a proxy's upstream or an app's server speaks it: kept-alive connections, no redirect followed.

import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** Connections that are kept for the next request. */
export function connections(most = 64) {
  return new Agent({ keepAlive: true, maxSockets: most });
}

/**
 * Sends one request.
 * @returns status, headers and text; `status` 0 when the connection broke or nobody answered within `patience` milliseconds
 */
export async function send(url, { method = "GET", headers = {}, form, agent, patience = 15_000 } = {}) {
  const body = form && new URLSearchParams(form).toString();
  const sent = { ...headers, ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }) };
  try {
    const message = await new Promise((resolve, reject) => {
      const call = request(url, { method: body === undefined ? method : "POST", headers: sent, agent }, resolve);
      call.setTimeout(patience, () => call.destroy(new Error("no answer")));
      call.on("error", reject).end(body);
    });
    const text = (await buffer(message)).toString();
    return { status: message.statusCode, headers: message.headers, text };
  } catch (error) {
    return { status: 0, headers: {}, text: error.code ?? error.message };
  }
}
