//! Verifies Sigma's signatures with `jose`, an independent implementation.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { PATIENCE } from "../support/sigma.mjs";

const keySets = new Map();

function keySet(issuer) {
  const url = new URL(`${issuer}/.well-known/jwks.json`);
  if (!keySets.has(issuer)) keySets.set(issuer, createRemoteJWKSet(url, { timeoutDuration: PATIENCE }));
  return keySets.get(issuer);
}

/** Verifies an access token: signature, `typ`, `iss`, `aud`, times. Returns its claims. */
export async function verifyAccessToken(issuer, token, audience = issuer) {
  const { payload } = await jwtVerify(token, keySet(issuer), { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] });
  for (const claim of ["sub", "exp", "iat", "jti", "client_id"]) assert.ok(payload[claim], `access token without ${claim}`);
  return payload;
}

/** Verifies an id token, and that it matches the access token (`at_hash`). Returns its claims. */
export async function verifyIdToken(issuer, tokens, clientId, { algorithm = "RS256", nonce } = {}) {
  const { payload } = await jwtVerify(tokens.id_token, keySet(issuer), {
    issuer,
    audience: clientId,
    typ: "JWT",
    algorithms: [algorithm],
    requiredClaims: ["sub", "exp", "iat", "auth_time", "at_hash"],
  });
  // The left half of the hash that the signature itself uses (Core §3.1.3.6); Ed25519 hashes with SHA-512.
  const hash = createHash(algorithm === "EdDSA" ? "sha512" : "sha256").update(tokens.access_token).digest();
  assert.equal(payload.at_hash, hash.subarray(0, hash.length / 2).toString("base64url"));
  assert.equal(payload.nonce, nonce);
  const published = await fetch(`${issuer}/.well-known/jwks.json`).then((response) => response.json());
  const { kid } = decodeProtectedHeader(tokens.id_token);
  assert.equal(published.keys.find((key) => key.kid === kid).alg, algorithm);
  return payload;
}
