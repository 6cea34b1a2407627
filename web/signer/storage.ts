// The storage of this server's own pages, as far as a frame on another site can reach it.
import { type KeyStorage, storedKey } from "../wallet/storage.ts";

/** A document that may ask for the storage of its own site (Storage Access API); only some browsers hand out `localStorage`. */
interface Asking {
  requestStorageAccess?: (kinds?: { localStorage: boolean }) => Promise<{ localStorage?: Storage } | undefined>;
}

/** Holds nothing: that of a browser that denies storage altogether, as some do to frames on other sites. */
const NOTHING: KeyStorage = {
  getItem: () => null,
  setItem() {
    throw new Error("no storage");
  },
  removeItem() {},
};

/** The page's own storage. */
export function ownStorage(): KeyStorage {
  try {
    return localStorage;
  } catch {
    return NOTHING;
  }
}

/** Without asking: what the page sees, or what the person allowed earlier. */
export async function storageAtHand(): Promise<KeyStorage> {
  if (storedKey(ownStorage()) !== undefined) return ownStorage();
  try {
    const status = await navigator.permissions.query({ name: "storage-access" as PermissionName });
    if (status.state === "granted") return await requested();
  } catch {
    // A browser without that permission has nothing more to give.
  }
  return ownStorage();
}

/** Asks the person, on a click; undefined unless a key turned up. */
export async function askForStorage(): Promise<KeyStorage | undefined> {
  try {
    const storage = await requested();
    return storedKey(storage) ? storage : undefined;
  } catch {
    return undefined;
  }
}

async function requested(): Promise<KeyStorage> {
  const asking = document as unknown as Asking;
  // Browsers that know no kinds ignore the argument, and open the page's own storage.
  const handle = await asking.requestStorageAccess?.({ localStorage: true });
  return handle?.localStorage ?? ownStorage();
}
