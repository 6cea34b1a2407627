## What the scripts of pages say: what is in braces here, they fill in

### Waiting and failing

script-failed = Something went wrong on this page. Reload it and try again.
script-insecure = This page was opened over an insecure connection, on which browsers do not handle keys. Open it with https.
script-other-address = This server’s address is { $issuer }, not { $origin }. Please open that address.
script-offline = The server could not be reached. Check your connection and try again.
script-limited = Too many attempts. Please try again in { $time }.
script-unavailable = The server is unavailable at the moment. Please try again in { $time }.
script-clock-fast = The clock of this device is { $time } fast. Signatures are valid for only five minutes: set the clock and try again.
script-clock-slow = The clock of this device is { $time } slow. Signatures are valid for only five minutes: set the clock and try again.
script-identity-taken = This identity belongs to another account on this server.
script-refused-because = The server refused: { $message }
script-refused = The server refused to sign you in.
script-signing-in = Signing in…
script-signed-in = Signed in. One moment…

### Keys

script-key-yours = Your key
script-identity-unnamed = Unnamed identity
script-show = Show
script-hide = Hide
script-show-password = Show the password
script-hide-password = Hide the password
script-wrong-password = That password does not open this key. Check that Caps Lock is off and try again.
script-no-account-key = This backup contains no account key. Use the backup that you saved when you created your key.
script-damaged = This backup cannot be read. It may be incomplete; try another copy of the file.
script-enter-password = Enter the password of your key.
script-unlocking = Unlocking your key…
script-choose-file = Choose your backup file first.
script-file-is-no-backup = That file is not a backup.
script-text-is-no-backup = That text is not a backup.
script-forgotten = The key was deleted from this device.

### Creating a key

script-choose-password = Choose a password.
script-password-too-short = The password needs at least { $count } characters.
script-passwords-differ = The passwords do not match.
script-strength-too-short = At least { $count } characters.
script-strength-weak = Weak: choose a longer one.
script-strength-fair = Fair: a longer one is better.
script-strength-strong = Strong.
script-creating-key = Creating your key…
script-saving = Saving the file. Check that you have it, then continue.
script-creating-account = Creating your account…
script-no-new-accounts = This server does not accept new accounts.
script-adding-key = Adding the key…
script-key-added = The key was added. One moment…
script-key-taken = This key belongs to an account already, or was removed from one. Create a new one.
script-sign-in-again = Your last sign-in was some time ago. Go back to your account and sign in again.
script-key-refused = The key was refused.
script-backup-without-key = There is no key in that backup.

### Backups

script-restore-not-entitled = This took too long, or was done before. Go back and sign in again.
script-restore-none = There is no backup to restore on this server.
script-restore-limited = Too many attempts. Please try again in a minute.
script-restore-password = Enter the password of your backup.
script-restore-opening = Opening your backup…
script-restore-key-removed = This key can no longer sign in here. It may have been removed from its account.
script-storing = Storing…
script-not-stored = It could not be stored. Check your connection, or sign in again.

### Passkeys

script-no-passkeys = This browser has no passkeys, or the page was opened over an insecure connection.
script-passkey-cancelled = No passkey was used: it was cancelled, took too long, or this device has none for this server.
script-passkey-known = This device already has a passkey of your account.
script-passkey-address = Passkeys work only at this server’s own address, over https.
script-passkey-unsupported = This device does not support the kind of passkey that is needed here.
script-passkey-failed = The browser could not use a passkey. Try again.
script-try-again = Something went wrong. Try again.

### Copying

script-copied = Copied.
script-copy-marked = It is marked: copy it with the keyboard.

### The signer

script-one-moment = One moment…
script-blocked = The browser blocked the window. Allow pop-up windows for this site and try again.
