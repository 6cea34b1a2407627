// node-oidc-provider as bench measures it: one process, everything in memory, on the same work as Sigma.
//
// It is given less to do where the two differ: its memory store forgets nothing and deletes nothing, its codes belong to
// no session that would have to be looked up, and nothing is logged. Without JWT=1 its access tokens are opaque.
import { randomBytes } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const JWT = process.env.JWT === '1';
const RESOURCE = 'https://api.bench.example.org';
const REDIRECT = 'https://bench.example.org/callback';
const SCOPE = 'openid profile email';
const SECRET = randomBytes(32).toString('base64url');

/** What the built-in memory adapter does, without its limit of 1,000 entries. */
const stored = new Map();
class Memory {
  constructor(model) {
    this.model = model;
  }
  key(id) {
    return `${this.model}:${id}`;
  }
  async upsert(id, payload) {
    stored.set(this.key(id), payload);
  }
  async find(id) {
    return stored.get(this.key(id));
  }
  async findByUid(uid) {
    for (const payload of stored.values()) if (payload.uid === uid) return payload;
    return undefined;
  }
  async findByUserCode() {
    return undefined;
  }
  async consume(id) {
    stored.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    stored.delete(this.key(id));
  }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
}

const base = {
  redirect_uris: [REDIRECT],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  id_token_signed_response_alg: 'ES256',
};
const clients = [
  { ...base, client_id: 'public', token_endpoint_auth_method: 'none' },
  {
    ...base,
    client_id: 'secret',
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'client_credentials'],
  },
];

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' };

const resourceServer = {
  scope: '',
  audience: RESOURCE,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 2_592_000,
  jwt: { sign: { alg: 'ES256' } },
};

const configuration = {
  adapter: Memory,
  clients,
  jwks: { keys: [signingKey] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: ['openid', 'profile', 'email'],
  claims: { profile: ['name', 'picture', 'updated_at'], email: ['email', 'email_verified'] },
  pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
  expiresWithSession: () => false,
  ttl: { AuthorizationCode: 600, AccessToken: 2_592_000, ClientCredentials: 2_592_000, IdToken: 36_000, Grant: 2_592_000 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: JWT,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resourceServer,
    },
  },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `Person ${id}`,
      picture: `https://bench.example.org/pictures/${id}`,
      updated_at: 1_700_000_000,
    }),
  }),
};

/** Codes of `people` accounts in turn, as the authorization endpoint would have made them. */
async function makeCodes(provider, { client: clientId, count, challenge, people }) {
  const client = await provider.Client.find(clientId);
  const grants = [];
  for (let person = 0; person < people; person += 1) {
    const grant = new provider.Grant({ accountId: `person${person}`, clientId });
    grant.addOIDCScope(SCOPE);
    grants.push(await grant.save());
  }
  const codes = [];
  for (let index = 0; index < count; index += 1) {
    const person = index % people;
    const code = new provider.AuthorizationCode({
      accountId: `person${person}`,
      authTime: Math.floor(Date.now() / 1000),
      claims: {},
      client,
      codeChallenge: challenge,
      codeChallengeMethod: challenge && 'S256',
      expiresWithSession: false,
      grantId: grants[person],
      gty: 'authorization_code',
      nonce: 'n-0S6_WzA2Mj',
      redirectUri: REDIRECT,
      resource: JWT ? RESOURCE : undefined,
      scope: SCOPE,
    });
    codes.push(await code.save());
  }
  return codes;
}

const server = createServer();
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/bench/codes')) {
      answer(request, response);
      return;
    }
    const query = Object.fromEntries(new URL(request.url, issuer).searchParams);
    makeCodes(provider, { ...query, count: Number(query.count), people: Number(query.people) }).then((codes) => {
      const body = JSON.stringify(codes);
      response.writeHead(200, { 'content-length': Buffer.byteLength(body), 'content-type': 'application/json' });
      response.end(body);
    });
  });
  console.log(JSON.stringify({ port: server.address().port, secret: SECRET }));
});
