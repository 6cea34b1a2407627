//! The plans that are run, the apps that they need, and what the suite is told about them.

import { NORA } from "./person.mjs";

const STATIC = { client_registration: "static_client" };
const discovered = { server_metadata: "discovery", ...STATIC };
const everything = { response_type: "code", response_mode: "default" };

/** Every plan: its name here, that of the suite, its variants, and the kind of its apps. The modules of other plans fail at a logout token. */
export const PLANS = [
  { name: "config", plan: "oidcc-config-certification-test-plan", variant: {}, apps: "secret" },
  { name: "basic", plan: "oidcc-basic-certification-test-plan", variant: discovered, apps: "secret" },
  { name: "form post", plan: "oidcc-formpost-basic-certification-test-plan", variant: discovered, apps: "secret" },
  {
    name: "RP-initiated logout",
    plan: "oidcc-rp-initiated-logout-certification-test-plan",
    variant: { ...STATIC, response_type: "code" },
    apps: "secret",
  },
  {
    name: "back-channel logout",
    plan: "oidcc-backchannel-rp-initiated-logout-certification-test-plan",
    variant: { ...STATIC, response_type: "code" },
    apps: "told",
  },
  {
    name: "dynamic clients",
    plan: "oidcc-test-plan",
    variant: { client_auth_type: "client_secret_basic", client_registration: "dynamic_client", ...everything },
    apps: "none",
  },
  {
    // Two modules are about the keys at an address of the app's, and exist here alone.
    name: "dynamic clients with keys",
    plan: "oidcc-test-plan",
    variant: { client_auth_type: "private_key_jwt", client_registration: "dynamic_client", ...everything },
    apps: "none",
  },
  {
    name: "private_key_jwt",
    plan: "oidcc-test-plan",
    variant: { client_auth_type: "private_key_jwt", ...STATIC, ...everything },
    apps: "key",
  },
  {
    name: "FAPI 2 Security Profile",
    plan: "fapi2-security-profile-final-test-plan",
    variant: {
      client_auth_type: "private_key_jwt",
      sender_constrain: "dpop",
      fapi_profile: "plain_fapi",
      openid: "openid_connect",
      authorization_request_type: "simple",
    },
    apps: "bank",
  },
];

/** The plans whose name holds one of `words`, or all. */
export function chosen(words) {
  return PLANS.filter(({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase())));
}

/** The alias of a plan on an engine, by which the suite tells its apps apart: letters, digits and hyphens. */
export function alias(engine, name) {
  return `sigma-${engine}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}

/** Where the suite is returned to, and told. The second app of FAPI plans has a query. */
export function addresses(suite, engine, name) {
  const own = `${suite}/test/a/${alias(engine, name)}`;
  return {
    callback: `${own}/callback`,
    otherCallback: `${own}/callback?dummy1=lorem&dummy2=ipsum`,
    afterLogout: `${own}/post_logout_redirect`,
    backchannel: `${own}/backchannel_logout`,
  };
}

/** The arguments of `sigma app add` for the apps of a plan, in the order `client`, `client2`, `client_secret_post`. */
export function registrations({ name, apps }, engine, suite, keys) {
  const { callback, otherCallback, afterLogout, backchannel } = addresses(suite, engine, name);
  const common = ["--redirect-uri", callback, "--post-logout-redirect-uri", afterLogout];
  const logout = ["--backchannel-logout-uri", backchannel, "--backchannel-logout-session-required"];
  const jwks = (key) => ["--auth", "private_key_jwt", "--jwks", JSON.stringify({ keys: [publicPart(key)] })];
  switch (apps) {
    case "none":
      return [];
    case "secret":
      return [0, 1, 2].map(() => ["--name", `Suite, ${name}`, ...common]);
    case "told":
      return [0, 1, 2].map(() => ["--name", `Suite, ${name}`, ...common, ...logout]);
    case "key":
      return [0, 1].map((at) => ["--name", `Suite, ${name}`, ...common, ...jwks(keys[at])]);
    case "bank":
      return [0, 1].map((at) => [
        ...["--name", `Suite, ${name}`, "--redirect-uri", callback, "--redirect-uri", otherCallback],
        ...["--profile", "fapi2", ...jwks(keys[at])],
      ]);
    default:
      throw new Error(`no such kind of apps: ${apps}`);
  }
}

/** A public key of a private one, as JWKs. */
export function publicPart({ d, p, q, dp, dq, qi, ...rest }) {
  return rest;
}

/** The configuration of a plan, for apps that were registered. */
export function configuration({ name, apps }, engine, issuer, registered, keys) {
  const told = (app, at) =>
    app && {
      client_id: app.client_id,
      ...(app.client_secret ? { client_secret: app.client_secret } : {}),
      ...(apps === "key" || apps === "bank" ? { jwks: { keys: [keys[at]] } } : {}),
      ...(apps === "bank" ? { scope: "openid profile offline_access", dpop_signing_alg: "ES256" } : {}),
    };
  const [client, client2, post] = registered.map(told);
  return {
    alias: alias(engine, name),
    description: `Sigma on ${engine}, ${name}`,
    server: { discoveryUrl: `${issuer}/.well-known/openid-configuration`, login_hint: NORA.email },
    ...(apps === "none" ? { client: { client_name: "Suite" }, client2: { client_name: "Suite, second" } } : { client, client2 }),
    ...(post ? { client_secret_post: post } : {}),
    ...(apps === "bank" ? { resource: { resourceUrl: `${issuer}/api/auth/oauth2/userinfo` } } : {}),
  };
}
