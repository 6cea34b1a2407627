//! Webhooks, received and verified by `standardwebhooks` 1.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { createServer } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { PATIENCE, startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";

let sigma;
before(async () => (sigma = await startSigma({ SIGMA__OUTBOUND__ALLOW: '["127.0.0.0/8"]' })));
after(() => sigma?.stop());

/** A receiver that keeps what arrives. */
async function receive(t) {
  const received = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())));
  const next = async () => {
    const deadline = Date.now() + PATIENCE;
    while (received.length === 0) {
      assert.ok(Date.now() < deadline, "nothing arrived");
      await delay(50);
    }
    return received.shift();
  };
  return { url: `http://127.0.0.1:${server.address().port}/hook`, next };
}

/** The management API, by an app of the operator. */
async function manager() {
  const { client_secret: secret } = await addApp(sigma, {
    client_id: "manager",
    grant_types: ["client_credentials"],
    scope: "sigma:admin:read sigma:admin:write",
  });
  const answer = await fetch(`${sigma.issuer}/api/auth/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`manager:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "sigma:admin:write" }),
  });
  const { access_token: token } = await answer.json();
  return async (path, body) => {
    const response = await fetch(`${sigma.issuer}/api/admin/v1/webhooks${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, await response.clone().text());
    return response.json();
  };
}

test("an event is verified, also while the secret is replaced", async (t) => {
  const [post, { url, next }] = [await manager(), await receive(t)];
  const { id, secret } = await post("", { url, events: ["user.sign_up"] });
  await newPerson(sigma.issuer);
  const first = await next();
  const event = new Webhook(secret).verify(first.body, first.headers);
  assert.equal(event.type, "user.sign_up");
  assert.equal(event.data.id, first.headers["webhook-id"]);
  assert.throws(() => new Webhook(secret).verify(first.body.replace("sign_up", "sign_in"), first.headers), WebhookVerificationError);
  const { secret: newer } = await post(`/${id}/rotate-secret`, {});
  const { event_id } = await post(`/${id}/test`, {});
  const second = await next();
  for (const either of [secret, newer]) {
    assert.equal(new Webhook(either).verify(second.body, second.headers).data.id, event_id);
  }
  assert.throws(() => new Webhook(newer).verify(first.body, first.headers), WebhookVerificationError);
});
