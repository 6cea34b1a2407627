//! Registers apps by the command line, as an operator does.

/**
 * `sigma app add`, with the metadata names of RFC 7591.
 * @returns what the command printed: `client_id`, and `client_secret` when one was made
 */
export function addApp(sigma, app) {
  const options = {
    "client-id": app.client_id,
    name: app.client_id,
    auth: app.token_endpoint_auth_method,
    type: app.application_type,
    pubkey: app.pubkey,
    jwks: app.jwks,
    "id-token-alg": app.id_token_signed_response_alg,
    "redirect-uri": app.redirect_uris,
    "post-logout-redirect-uri": app.post_logout_redirect_uris,
    "backchannel-logout-uri": app.backchannel_logout_uri,
    "grant-type": app.grant_types,
    "placeholder-email": app.placeholder_email,
    resource: app.resources,
    scope: app.scope,
    profile: app.security_profile,
    "require-par": app.require_pushed_authorization_requests,
    "require-dpop": app.dpop_bound_access_tokens,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const args = given.flatMap(([name, value]) => [value].flat().map((one) => `--${name}=${one}`));
  return sigma.admin("app", "add", ...args);
}
