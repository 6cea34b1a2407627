## The sign-in page

login-title = Sign in
login-title-again = Confirm that it is you
login-title-app = Sign in to { $app }
login-title-workspace = Sign in to your workspace
login-title-invitation = Sign in to accept the invitation
login-title-org = Sign in to manage your organization
login-again = You are signed in as <strong>{ $name }</strong>. Sign in again to continue.
login-again-app = You are signed in as <strong>{ $name }</strong>. The app requires you to sign in again.
login-or = or
login-not-you = Not you?
login-use-another-account = Use another account
login-new-here = New here?
login-create-key = Create your key

login-method-key = Sign in with your key
login-method-password = Sign in with e-mail and password

## E-mail address and password

login-email = E-mail address
login-password = Password
login-submit = Sign in
login-forgot = Forgot your password?
login-sign-up-by-email = Sign up with your e-mail address
login-password-missing = Enter your password.
login-wrong = Incorrect e-mail address or password.
login-delayed = Too many attempts to sign in to this account. Try again in { $seconds } s, or choose “Forgot your password?” to sign in with a link that we e-mail you.

## Quick logins

login-quick-notice = <strong>Quick login is enabled.</strong> Anyone who can open this page can sign in without a password.
login-quick-gone = This quick login is no longer available.

## The key

wallet-no-script = <strong>This page needs JavaScript.</strong> It signs with your key in this browser. Allow JavaScript for this site and reload the page.
wallet-show = Show
wallet-show-password = Show the password
key-yours = Your key
key-password = Key password
key-unlock = Unlock and sign in
key-unlock-hint = The password decrypts the key in this browser. Neither is ever sent.
key-use-another = Use another key
key-forget = Forget this key on this device
key-forget-title = Forget this key on this device?
key-forget-explained = This deletes the encrypted copy in this browser. Afterwards you can sign in only with your backup file and its password, which nobody can restore for you.
key-forget-now = Forget the key
key-forget-cancel = Cancel
key-none = This device has no key yet. Creating one takes a minute, without e-mail or phone number.
key-import-title = Use your backup file
key-import-file = Backup file <span class="quiet">(.bep or text)</span>
key-import-paste = Paste the backup text instead
key-import-text = Backup text
key-import-password = Backup password
key-import-submit = Open and sign in
key-restore-explained = No file at hand?
key-restore = Restore your key with a linked account
key-import-back = Back to the key on this device
key-identity-title = Choose an identity
key-unknown-title = This key has no account here
key-unknown = The key has not been used on <strong>{ $host }</strong> yet. You can create an account with it now.
key-enroll = Create an account with this key

## Creating a key

signup-steps = Steps
signup-step-backup = Backup
signup-by-email = Prefer a password?
signup-have-key = Have a key?
signup-lede = Your key is your account. It is created in this browser, encrypted with a password that only you know, and never sent.
signup-create = Create my key
signup-existing = This device already has a key
signup-existing-text = A new key replaces it in this browser. Continue only if you have the backup file of the old one.
signup-existing-use = Sign in with it
signup-existing-replace = Create a new key
signup-backup = With this file you get your key back if you lose this device. It is encrypted with your password, which nobody can reset.
signup-keep-copy = Also keep an encrypted copy on this server.
signup-keep-copy-hint = The server cannot open it. With a linked account, such as Google or GitHub, and your password you get your key back on a new device.

## Passkeys

