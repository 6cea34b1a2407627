// The two protocols between an app's page and the signer, told apart by `type`: the one of the published plugin, and CWI.
// A message becomes a request of ours, or a refusal, or nothing; replies are made here as well.
import type { BodyEncoding, Scheme } from "../wallet/sign.ts";

/** What a person permits, one by one. */
export type Kind = "sign" | "data" | "encrypt" | "decrypt" | "friend";

/** What an app asks for. */
export type Ask =
  | { kind: "sign"; requestPath: string; scheme: Scheme; body: string | undefined; bodyEncoding: BodyEncoding }
  | { kind: "data"; pushes: number[][] }
  | { kind: "encrypt"; friend: string; data: number[]; theirs: string | undefined }
  | { kind: "decrypt"; friend: string; ciphertext: number[]; theirs: string | undefined }
  | { kind: "friend"; friend: string };

/** Which protocol an app speaks, with what its replies need. */
export type Dialect = { name: "plugin"; response: string } | { name: "cwi" };

/** Where a reply goes. */
export interface ReplyTo {
  dialect: Dialect;
  id: string;
}

/** A message that means something. */
export type Incoming =
  | { what: "identity"; bapId: string }
  | { what: "ask"; to: ReplyTo; ask: Ask }
  | { what: "bad"; to: ReplyTo; refusal: Refusal };

/** Why a request gets no result. */
export type Refusal =
  | "bad-request"
  | "unknown-call"
  | "no-identity"
  | "no-key"
  | "reserved"
  | "denied"
  | "too-many"
  | "timed-out"
  | "failed";

/** A result, which each protocol wraps in its own way. */
export type Result =
  | { kind: "sign"; token: string; pubkey: string }
  | { kind: "data"; pushes: number[][] }
  | { kind: "encrypt"; ciphertext: number[] }
  | { kind: "decrypt"; data: number[] }
  | { kind: "friend"; pubkey: string };

/** What the app has to do with the frame. */
export type Showing = "password" | "permission" | "hidden";

const LONGEST_ID = 128;
const LONGEST_PATH = 2048;
/** Bodies, texts and ciphertexts, in characters or bytes. */
const LARGEST_DATA = 256 * 1024;
const MOST_PUSHES = 1000;

const MESSAGES: Record<Refusal, string> = {
  "bad-request": "Invalid request",
  "unknown-call": "Unknown call",
  "no-identity": "No identity set: send SET_IDENTITY first",
  "no-key": "This identity is not on this device",
  reserved: "This path belongs to an identity server and is not signed for apps",
  denied: "Denied by the user",
  "too-many": "Too many requests",
  "timed-out": "Not answered in time",
  failed: "The operation failed",
};

/** CWI's codes: of the caller's parameters, of an unknown call, of everything else. */
function codeOf(refusal: Refusal): number {
  if (refusal === "unknown-call") return 2;
  return refusal === "bad-request" || refusal === "reserved" ? 6 : 1;
}

const RESPONSES: Record<string, { kind: Kind; response: string }> = {
  SIGN_REQUEST: { kind: "sign", response: "SIGN_RESPONSE" },
  SIGN_AIP_REQUEST: { kind: "data", response: "SIGN_AIP_RESPONSE" },
  ENCRYPT_REQUEST: { kind: "encrypt", response: "ENCRYPT_RESPONSE" },
  DECRYPT_REQUEST: { kind: "decrypt", response: "DECRYPT_RESPONSE" },
  GET_FRIEND_PUBKEY_REQUEST: { kind: "friend", response: "GET_FRIEND_PUBKEY_RESPONSE" },
};

/** The wallet's key leaves for no origin, so this call of the plugin's protocol is always refused. */
const WALLET_KEY = { request: "GET_WALLET_KEY_REQUEST", response: "GET_WALLET_KEY_RESPONSE" };

const CALLS: Record<string, Kind> = {
  signAuthToken: "sign",
  signAIP: "data",
  encrypt: "encrypt",
  decrypt: "decrypt",
  getPublicKey: "friend",
};

