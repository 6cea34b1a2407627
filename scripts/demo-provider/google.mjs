// Google, played by npm oidc-provider: the certified implementation, with Google's claims.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider, { interactionPolicy } from "oidc-provider";
import { PEOPLE, choose, choosePage, posted, send } from "./people.mjs";

/// Serves it at `origin`; any `/api/auth/callback/…` on localhost may be returned to.
export function serveGoogle(origin, port, client) {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: ["http://localhost:8080/api/auth/callback/google"],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    jwks: { keys: [{ ...key, use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") }] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    // Google's ID tokens hold the claims of the granted scopes.
    conformIdTokenClaims: false,
    interactions: { policy, url: (_, interaction) => `/choose/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => {
      const one = PEOPLE.find((one) => one.id === id);
      return one && { accountId: id, claims: () => ({ sub: id, name: one.name, email: one.email, email_verified: true }) };
    },
    // Whoever signs in agrees.
    loadExistingGrant: async (context) => {
      const { Grant } = context.oidc.provider;
      const grant = new Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
  provider.Client.prototype.redirectUriAllowed = (uri) =>
    /^http:\/\/localhost:\d+\/api\/auth\/callback\/[a-z0-9-]+$/.test(uri);
  const answer = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url.startsWith("/choose/")) return answer(request, response);
    interact(provider, request, response).catch((error) => send(response, 400, String(error.message), "text/plain"));
  });
  server.listen(port, "127.0.0.1");
  return server;
}

async function interact(provider, request, response) {
  const { uid, prompt } = await provider.interactionDetails(request, response);
  if (request.method === "GET") return send(response, 200, choosePage("Google", `/choose/${uid}`));
  const one = choose((await posted(request)).get("person"));
  const result = one
    ? { login: { accountId: one.id }, [prompt.name]: { accountId: one.id } }
    : { error: "access_denied", error_description: "the user cancelled" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
