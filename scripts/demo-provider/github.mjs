// GitHub's OAuth and the two calls of its API that tell who signed in. PKCE is checked, as GitHub does.

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { choose, choosePage, posted, send } from "./people.mjs";

const CALLBACK = /^http:\/\/localhost:\d+\/api\/auth\/callback\/[a-z0-9-]+$/;

export function serveGitHub(origin, port, client) {
  const codes = new Map();
  const tokens = new Map();
  const json = (response, body, status = 200) => send(response, status, JSON.stringify(body), "application/json");
  const fresh = (map, value) => {
    const name = randomBytes(20).toString("hex");
    map.set(name, value);
    return name;
  };

  async function answer(request, response) {
    const url = new URL(request.url, origin);
    const bearer = tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    switch (`${request.method} ${url.pathname}`) {
      case "GET /login/oauth/authorize": {
        const asked = Object.fromEntries(url.searchParams);
        if (asked.client_id !== client.id || !CALLBACK.test(asked.redirect_uri ?? "")) {
          return send(response, 404, "unknown client or redirect_uri", "text/plain");
        }
        const { redirect_uri, state = "", code_challenge = "" } = asked;
        return send(response, 200, choosePage("GitHub", "/login/choose", { redirect_uri, state, code_challenge }));
      }
      case "POST /login/choose": {
        const form = Object.fromEntries(await posted(request));
        if (!CALLBACK.test(form.redirect_uri ?? "")) return send(response, 400, "redirect_uri", "text/plain");
        const back = new URL(form.redirect_uri);
        const one = choose(form.person);
        if (one) back.searchParams.set("code", fresh(codes, { one, ...form }));
        else back.searchParams.set("error", "access_denied");
        back.searchParams.set("state", form.state);
        response.writeHead(303, { location: back.href });
        return response.end();
      }
      case "POST /login/oauth/access_token": {
        const form = await posted(request);
        const granted = codes.get(form.get("code"));
        codes.delete(form.get("code"));
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
        if (form.get("client_id") !== client.id || form.get("client_secret") !== client.secret) {
          return json(response, { error: "incorrect_client_credentials" });
        }
        // GitHub refuses with 200.
        if (!granted || granted.code_challenge !== challenge || granted.redirect_uri !== form.get("redirect_uri")) {
          return json(response, { error: "bad_verification_code" });
        }
        return json(response, { access_token: fresh(tokens, granted.one), token_type: "bearer", scope: "user:email" });
      }
      case "GET /api/v3/user":
        if (!bearer) return json(response, { message: "Bad credentials" }, 401);
        return json(response, { id: bearer.number, login: bearer.login, name: bearer.name, email: null });
      case "GET /api/v3/user/emails":
        if (!bearer) return json(response, { message: "Bad credentials" }, 401);
        return json(response, [
          { email: `${bearer.login}@users.noreply.example.org`, primary: false, verified: true },
          { email: bearer.email, primary: true, verified: true },
        ]);
      default:
        return json(response, { message: "Not Found" }, 404);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => send(response, 400, String(error.message), "text/plain"));
  });
  server.listen(port, "127.0.0.1");
  return server;
}
