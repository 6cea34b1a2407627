## A user's account

account-sign-in-again = Sign in again
account-nav-label = Account
account-nav-overview = Addresses and sign-in
account-nav-signer = Signatures for sites
account-nav-activity = Recent activity

## Addresses and credentials

account-title = Your account
account-old = Your last sign-in was some time ago, or less secure than your account allows. Sign in again to change anything here.
account-emails = E-mail addresses
account-emails-none = Your account has no e-mail address.
account-email-primary = primary
account-email-unproven = not confirmed
account-email-make-primary = Make primary
account-remove = Remove
account-emails-use = Apps and notices use the primary address.
account-emails-password = You can sign in with your password and any confirmed one.
account-email-sent = We sent a message to <strong>{ $address }</strong>.
account-email-enter = Enter the code in it to add the address.
account-email-too-many = There were too many wrong codes: request a new one.
account-email-code = Code
account-email-code-hint = Eight digits. The code works once, within { $life }.
account-email-confirm = Confirm
account-email-cancel = Cancel
account-email-add = Add an address
account-email-send = Send code
account-credentials = How you sign in
account-credential-added = added
account-credential-used = last used
account-credential-unused = never used
account-credentials-remove = Removing one signs you out everywhere else. A removed key can never be used here again.
account-password-change = Change password
account-password-set = Set a password
account-kind-key = Key
account-kind-password = Password
account-kind-passkey = Passkey
account-kind-provider = Linked account
account-kind-totp = Authenticator app
account-kind-recovery = Recovery codes
account-recovery-left = { $count } left
account-done-added = The address was added.
account-done-primary = Your primary address was changed.
account-done-removed = The address was removed.
account-done-renamed = The passkey was renamed.
account-done-passkey = The passkey was added.
account-done-has-authenticator = Your account has an authenticator app. Remove it to set up another one.
account-done-retired = It was removed. You were signed out everywhere else.
account-refused-own = This address is already yours.
account-refused-many = Your account has as many addresses as it can.
account-refused-code = That code is no longer valid. Request a new one.
account-refused-primary = Only a confirmed address of yours can be the primary one.
account-refused-address = Your account has no such address.
account-refused-is-primary = Make another address the primary one first.
account-refused-needed = You sign in with your password and this address: add another one first.
account-refused-credential = Your account has no such credential.
account-refused-last = This is the last one that you can sign in with.
account-refused-passkey = Your account has no such passkey.
account-refused-name = Enter a name.
account-refused-no-factor = Recovery codes replace a second factor: add a passkey or an authenticator app first.

## Apps with access

account-apps-title = Apps with access
account-apps-explained = These apps can use your account. When you remove an app's access, its tokens stop working at once, and it has to ask you again.
account-apps-none = No app has access to your account.
account-apps-since = Access since
account-apps-used = last used
account-apps-open = Open
account-apps-remove = Remove access
account-apps-removed = The app's access was removed.
account-apps-unknown = That app has no access to your account.
account-apps-gone = A removed app

## Download and deletion

account-data-title = Your data
account-data-explained = Everything that this server stores about your account, without secrets, as one JSON file.
account-data-download = Download
account-delete-title = Delete your account
account-delete-explained = Your account is deleted { $grace } after you request it. Until then you can sign in and keep it.
account-delete-at-once = Apps lose access and all other browsers are signed out at once.
account-delete-later = Then your addresses, credentials, encrypted backups and memberships are deleted, and you are replaced by a pseudonym in the audit trail.
account-delete-what = What happens
account-delete-merits = Merits that you accepted stay a record of the organization that issued them, without your account.
account-delete-key = Your key stays yours: only what this server stores is deleted.
account-delete-word = delete
account-delete-type = Type “{ $word }” to confirm.
account-delete-submit = Delete my account
account-delete-old = Your last sign-in was some time ago. Sign in again first.
account-delete-administrator = You are the only administrator of { $workspaces }. Make somebody else an administrator, or remove the workspace, first.
account-delete-pending-title = Your account is going to be deleted
account-delete-pending = Your account is deleted on { $at }. If you changed your mind, keep it.
account-delete-keep = Keep my account
account-delete-kept = Your account is kept. Apps that you use have to ask you again.

