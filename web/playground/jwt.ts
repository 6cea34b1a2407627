// JSON Web Tokens: decoded, and verified with WebCrypto against the server's key set.

import { base64url, fromBase64url, sha256, utf8 } from "./encoding.ts";

/** A decoded token. */
export interface Jwt {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signed: string;
  signature: Uint8Array<ArrayBuffer>;
}

/** A key of a key set (RFC 7517). */
export type Jwk = JsonWebKey & { kid?: string };

/** The parts of a compact JWS, or undefined for anything else. */
export function decode(token: string): Jwt | undefined {
  const [header, claims, signature, ...rest] = token.split(".");
  if (!header || !claims || signature === undefined || rest.length > 0) return undefined;
  try {
    return {
      header: part(header),
      claims: part(claims),
      signed: `${header}.${claims}`,
      signature: fromBase64url(signature),
    };
  } catch {
    return undefined;
  }
}

function part(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64url(text)));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object");
  return value as Record<string, unknown>;
}

interface Suite {
  kty: string;
  import: RsaHashedImportParams | EcKeyImportParams | { name: string };
  verify: AlgorithmIdentifier | EcdsaParams | RsaPssParams;
}

const SHA256 = "SHA-256";
const SUITES: Record<string, Suite> = {
  RS256: { kty: "RSA", import: { name: "RSASSA-PKCS1-v1_5", hash: SHA256 }, verify: "RSASSA-PKCS1-v1_5" },
  PS256: { kty: "RSA", import: { name: "RSA-PSS", hash: SHA256 }, verify: { name: "RSA-PSS", saltLength: 32 } },
  ES256: { kty: "EC", import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: SHA256 } },
  EdDSA: { kty: "OKP", import: { name: "Ed25519" }, verify: "Ed25519" },
};

/** The result of a signature check. */
export interface SignatureVerdict {
  valid: boolean;
  text: string;
}

/** Checks the signature of `jwt` with the key that its `kid` names. */
export async function verify(jwt: Jwt, keys: Jwk[]): Promise<SignatureVerdict> {
  const { alg, kid } = jwt.header;
  const suite = SUITES[String(alg)];
  if (!suite) return { valid: false, text: `${String(alg)} is not supported here` };
  const fitting = keys.filter((key) => key.kty === suite.kty && (key.alg === undefined || key.alg === alg));
  const key = kid === undefined ? fitting[0] : fitting.find((candidate) => candidate.kid === kid);
  if (!key) return { valid: false, text: `The key set has no ${String(alg)} key “${String(kid ?? "")}”` };
  try {
    const { kty, n, e, crv, x, y } = key;
    const bare = Object.fromEntries(Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined));
    const imported = await crypto.subtle.importKey("jwk", bare, suite.import, false, ["verify"]);
    const valid = await crypto.subtle.verify(suite.verify, imported, jwt.signature, utf8(jwt.signed));
    const by = `${String(alg)}, key ${String(kid ?? "without id")}`;
    return { valid, text: valid ? `The signature is valid (${by})` : `The signature is NOT valid (${by})` };
  } catch (error) {
    return { valid: false, text: `The browser cannot check ${String(alg)}: ${String(error)}` };
  }
}

/** `at_hash` and `c_hash` of a token: the left half of its SHA-256 (Core §3.1.3.6). */
export async function halfHash(token: string): Promise<string> {
  return base64url((await sha256(token)).slice(0, 16));
}

/** Signs `claims` with a private JWK: RS256, ES256 or EdDSA by its kind. */
export async function sign(key: Jwk, claims: Record<string, unknown>): Promise<string> {
  const alg = key.alg ?? Object.keys(SUITES).find((name) => SUITES[name]?.kty === key.kty);
  const suite = SUITES[String(alg)];
  if (!alg || !suite || !key.d) throw new Error("This is not a private RSA, P-256 or Ed25519 key in JWK format.");
  const { key_ops: _, use: __, kid, ...bare } = key;
  const imported = await crypto.subtle.importKey("jwk", bare, suite.import, false, ["sign"]);
  const header = { alg, typ: "JWT", ...(kid === undefined ? {} : { kid }) };
  const signed = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(claims)))}`;
  const signature = await crypto.subtle.sign(suite.verify, imported, utf8(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** A new P-256 key: the private JWK to paste, and the key set to register. */
export async function generate(): Promise<{ privateJwk: string; publicJwks: string }> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const kid = base64url((await sha256(JSON.stringify({ crv, kty, x, y }))).slice(0, 12));
  const shared = { kty, crv, x, y, kid, alg: "ES256" };
  return {
    privateJwk: JSON.stringify({ ...shared, d }),
    publicJwks: JSON.stringify({ keys: [{ ...shared, use: "sig" }] }),
  };
}