login-method-passkey = Sign in with a passkey
passkey-use = Use a passkey
passkey-add = Add a passkey
passkey-hint = Your fingerprint, face, PIN or security key, on this device or another one.
passkey-no-script = Passkeys need JavaScript. Allow it for this site, or sign in another way.
passkey-unavailable = Passkeys are not available here.
passkey-malformed = The browser sent an incomplete answer. Try again.
passkey-foreign = The passkey was used on another page than this one. Open this server’s own address and try again.
passkey-other-browser = This attempt began in another browser, or its cookies were deleted. Reload the page and try again.
passkey-expired = That took too long, or was sent twice. Try again.
passkey-invalid = The passkey could not be verified. Try again.
passkey-not-verified = Your device did not ask for a PIN, a fingerprint or your face. Set one up on it, or use another device.
passkey-unsupported = This server does not support this kind of passkey. Use another device.
passkey-unknown = No account here has this passkey. It may have been removed; choose another one, or sign in another way.
passkey-cloned = This passkey was refused because there seems to be a copy of it. Sign in another way, and remove it from your account.
passkey-disabled = This account is disabled.
passkey-of-another = This passkey belongs to another account.
passkey-known = This passkey belongs to an account already.
passkey-too-many = Your account has as many passkeys as it may. Remove one first.
sign-in-again-first = Sign in again first: your last sign-in was some time ago, or less secure than your account allows.

## The second factor

second-factor-lede = You are signing in as <strong>{ $name }</strong>. One more step is needed.
second-factor-code = Code from your authenticator app
second-factor-code-hint = Six digits. Each code works once.
second-factor-submit = Continue
second-factor-recovery = Use a recovery code
second-factor-recovery-code = Recovery code
second-factor-recovery-hint = One of the codes that you saved when you set up your second factor. Each works once.
second-factor-wrong = This code is wrong, or was used before.
second-factor-delayed = There were too many wrong codes. Try again in { $seconds } s.
add-factor-title = Add a second factor
add-factor-app = { $app } requires a second factor, and your account has none yet.
add-factor-workspace = This workspace requires a second factor, and your account has none yet.
add-factor-why = You are signed in as <strong>{ $name }</strong>. From now on you will be asked for it here, so that a stolen password does not suffice.
totp-add = Use an authenticator app
totp-hint = An app on your phone that shows a new code every 30 seconds.

## Passkeys, codes and keys on the account page

account-back = Your account
passkey-name = Name of the passkey
passkey-name-hint = Such as the device that it is on. Optional.
passkey-rename = Rename
passkey-rename-save = Save name
totp-title = Set up an authenticator app
totp-scan = Scan this code with an authenticator app on your phone, then enter the code that the app shows.
totp-qr = QR code with the secret for the authenticator app
totp-by-hand = Enter the secret by hand instead
totp-by-hand-hint = Time-based, SHA-1, six digits, 30 seconds.
totp-open = Open in an app on this device
totp-first-code = Code that the app shows
totp-first-code-hint = Six digits. From then on you are asked for such a code at every sign-in.
totp-submit = Turn on
totp-added = The authenticator app was added. Its codes are asked for at every sign-in from now on.
totp-refused-old = That took too long. Scan this new code and try again.
totp-refused-wrong = That code is not the one that the app shows now. Check the clock of your phone and try again.
recovery-title = Your recovery codes
recovery-lede = If you lose your second factor, each of these codes replaces it once. Print them, or keep them in a password manager.
recovery-once = <strong>They are shown only this once.</strong> Earlier codes no longer work.
recovery-kept = The recovery codes that you have keep working.
recovery-continue = Continue
recovery-new = New recovery codes
recovery-new-hint = Ten codes that replace your second factor, each once. Earlier codes stop working.
add-key-title = Add a key
add-key-hint = For example because you lost the old one.
add-key-lede = The new key is created in this browser, encrypted with a password that only you know, and never sent. It signs that it belongs to your account.
add-key-password = Password of the new key
add-key-password-hint = At least 8 characters; 12 or more are better, such as four unrelated words.
add-key-repeat = Repeat password
add-key-create = Create the key
add-key-import = Use a key from a backup file instead
add-key-create-instead = Create a new key instead
add-key-open = Open the key
add-key-backup-title = Save your backup
add-key-backup = This file is the only way to recover the key if you lose this device. It is encrypted with your password, which nobody can reset.
add-key-download = Download the backup file
add-key-saved = I have saved the file in a safe place.
add-key-continue = Continue
add-key-confirm-title = Add this key to your account
add-key-retire = Remove the other keys of the account
add-key-retire-detail = They can never be used here again, and you are signed out everywhere else. Your identities stay.
add-key-submit = Add the key
