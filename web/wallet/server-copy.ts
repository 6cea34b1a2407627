// The copy of the encrypted backup on the server: stored once the person agrees, and refreshed when it changes here.
import { type KeyStorage } from "./storage.ts";

const COPY = "sigmaServerCopy";

/** The copy on the server that this browser knows of: whose, and the SHA-256 of its text. */
export interface ServerCopy {
  bapId: string;
  hash: string;
}

/** What a browser without network, or a page that is being left, must not wait for. */
const PATIENCE_MS = 4_000;

/** SHA-256 of a backup's text, in hex, as the server computes it. */
export async function hashOf(encryptedBackup: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(encryptedBackup));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The copy that this browser stored or fetched last. */
export function knownCopy(storage: KeyStorage = localStorage): ServerCopy | undefined {
  try {
    const { bapId, hash } = JSON.parse(storage.getItem(COPY) ?? "null") as Partial<ServerCopy>;
    return typeof bapId === "string" && typeof hash === "string" ? { bapId, hash } : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers that the server has this copy. */
export function rememberCopy(copy: ServerCopy, storage: KeyStorage = localStorage): void {
  try {
    storage.setItem(COPY, JSON.stringify(copy));
  } catch {
    // Without storage there is nothing to compare with, and nothing is refreshed.
  }
}

/** Forgets it, so that nothing is refreshed from this browser. */
export function forgetCopy(storage: KeyStorage = localStorage): void {
  try {
    storage.removeItem(COPY);
  } catch {
    // As above.
  }
}

/** Stores the encrypted backup of a signed-in person on the server; returns whether it did. */
export async function storeCopy(
  bapId: string,
  encryptedBackup: string,
  fetcher: typeof fetch = fetch,
  storage: KeyStorage = localStorage,
): Promise<boolean> {
  try {
    const response = await fetcher("/api/backup", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ encryptedBackup, bapId }),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) return false;
    rememberCopy({ bapId, hash: await hashOf(encryptedBackup) }, storage);
    return true;
  } catch {
    return false;
  }
}

/**
 * Brings the copy on the server up to date, if the person agreed to one and this browser's has changed since. A copy that
 * was replaced by another device, or removed, is left alone.
 */
export async function refreshCopy(
  bapId: string,
  encryptedBackup: string,
  fetcher: typeof fetch = fetch,
  storage: KeyStorage = localStorage,
): Promise<void> {
  const known = knownCopy(storage);
  if (known?.bapId !== bapId) return;
  const hash = await hashOf(encryptedBackup);
  if (known.hash === hash) return;
  const stored = await storedHash(bapId, fetcher);
  if (stored === hash) rememberCopy({ bapId, hash }, storage);
  else if (stored === known.hash) await storeCopy(bapId, encryptedBackup, fetcher, storage);
}

/** The SHA-256 of the copy on the server; undefined without one, or without an answer. */
async function storedHash(bapId: string, fetcher: typeof fetch): Promise<string | undefined> {
  try {
    const response = await fetcher(`/api/backup/status?${new URLSearchParams({ bapId })}`, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = (await response.json()) as { cloudBackupHash?: unknown };
    return response.ok && typeof answer.cloudBackupHash === "string" ? answer.cloudBackupHash : undefined;
  } catch {
    return undefined;
  }
}

/** Why a backup was not handed out. */
export type FetchProblem = "not-entitled" | "none" | "limited" | "unavailable";

/** Fetches an encrypted backup: by identity in a fresh session, or by the account at a provider with a restore ticket. */
export async function fetchCopy(
  query: { bapId: string } | { oauthId: string },
  fetcher: typeof fetch = fetch,
): Promise<{ encryptedBackup: string; bapId: string } | FetchProblem> {
  let response: Response;
  try {
    response = await fetcher(`/api/backup?${new URLSearchParams(query)}`, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    if (response.ok) {
      const { encryptedBackup, bapId } = (await response.json()) as Record<string, unknown>;
      if (typeof encryptedBackup === "string" && typeof bapId === "string") return { encryptedBackup, bapId };
      return "unavailable";
    }
  } catch {
    return "unavailable";
  }
  if (response.status === 404) return "none";
  if (response.status === 429) return "limited";
  return response.status === 401 || response.status === 403 ? "not-entitled" : "unavailable";
}
