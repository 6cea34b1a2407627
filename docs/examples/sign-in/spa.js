// A single-page app that signs people in, by oidc-client-ts. It is served at / and /callback of one origin.
import { UserManager } from "oidc-client-ts";

const users = new UserManager({
  authority: "https://id.example.org",
  client_id: "notes",
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/bye`,
  scope: "openid profile offline_access",
  loadUserInfo: true,
});

/** The person who is signed in; sends the browser to sign in where nobody is. */
export async function whoIsIt() {
  if (location.pathname === "/callback") {
    await users.signinRedirectCallback();
    history.replaceState(null, "", "/");
  }
  return (await users.getUser()) ?? users.signinRedirect();
}

/** Refreshes the tokens now; by itself it is done a minute before they expire. */
export const refresh = () => users.signinSilent();

/** Ends the session at Sigma as well. */
export const signOut = () => users.signoutRedirect();
