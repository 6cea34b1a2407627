// better-auth with its OAuth provider as bench measures it: one process, SQLite in a file, on the same work as Sigma.
//
// It is given less to do where the two differ: its database syncs at checkpoints rather than at each commit, passwords are
// not hashed, consent is not asked for, and nothing is limited or logged. Everything else is its default: opaque access
// tokens, Ed25519 keys, hashed secrets and tokens. The folder of its database is the first argument.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import Database from 'better-sqlite3';

const REDIRECT = 'https://bench.example.org/callback';
const SCOPES = ['openid', 'profile', 'email'];
// The provider gives an app itself no scope that is about a person.
const OWN_SCOPE = 'api';
const [, , folder, people] = process.argv;

async function serve(port) {
  const database = new Database(join(folder, 'better-auth.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  const options = {
    baseURL: `http://127.0.0.1:${port}`,
    secret: randomBytes(32).toString('base64url'),
    database,
    logger: { disabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
    },
    plugins: [
      jwt(),
      oauthProvider({
        loginPage: '/login',
        consentPage: '/consent',
        scopes: [...SCOPES, OWN_SCOPE],
        clientPrivileges: () => true,
        silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
      }),
    ],
  };
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  const auth = betterAuth(options);

  const cookies = [];
  for (let person = 0; person < Number(people); person += 1) {
    const body = { name: `Person ${person}`, email: `person${person}@bench.example.org`, password: 'not hashed here' };
    const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
    cookies.push(headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '));
  }
  const app = (body) =>
    auth.api.adminCreateOAuthClient({
      headers: { cookie: cookies[0] },
      body: { redirect_uris: [REDIRECT], scope: SCOPES.join(' '), skip_consent: true, ...body },
    });
  const spa = await app({ token_endpoint_auth_method: 'none', application_type: 'native' });
  const web = await app({
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'client_credentials'],
    client_credentials_scopes: [OWN_SCOPE],
    require_pkce: false,
  });
  return {
    answer: toNodeHandler(auth),
    ready: { port, cookies, public: spa.client_id, secret: web.client_id, client_secret: web.client_secret },
  };
}

const server = createServer();
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', async () => {
  const { answer, ready } = await serve(server.address().port);
  server.on('request', answer);
  console.log(JSON.stringify(ready));
});