## Language

account-language-title = Language
account-language-label = Pages and mails
account-language-browser = As in the browser
account-language-save = Save language
account-language-saved = Your language was saved.
account-language-unknown = This language is not available.

## Accounts that depend on a single key

one-key-title = Add a second way to sign in
one-key-explained = Your key is the only way to sign in to this account. If you lose it and its backup, nobody can let you in again. Add a passkey, an e-mail address with a password, or a linked account.
one-key-sign-up = So far this key is the only way to sign in to your account. Add a second one on your account page, such as a passkey: if you lose the key and its backup, nobody can let you in again.

## Mails

mail-account-recovery-used = A recovery code of your account on { $server } was used on { $at }. It does not work again.
mail-device-subject = New sign-in to your account
mail-device-title = New sign-in to your account
mail-device = Your account on { $server } was signed in to on { $at } from a device that was not used before: { $device }, address { $address }.
mail-device-check = If it was not you, end the session on your account's pages, and change how you sign in.
mail-single-key-subject = Add a second way to sign in
mail-single-key-title = Add a second way to sign in
mail-single-key = A single key is the only way to sign in to your account on { $server }. If you lose it and its backup, nobody can let you in again.
mail-single-key-add = Add a passkey, a password or a linked account now. It takes a minute.
mail-single-key-open = Open your account
mail-single-key-again = You get this reminder every month until your account has a second way to sign in.

## Merging two accounts

account-merge-title = Merge accounts
account-merge-how = How two accounts become one
account-merge-explained = If you have two accounts here, one can take over what the other has. You sign in to both, so that nobody else can do this.
account-merge-first = Sign in to the account that goes, and confirm here.
account-merge-second = Then sign in to the account that stays, in this browser and within 30 minutes, and confirm again.
account-merge-moves = Verified addresses, keys, passkeys, linked accounts, identities with their profiles, wallets and backups, workspaces, merits and the apps that you registered move to the account that stays.
account-merge-keeps = Where both accounts have the same, such as a password, an authenticator app or a role in one workspace, that of the account that stays is kept.
account-merge-ends = Everything that is signed in with the account that goes is signed out. Apps that you used with it, or let see its merits, ask you again and may take you for somebody new.
account-merge-final = This cannot be undone.
account-merge-both = Check both accounts
account-merge-goes = Goes
account-merge-stays = Stays
account-merge-own = You are signed in to { $name } ({ $detail }).
account-merge-into = It was proposed that this account goes into { $name } ({ $detail }).
account-merge-give-up = This account goes: continue
account-merge-confirm = Merge the accounts
account-merge-cancel = Keep both accounts
account-merge-decline = Decline the proposal
account-merge-proposed = A proposal
account-merge-elsewhere = It was proposed that { $name } ({ $detail }) goes into this account. Sign in to that account and confirm there first.
account-merge-confirmed = You confirmed that this account goes. Sign out, sign in to the account that stays, and open this page again.
account-merge-switch = Sign out
account-merge-done = The accounts were merged.
account-merge-same-account = These are the same account.
account-merge-not-found = There is no such account.
account-merge-not-confirmed = The account that goes was not confirmed in this browser within the last 30 minutes. Begin again there.
account-merge-another-account = It was proposed that another account stays. Sign in to that one, or decline the proposal.
account-merge-disabled = One of the accounts is disabled.
account-merge-deletion-requested = One of the accounts is going to be deleted. Keep it first.
account-merge-operator = One of the accounts may open the console of this server, so it is not merged. Whoever runs the server has to take its role first.
account-merge-second-factor = The account that goes has an authenticator app, and the one that stays has none. Add one to the account that stays first.
account-merge-only-administrator = The account that goes is the only administrator of a workspace in which both are members. Give the account that stays its role first.
account-merge-directory = In a workspace in which both accounts are members, a directory manages the one that goes. Ask the workspace’s administrators to remove one of them first.
account-merge-too-much = Together the accounts have more than one account may have, or more than can be moved at once.
