## Restoring a key on a device

restore-title = Restore your key
restore-explained = The encrypted backup that this server keeps is opened in this browser, with the password that you chose for your key.
restore-choose = Which key?
restore-stored = stored
restore-proven = Your account was confirmed. Now open your encrypted backup in this browser, with the password that you chose for your key.
restore-proven-as = You signed in as <strong>{ $email }</strong>. Now open your encrypted backup in this browser, with the password that you chose for your key.
restore-existing = This device already has a key, which the restored one replaces. Continue only if you have the backup file of the old one.
restore-password = Backup password
restore-password-hint = It is never sent, and nobody can reset it.
restore-submit = Open and sign in
restore-again = Start again
restore-none = This server keeps no backup of your key. If you have the backup file, use that.
restore-use-file = Use your backup file
restore-account = Your account
oauth-restore-explained = If this server keeps an encrypted backup of your key, and you linked an account elsewhere to it, you get the key back with that account and your password.
oauth-restore-no-provider = Accounts elsewhere cannot be linked on this server.

## The account's backups

backup-title = Encrypted backups
backup-explained = This server keeps a copy of your key that only your password opens. With it you can sign in on a new device.
backup-sign-in-first = To download, restore or remove a backup, sign in again: your last sign-in was some time ago.
backup-sign-in = Sign in again
backup-offer-title = The key of this browser
backup-offer = The encrypted key in this browser differs from what this server keeps. Store it, so that you can restore it on another device.
backup-offer-store = Store the encrypted key
backup-no-identity = Your account has no key.
backup-current = Stored
backup-since = kept since
backup-download = Download
backup-remove = Remove
backup-earlier = Earlier versions
backup-restore = Restore
backup-none = No backup is stored.
backup-kept = The latest five versions are kept, and one that is at least 30 days old. You are told by mail when a backup is retrieved, if your account has an address.
backup-done-stored = The backup was stored.
backup-done-restored = The earlier version is the current one again.
backup-done-removed = The backup and its earlier versions were removed.
backup-refused-old = Sign in again first.
backup-refused-unknown = Your account has no such backup.
