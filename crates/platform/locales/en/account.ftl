## A user's account

account-back = Your account
account-sign-in-again = Sign in again

## Apps with access

account-apps-title = Apps with access
account-apps-explained = These apps can use your account. When you remove an app's access, its tokens stop working at once, and it has to ask you again.
account-apps-none = No app has access to your account.
account-apps-since = Access since
account-apps-used = last used
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
