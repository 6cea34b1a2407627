// Stored in this browser: the encrypted backup, and a hint that tells keys apart without unlocking them.

const BACKUP = "encryptedBackup";
const HINT = "sigmaKeyHint";
/** What server-copy.ts keeps: meaningless without the key. */
const COPY = "sigmaServerCopy";

/** Names a key. Holds no secret. */
export interface KeyHint {
  name: string;
  bapId: string;
}

/** The key on this device, as far as it can be known while locked. */
export interface StoredKey {
  encryptedBackup: string;
  hint: KeyHint | undefined;
}

/** The part of `Storage` that is used; `localStorage` in the browser. */
export type KeyStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The key on this device. Browsers that forbid storage have none. */
export function storedKey(storage: KeyStorage = localStorage): StoredKey | undefined {
  try {
    const encryptedBackup = storage.getItem(BACKUP);
    return encryptedBackup ? { encryptedBackup, hint: parseHint(storage.getItem(HINT)) } : undefined;
  } catch {
    return undefined;
  }
}

/** Stores a key on this device; returns whether the browser allowed it. */
export function storeKey(encryptedBackup: string, hint: KeyHint, storage: KeyStorage = localStorage): boolean {
  try {
    storage.setItem(BACKUP, encryptedBackup);
    storage.setItem(HINT, JSON.stringify(hint));
    return true;
  } catch {
    return false;
  }
}

/** Deletes the key from this device. */
export function forgetKey(storage: KeyStorage = localStorage): void {
  try {
    storage.removeItem(BACKUP);
    storage.removeItem(HINT);
    storage.removeItem(COPY);
  } catch {
    // A browser that forbids storage has nothing to delete.
  }
}

function parseHint(text: string | null): KeyHint | undefined {
  try {
    const { name, bapId } = JSON.parse(text ?? "null") as Partial<KeyHint>;
    return typeof name === "string" && typeof bapId === "string" ? { name, bapId } : undefined;
  } catch {
    return undefined;
  }
}
