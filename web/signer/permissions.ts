// What a person permitted for good, in this browser's storage: per origin, identity and kind of request.
import type { KeyStorage } from "../wallet/storage.ts";
import type { Kind } from "./protocol.ts";

const PERMISSIONS = "sigmaSignerPermissions";
const MOST = 200;
const KINDS: readonly Kind[] = ["sign", "data", "encrypt", "decrypt", "friend"];

/** One permission. */
export interface Permission {
  origin: string;
  bapId: string;
  kind: Kind;
}

/** All of them, oldest first. What is no permission is left out. */
export function permissions(storage: KeyStorage): Permission[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(PERMISSIONS) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isPermission).slice(-MOST) : [];
  } catch {
    return [];
  }
}

/** Whether this was permitted. */
export function isPermitted(storage: KeyStorage, wanted: Permission): boolean {
  return permissions(storage).some((known) => isSame(known, wanted));
}

/** Remembers a permission; beyond a number of them the oldest is forgotten. */
export function permit(storage: KeyStorage, permission: Permission): void {
  const others = permissions(storage).filter((known) => !isSame(known, permission));
  write(storage, [...others, permission].slice(-MOST));
}

/** Takes a permission back. */
export function takeBack(storage: KeyStorage, permission: Permission): void {
  write(storage, permissions(storage).filter((known) => !isSame(known, permission)));
}

function write(storage: KeyStorage, all: Permission[]): void {
  try {
    storage.setItem(PERMISSIONS, JSON.stringify(all));
  } catch {
    // A browser that forbids storage asks every time.
  }
}

function isSame(one: Permission, other: Permission): boolean {
  return one.origin === other.origin && one.bapId === other.bapId && one.kind === other.kind;
}

function isPermission(value: unknown): value is Permission {
  if (typeof value !== "object" || value === null) return false;
  const { origin, bapId, kind } = value as Partial<Permission>;
  return typeof origin === "string" && typeof bapId === "string" && KINDS.some((known) => known === kind);
}
