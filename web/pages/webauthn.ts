// Passkeys: asks the server for options, the browser for a credential, and sends what it answers.
import { text } from "./texts.ts";

/** What the server refused, in words for the user. */
export class Refusal extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

interface Answer {
  code?: string;
  message?: string;
}

/** Posts JSON to a path of this origin and returns the JSON that it answers. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  let response: Response;
  let answer: T & Answer;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    answer = (await response.json()) as T & Answer;
  } catch {
    throw new Refusal(text("offline"));
  }
  if (!response.ok) throw new Refusal(answer.message ?? text("try-again"), answer.code);
  return answer;
}

/** Whether this browser has passkeys at all. */
export function hasPasskeys(): boolean {
  return window.isSecureContext && typeof PublicKeyCredential === "function";
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export function base64url(buffer: ArrayBuffer): string {
  let binary = "";
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

interface Descriptor {
  id: string;
}

interface RequestOptions {
  challenge: string;
  rpId: string;
  timeout: number;
  userVerification: UserVerificationRequirement;
  allowCredentials: Descriptor[];
}

export interface CreationOptions {
  challenge: string;
  rp: { id: string; name: string };
  user: { id: string; name: string; displayName: string };
  algorithms: number[];
  timeout: number;
  excludeCredentials: Descriptor[];
}

const descriptors = (list: Descriptor[]): PublicKeyCredentialDescriptor[] =>
  list.map(({ id }) => ({ type: "public-key", id: bytes(id) }));

/** Proves a passkey; the user picks one. Returns where to continue, or nothing if the user picked none. */
export async function prove(
  optionsUrl: string,
  url: string,
  mediation: CredentialMediationRequirement,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = await post<RequestOptions>(optionsUrl, {});
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: bytes(options.challenge),
    rpId: options.rpId,
    timeout: options.timeout,
    userVerification: options.userVerification,
  };
  // The list of a visitor is empty: any passkey of this server.
  if (options.allowCredentials.length > 0) publicKey.allowCredentials = descriptors(options.allowCredentials);
  const credential = await navigator.credentials.get({ publicKey, mediation, signal });
  if (!(credential instanceof PublicKeyCredential)) return undefined;
  const response = credential.response as AuthenticatorAssertionResponse;
  try {
    const answer = await post<{ continue: string }>(url, {
      id: base64url(credential.rawId),
      response: {
        clientDataJSON: base64url(response.clientDataJSON),
        authenticatorData: base64url(response.authenticatorData),
        signature: base64url(response.signature),
        userHandle: response.userHandle ? base64url(response.userHandle) : null,
      },
    });
    return answer.continue;
  } catch (error) {
    if (error instanceof Refusal && error.code === "PASSKEY_UNKNOWN") {
      await tellManager("signalUnknownCredential", { rpId: options.rpId, credentialId: base64url(credential.rawId) });
    }
    throw error;
  }
}

/** Whether password managers of this browser can turn a password into a passkey without asking (conditional create). */
export async function createsSilently(): Promise<boolean> {
  type Capabilities = { getClientCapabilities?: () => Promise<Record<string, boolean>> };
  if (!hasPasskeys()) return false;
  const capabilities = await (PublicKeyCredential as unknown as Capabilities).getClientCapabilities?.();
  return capabilities?.["conditionalCreate"] === true;
}

/** Creates a passkey and registers it. Returns false if the user declined. */
export async function register(
  url: string,
  name: string,
  mediation?: "conditional",
  signal?: AbortSignal,
): Promise<boolean> {
  const options = await post<CreationOptions>(`${url}/options`, {});
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: bytes(options.challenge),
    rp: options.rp,
    user: { ...options.user, id: bytes(options.user.id) },
    pubKeyCredParams: options.algorithms.map((alg) => ({ type: "public-key", alg })),
    timeout: options.timeout,
    excludeCredentials: descriptors(options.excludeCredentials),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
  };
  const wanted = { publicKey, ...(mediation ? { mediation } : {}), ...(signal ? { signal } : {}) } as CredentialCreationOptions;
  const credential = await navigator.credentials.create(wanted);
  if (!(credential instanceof PublicKeyCredential)) return false;
  const response = credential.response as AuthenticatorAttestationResponse;
  await post(url, {
    id: base64url(credential.rawId),
    name,
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject),
    },
  });
  return true;
}

type Signals = Record<string, ((content: object) => Promise<void>) | undefined>;

/** Tells the password manager what this server knows, where browsers have the signal API; its failures do not matter. */
export async function tellManager(name: string, content: object): Promise<void> {
  try {
    await (PublicKeyCredential as unknown as Signals)[name]?.(content);
  } catch {
    // Nothing depends on it.
  }
}

/** What failed at the browser, in plain words; nothing if the user simply declined. */
export function wordsFor(error: unknown): string | undefined {
  if (error instanceof Refusal) return error.message;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "AbortError") return undefined;
  if (name === "NotAllowedError") return text("passkey-cancelled");
  if (name === "InvalidStateError") return text("passkey-known");
  if (name === "SecurityError") return text("passkey-address");
  if (name === "NotSupportedError") return text("passkey-unsupported");
  return text("passkey-failed");
}