/** Reads a message; what belongs to neither protocol, or cannot be replied to, is undefined. */
export function read(message: unknown): Incoming | undefined {
  const fields = record(message);
  const type = fields?.["type"];
  if (!fields || typeof type !== "string") return undefined;
  if (type === "CWI") return fields["isInvocation"] === true ? readCall(fields) : undefined;
  const payload = record(fields["payload"]);
  if (!payload) return undefined;
  if (type === "SET_IDENTITY") {
    const bapId = payload["bapId"];
    return isBapId(bapId) ? { what: "identity", bapId } : undefined;
  }
  const id = payload["requestId"];
  if (!isId(id)) return undefined;
  if (type === WALLET_KEY.request) {
    return { what: "bad", to: { dialect: { name: "plugin", response: WALLET_KEY.response }, id }, refusal: "denied" };
  }
  const known = Object.hasOwn(RESPONSES, type) ? RESPONSES[type] : undefined;
  if (!known) return undefined;
  const to: ReplyTo = { dialect: { name: "plugin", response: known.response }, id };
  const ask = readPayload(known.kind, payload);
  return ask ? { what: "ask", to, ask } : { what: "bad", to, refusal: "bad-request" };
}

function readPayload(kind: Kind, payload: Record<string, unknown>): Ask | undefined {
  switch (kind) {
    case "sign":
      return readSign(payload);
    case "data":
      return readData(payload);
    case "friend":
      return readFriend(payload["friendBapId"]);
    default: {
      const friend = payload["friendBapId"];
      const theirs = payload["counterPartyPublicKey"] ?? undefined;
      if (!isBapId(friend) || !(theirs === undefined || isPublicKey(theirs))) return undefined;
      if (kind === "encrypt") {
        const data = text(payload["data"]);
        return data === undefined ? undefined : { kind, friend, theirs, data: [...new TextEncoder().encode(data)] };
      }
      const ciphertext = base64(payload["ciphertext"]);
      return ciphertext && { kind, friend, theirs, ciphertext };
    }
  }
}

function readCall(fields: Record<string, unknown>): Incoming | undefined {
  const { id, call } = fields;
  if (!isId(id)) return undefined;
  const to: ReplyTo = { dialect: { name: "cwi" }, id };
  const kind = typeof call === "string" && Object.hasOwn(CALLS, call) ? CALLS[call] : undefined;
  if (!kind) return { what: "bad", to, refusal: "unknown-call" };
  const args = record(fields["args"]);
  const ask = args && readArguments(kind, args);
  return ask ? { what: "ask", to, ask } : { what: "bad", to, refusal: "bad-request" };
}

function readArguments(kind: Kind, args: Record<string, unknown>): Ask | undefined {
  if (kind === "sign") return readSign(args);
  if (kind === "data") return readData(args);
  // Keys are derived for friends alone; other protocols of BRC-43 are not for apps.
  const protocol = args["protocolID"];
  const isFriends = Array.isArray(protocol) && protocol.length === 2 && protocol[0] === 2 && protocol[1] === "sigma-encrypt";
  const friend = args["keyID"];
  if (!isFriends || !isBapId(friend)) return undefined;
  if (kind === "friend") return readFriend(friend);
  const counterparty = args["counterparty"] ?? undefined;
  const theirs = counterparty === "self" ? undefined : counterparty;
  if (!(theirs === undefined || isPublicKey(theirs))) return undefined;
  if (kind === "encrypt") {
    const data = bytes(args["plaintext"]);
    return data && { kind, friend, theirs, data };
  }
  const ciphertext = typeof args["ciphertext"] === "string" ? base64(args["ciphertext"]) : bytes(args["ciphertext"]);
  return ciphertext && { kind: "decrypt", friend, theirs, ciphertext };
}

function readSign(from: Record<string, unknown>): Ask | undefined {
  const requestPath = from["requestPath"];
  const scheme = from["signatureType"] ?? "brc77";
  const body = from["body"] ?? undefined;
  const bodyEncoding = from["bodyEncoding"] ?? "utf8";
  // `|` separates the parts of a token; a control character would hide in what the person reads.
  if (typeof requestPath !== "string" || requestPath.length > LONGEST_PATH) return undefined;
  if (!/^[^|\p{C}\p{Z}]+$/u.test(requestPath)) return undefined;
  if (scheme !== "brc77" && scheme !== "bsm") return undefined;
  if (bodyEncoding !== "utf8" && bodyEncoding !== "hex" && bodyEncoding !== "base64") return undefined;
  if (body !== undefined && (typeof body !== "string" || body.length > LARGEST_DATA)) return undefined;
  return { kind: "sign", requestPath, scheme, body: body === "" ? undefined : body, bodyEncoding };
}

