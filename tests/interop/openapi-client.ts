//! What a program written in TypeScript does with the types that openapi-typescript makes of the document.

import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type ApiKey = components["schemas"]["ApiKeyView"];

interface Account {
  issuer: string;
  email: string;
  password: string;
  workspaceId: string;
  clientId: string;
  clientSecret: string;
}

/** The answer, which must be one. */
function good<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.url}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

/** Logs in, makes an API key, uses it and removes it; says what was seen on the way. */
export async function run(account: Account) {
  const client = createClient<paths>({ baseUrl: account.issuer });
  const metadata = good(await client.GET("/.well-known/openid-configuration"));
  const { email, password, workspaceId } = account;
  const session = good(await client.POST("/api/v1/auth/login", { body: { email, password, workspaceId } }));

  const signedIn = createClient<paths>({
    baseUrl: account.issuer,
    headers: { Authorization: `Bearer ${session.token}` },
  });
  const roles = good(await signedIn.GET("/api/v1/roles"));
  const people = good(await signedIn.GET("/api/v1/users", { params: { query: { limit: 1 } } }));
  const body = { name: "Generated", permissions: ["read"] };
  const made = good(await signedIn.POST("/api/v1/api-keys", { body }));
  const keys: ApiKey[] = good(await signedIn.GET("/api/v1/api-keys"));

  const byKey = createClient<paths>({ baseUrl: account.issuer, headers: { "X-Sigma-ApiKey": made.key } });
  const caller = good(await byKey.GET("/api/v1/auth/me"));
  const params = { path: { id: made.id } };
  const off = good(await signedIn.POST("/api/v1/api-keys/{id}/deactivate", { params }));
  const removed = await signedIn.DELETE("/api/v1/api-keys/{id}", { params });

  const wrong = await client.POST("/api/v1/auth/login", { body: { email, password: "another", workspaceId } });
  const basic = btoa(`${account.clientId}:${account.clientSecret}`);
  const tokens = good(
    await client.POST("/api/auth/oauth2/token", {
      body: { grant_type: "client_credentials" },
      headers: { Authorization: `Basic ${basic}`, "Content-Type": "application/x-www-form-urlencoded" },
    }),
  );
  const nobody = await client.GET("/api/auth/list-sessions");
  return {
    issuer: metadata.issuer,
    roles: roles.map((role) => role.name),
    people: people.items.length,
    key: keys.find((key) => key.id === made.id)?.name,
    caller,
    active: off.active,
    removed: removed.response.status,
    wrong: wrong.error?.error,
    tokenType: tokens.token_type,
    nobody: nobody.error?.error,
  };
}
