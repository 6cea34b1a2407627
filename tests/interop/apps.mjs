//! Registers apps by the command line, as an operator does.

/**
 * `sigma app add`, with the metadata names of RFC 7591.
 * @returns what the command printed: `client_id`, and `client_secret` when one was made
 */
export function addApp(sigma, app) {
  const flags = [
    ["--id", app.client_id],
    ["--name", app.client_name ?? app.client_id],
    ["--auth-method", app.token_endpoint_auth_method],
    ["--type", app.application_type],
    ["--pubkey", app.pubkey],
    ["--jwks", app.jwks],
    ["--id-token-alg", app.id_token_signed_response_alg],
    ...(app.redirect_uris ?? []).map((uri) => ["--redirect-uri", uri]),
    ...(app.post_logout_redirect_uris ?? []).map((uri) => ["--post-logout-redirect-uri", uri]),
    ...(app.grant_types ?? []).map((grant) => ["--grant-type", grant]),
    ...(app.placeholder_email ? [["--placeholder-email"]] : []),
  ];
  return sigma.admin("app", "add", ...flags.filter(([, value]) => value !== undefined || false).flat());
}