function readData(from: Record<string, unknown>): Ask | undefined {
  const list = from["hexArray"];
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST_PUSHES) return undefined;
  const pushes: number[][] = [];
  let size = 0;
  for (const hex of list as unknown[]) {
    if (typeof hex !== "string" || hex.length > LARGEST_DATA || hex.length % 2 !== 0) return undefined;
    if (!/^[0-9a-fA-F]*$/.test(hex)) return undefined;
    size += hex.length / 2;
    if (size > LARGEST_DATA) return undefined;
    pushes.push((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
  }
  return { kind: "data", pushes };
}

function readFriend(friend: unknown): Ask | undefined {
  return isBapId(friend) ? { kind: "friend", friend } : undefined;
}

/** The reply that carries a result. */
export function reply({ dialect, id }: ReplyTo, result: Result): unknown {
  if (dialect.name === "plugin") {
    return { type: dialect.response, payload: { requestId: id, ...pluginResult(result) } };
  }
  return { type: "CWI", isInvocation: false, id, result: callResult(result) };
}

/** The reply that carries an error. */
export function refuse({ dialect, id }: ReplyTo, refusal: Refusal): unknown {
  const description = MESSAGES[refusal];
  if (dialect.name === "plugin") return { type: dialect.response, payload: { requestId: id, error: description } };
  return { type: "CWI", isInvocation: false, id, status: "error", description, code: codeOf(refusal) };
}

/** The message by which the app shows or hides the frame. */
export function show(dialect: Dialect["name"], showing: Showing): unknown {
  if (dialect === "plugin") return { type: showing === "hidden" ? "WALLET_UNLOCKED" : "WALLET_LOCKED" };
  if (showing === "password") return { type: "CWI", cwiState: { status: "need_password", hasPermission: true } };
  return { type: "CWI", cwiState: { status: "ready", hasPermission: showing === "permission" } };
}

/** The first message: the page is there. It says nothing else. */
export const HERE = { type: "CWI", cwiState: {} };

function pluginResult(result: Result): Record<string, unknown> {
  switch (result.kind) {
    case "sign":
      return { authToken: result.token, signingPubkey: result.pubkey };
    case "data":
      return { signedOps: result.pushes.map(hexOf) };
    case "encrypt":
      return { encrypted: btoa(result.ciphertext.map((byte) => String.fromCharCode(byte)).join("")) };
    case "decrypt":
      return { decrypted: new TextDecoder().decode(new Uint8Array(result.data)) };
    case "friend":
      return { publicKey: result.pubkey };
  }
}

function callResult(result: Result): unknown {
  switch (result.kind) {
    case "sign":
      return result.token;
    case "data":
      return result.pushes.map(hexOf);
    case "encrypt":
      return { ciphertext: result.ciphertext };
    case "decrypt":
      return { plaintext: result.data };
    case "friend":
      return { publicKey: result.pubkey };
  }
}

function hexOf(bytes: number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function record(value: unknown): Record<string, unknown> | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : undefined;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_ID;
}

function isBapId(value: unknown): value is string {
  return typeof value === "string" && /^[1-9A-HJ-NP-Za-km-z]{20,40}$/.test(value);
}

function isPublicKey(value: unknown): value is string {
  return typeof value === "string" && /^0[23][0-9a-f]{64}$/.test(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= LARGEST_DATA ? value : undefined;
}

function base64(value: unknown): number[] | undefined {
  if (typeof value !== "string" || value.length > 2 * LARGEST_DATA || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  try {
    return [...atob(value)].map((byte) => byte.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Bytes as a typed array, as an array of numbers, or as a text. */
function bytes(value: unknown): number[] | undefined {
  if (typeof value === "string") {
    return text(value) === undefined ? undefined : [...new TextEncoder().encode(value)];
  }
  if (!(value instanceof Uint8Array) && !Array.isArray(value)) return undefined;
  if (value.length === 0 || value.length > LARGEST_DATA) return undefined;
  const list = Array.from(value as ArrayLike<unknown>);
  const isByte = (byte: unknown) => Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) <= 255;
  return list.every(isByte) ? (list as number[]) : undefined;
}
