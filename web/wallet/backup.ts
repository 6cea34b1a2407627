// The backup file: its name and content, and reading an imported one.

/** The largest file worth reading: Yours exports are the biggest, and hold no account key. */
const LARGEST_BACKUP = 256 * 1024;

/** The file's name, which includes the identity, so that several can be told apart. */
export function backupFileName(bapId: string, day: Date): string {
  return `sigma-${bapId.slice(0, 8)}-${day.toISOString().slice(0, 10)}.bep`;
}

/** A `.bep` file: the encrypted text, nothing else. */
export function backupFile(encryptedBackup: string): Blob {
  return new Blob([encryptedBackup], { type: "application/octet-stream" });
}

/**
 * The encrypted backup in a text: line breaks and spaces that mail and editors add are dropped. Undefined if it cannot be
 * one (canonical base64 of salt, iv and tag around at least two bytes).
 */
export function readBackupText(text: string): string | undefined {
  if (text.length > LARGEST_BACKUP) return undefined;
  const backup = text.replace(/^\uFEFF/, "").replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(backup) || backup.length % 4 !== 0) return undefined;
  return (backup.length / 4) * 3 >= 16 + 12 + 16 + 2 ? backup : undefined;
}

/** The encrypted backup in a file. */
export async function readBackupFile(file: File): Promise<string | undefined> {
  return file.size > LARGEST_BACKUP ? undefined : readBackupText(await file.text());
}
