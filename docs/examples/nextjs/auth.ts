import NextAuth from "next-auth";
import type { Provider } from "next-auth/providers";

/** Sigma as an OpenID Connect provider. The ID token has no name, so the profile is read from userinfo. */
const sigma: Provider = {
  id: "sigma",
  name: "Sigma",
  type: "oidc",
  issuer: process.env.SIGMA_ISSUER,
  clientId: process.env.SIGMA_CLIENT_ID,
  clientSecret: process.env.SIGMA_SECRET,
  authorization: { params: { scope: "openid profile roles" } },
  checks: ["pkce", "state", "nonce"],
  idToken: false,
  profile: (profile) => ({ id: profile.sub, name: profile.name }),
};

export const { handlers, auth, signIn, signOut } = NextAuth({
  providers: [sigma],
  callbacks: {
    /** Keeps in the cookie of the session who it is, and which roles they had when they signed in. */
    jwt: ({ token, profile }) => (profile ? { ...token, sub: profile.sub ?? undefined, roles: profile.roles ?? [] } : token),
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub, roles: token.roles } }),
  },
});
