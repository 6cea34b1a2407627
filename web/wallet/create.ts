// Creates an account key: a random Type42 master key and, derived from it, the first identity.
import { PrivateKey } from "@bsv/sdk";
import { BAP } from "bsv-bap";
import { encryptBackup } from "bitcoin-backup";
import { masterSigningKey } from "./derivation.ts";
import { prepared } from "./password.ts";
import { UnlockedIdentity } from "./sign.ts";

/** A key that was just created. */
export interface NewKey {
  identity: UnlockedIdentity;
  /** The encrypted backup: the only form in which the key is ever written down. */
  encryptedBackup: string;
}

/** Creates a key and encrypts its backup with the password (at least 8 characters). The label is part of the backup. */
export async function createKey(password: string, label: string): Promise<NewKey> {
  const rootPk = PrivateKey.fromRandom().toWif();
  const bap = new BAP({ rootPk });
  const master = bap.newId("Identity 1");
  const identity = new UnlockedIdentity(
    master.getIdentityKey(),
    master.idName,
    master.getWalletRoot(master.rootPath).toWif(),
    masterSigningKey(
      master.getIdentityKey(),
      master.getWalletRoot(master.rootPath),
      master.getWalletRoot(master.currentPath),
    ),
  );
  const encryptedBackup = await encryptBackup({ ids: bap.exportIds(), rootPk, label }, prepared(password));
  return { identity, encryptedBackup };
}
