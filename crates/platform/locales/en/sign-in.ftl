## The sign-in page

login-title = Sign in
login-title-again = Confirm that it is you
login-title-app = Sign in to { $app }
login-title-workspace = Sign in to your workspace
login-title-invitation = Sign in to accept the invitation
login-again = You are signed in as <strong>{ $name }</strong>. Sign in again to continue.
login-again-app = You are signed in as <strong>{ $name }</strong>. The app requires you to sign in again.
login-step-up = You are signed in as <strong>{ $name }</strong>. The app requires an additional confirmation that it is you.
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

signup-keep-copy = Also keep an encrypted copy on this server.
signup-keep-copy-hint = The server cannot open it. With a linked account, such as Google or GitHub, and your password you get your key back on a new device.
