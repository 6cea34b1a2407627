// A single-page app that signs users in, with oidc-client-ts. It is served at / and /callback of one origin.
import { UserManager } from "oidc-client-ts";

const users = new UserManager({
  authority: "https://id.example.org",
  client_id: "notes",
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/bye`,
  scope: "openid profile offline_access",
  loadUserInfo: true,
});

/** Returns the signed-in user, or redirects the browser to sign in. */
export async function whoIsIt() {
  if (location.pathname === "/callback") {
    await users.signinRedirectCallback();
    history.replaceState(null, "", "/");
  }
  return (await users.getUser()) ?? users.signinRedirect();
}

/** Refreshes the tokens now; otherwise this happens a minute before they expire. */
export const refresh = () => users.signinSilent();

/** Signs out, which also ends the session at Sigma. */
export const signOut = () => users.signoutRedirect();
