// Opens an encrypted backup and finds the identities in it, in memory only.
import { ECIES, HD, PrivateKey, Utils } from "@bsv/sdk";
import { BAP, MasterID, MemberID, bapIdFromPubkey } from "bsv-bap";
import type { Identity, MemberIdentity } from "bsv-bap";
import { decryptBackup, isLegacyBackup, isMasterBackup, isMemberBackup, isWifBackup } from "bitcoin-backup";
import type { BapMasterBackup, BapMemberBackup, DecryptedBackup } from "bitcoin-backup";
import { masterSigningKey, memberSigningKey } from "./derivation.ts";
import { prepared } from "./password.ts";
import { UnlockedIdentity } from "./sign.ts";

/** Why a backup cannot be used. */
export type UnlockProblem = "wrong-password" | "no-account-key" | "damaged";

/** A backup that cannot be used. */
export class UnlockError extends Error {
  readonly problem: UnlockProblem;

  constructor(problem: UnlockProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** The identities of a backup, at least one. Throws `UnlockError`. */
export async function unlock(encryptedBackup: string, password: string): Promise<UnlockedIdentity[]> {
  const backup = await open(encryptedBackup, password);
  const identities = guarded(() => identitiesOf(backup));
  if (identities.length === 0) throw new UnlockError("no-account-key");
  return identities;
}

/** Tries the prepared password, then, for backups of programs without preparation, the password as typed. */
async function open(encryptedBackup: string, password: string): Promise<DecryptedBackup> {
  const first = prepared(password);
  try {
    return await decrypt(encryptedBackup, first);
  } catch (error) {
    if (first === password || !(error instanceof UnlockError) || error.problem !== "wrong-password") throw error;
    return decrypt(encryptedBackup, password);
  }
}

async function decrypt(encryptedBackup: string, password: string): Promise<DecryptedBackup> {
  try {
    return await decryptBackup(encryptedBackup, password);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    throw new UnlockError(/passphrase/i.test(message) ? "wrong-password" : "damaged");
  }
}

/** Errors of the libraries mean nothing to users, and might quote key material. */
function guarded<T>(find: () => T): T {
  try {
    return find();
  } catch {
    throw new UnlockError("damaged");
  }
}

function identitiesOf(backup: DecryptedBackup): UnlockedIdentity[] {
  if (isMasterBackup(backup)) return identitiesOfMaster(backup);
  if (isMemberBackup(backup)) return [identityOfMember(backup)];
  if (isWifBackup(backup)) return [identityOfKey(backup.wif)];
  return [];
}

/**
 * Each identity signs in with the key at its root path, whichever generation of BAP derived its id from that key: the id is
 * that in the backup, and the server decides what it proves.
 */
function identitiesOfMaster(backup: BapMasterBackup): UnlockedIdentity[] {
  const legacy = isLegacyBackup(backup);
  const bap = legacy ? new BAP(backup.xprv) : new BAP({ rootPk: backup.rootPk });
  const source = legacy ? HD.fromString(backup.xprv) : { rootPk: PrivateKey.fromWif(backup.rootPk) };
  const known = backup.ids === "" ? [] : listed(JSON.parse(bap.decrypt(backup.ids)));
  const masters = known.map((identity) => {
    const master = new MasterID(source, {}, identity.idSeed ?? "");
    master.import(identity);
    return master;
  });
  if (masters.length === 0) masters.push(bap.newId("Identity 1"));
  return masters.map((master) => {
    const [root, current] = [master.getWalletRoot(master.rootPath), master.getWalletRoot(master.currentPath)];
    const bapId = master.getIdentityKey();
    return new UnlockedIdentity(bapId, master.idName, root.toWif(), masterSigningKey(bapId, root, current));
  });
}

/** Older backups hold a bare list of identities. */
function listed(ids: Identity[] | { ids: Identity[] }): Identity[] {
  return Array.isArray(ids) ? ids : ids.ids;
}

function identityOfMember(backup: BapMemberBackup): UnlockedIdentity {
  const member = memberData(backup);
  if (!member?.identityKey) return identityOfKey(backup.wif);
  const signing = memberSigningKey(PrivateKey.fromWif(backup.wif), member.counter ?? 0);
  return new UnlockedIdentity(member.identityKey, member.name, backup.wif, signing);
}

/** `bsv-bap` encrypts a member's data to two different keys, depending on what exported it. */
function memberData({ wif, id }: BapMemberBackup): MemberIdentity | undefined {
  const key = PrivateKey.fromWif(wif);
  const readings = [
    () => new MemberID(key).decrypt(id),
    () => Utils.toUTF8(ECIES.electrumDecrypt(Utils.toArray(id, "base64"), key)),
  ];
  for (const read of readings) {
    try {
      return JSON.parse(read()) as MemberIdentity;
    } catch {
      // Encrypted the other way, or unreadable: the key alone still identifies it.
    }
  }
  return undefined;
}

function identityOfKey(wif: string): UnlockedIdentity {
  const key = PrivateKey.fromWif(wif);
  return new UnlockedIdentity(bapIdFromPubkey(key.toPublicKey().toString()), "", wif, memberSigningKey(key, 0));
}
