## Every mail

mail-hello = Hello,
mail-sent-by = Sent by { $server }.
mail-sent-by-name = Sent by { $name } ({ $server }).

## Invitation to a workspace

mail-invitation-subject = Invitation to { $workspace }
mail-invitation-by = { $inviter } invites you to the workspace “{ $workspace }” on { $server }.
mail-invitation = You are invited to the workspace “{ $workspace }” on { $server }.
mail-invitation-app = Once you accept, you are led to { $app }.
mail-invitation-open = View invitation
mail-invitation-life = The link works once, within { $life }. After that, ask for a new invitation.
mail-invitation-ignore = If you weren't expecting this invitation, ignore this e-mail. You are not a member until you accept.

## A new password was requested

mail-reset-subject = Set a new password for { $server }
mail-reset-title = Set a new password
mail-reset = We received a request to reset the password of your account on { $server }. If this was you, continue here:
mail-reset-open = Set a new password
mail-reset-life = The link works once, within { $life }. Setting a new password signs you out everywhere else.
mail-reset-ignore = If this wasn't you, ignore this e-mail. Your password won't change.

## An account that the operator created

mail-created-subject = Your account on { $server }
mail-created-title = Your account is ready
mail-created = An account with this e-mail address was created for you on { $server }. To sign in, choose a password first:
mail-created-open = Choose a password
mail-created-life = The link works once, within { $life }. After that, request a new one with “Forgot your password?” on the sign-in page.
mail-created-ignore = If you don't know why you got this e-mail, ignore it. Nobody can sign in without your password.

## The address of a new account

mail-confirm-subject = Confirm your e-mail address for { $server }
mail-confirm-title = Confirm your e-mail address
mail-confirm = Somebody is creating an account on { $server } with this e-mail address. If it was you, enter this code in the browser where you started:
mail-confirm-link = Or confirm the address with this link:
mail-confirm-open = Confirm the address
mail-confirm-life = Both work once, within { $life }.
mail-confirm-ignore = If this wasn't you, ignore this e-mail and do not share the code: no account is created without it.

## Sign-up with an address that has an account

mail-exists-subject = You already have an account on { $server }
mail-exists-title = You already have an account
mail-exists = Somebody tried to create an account on { $server } with this e-mail address, which already has one. If it was you, sign in:
mail-exists-sign-in = Sign in
mail-exists-forgot = If you have forgotten your password, set a new one:
mail-exists-reset = Set a new password
mail-exists-ignore = If this wasn't you, ignore this e-mail: your account has not changed.

## A password was changed

mail-changed-subject = Your password for { $server } was changed
mail-changed-title = Your password was changed
mail-changed = The password of your account on { $server } was changed on { $at }. You were signed out everywhere else.
mail-changed-fine = If this was you, no action is needed.
mail-changed-forgot = If this wasn't you, reset your password immediately:
mail-changed-reset = Reset your password

## Another address for an account

mail-confirm-new = Somebody who is signed in to { $server } is adding this e-mail address to their account. If it was you, enter this code there:
mail-confirm-new-life = It works once, within { $life }.
mail-confirm-new-ignore = If this wasn't you, ignore this e-mail and do not share the code: the address is not added without it.
mail-taken-subject = Your e-mail address on { $server }
mail-taken-title = This address belongs to another account
mail-taken = Somebody tried to add this e-mail address to their account on { $server }. It belongs to another account there, so it was not added.
mail-taken-remove = If it was you, sign in to that account and remove the address there first:
mail-taken-ignore = If this wasn't you, ignore this e-mail: your account has not changed.

## An account was changed

mail-account = Your account
mail-account-subject = Your account on { $server } was changed
mail-account-title = Your account was changed
mail-account-address-added = An e-mail address was added to your account on { $server } on { $at }.
mail-account-address-removed = An e-mail address was removed from your account on { $server } on { $at }.
mail-account-primary-changed = Another e-mail address was made the primary one of your account on { $server } on { $at }.
mail-account-password-removed = The password was removed from your account on { $server } on { $at }.
mail-account-provider-linked = An account at a provider was linked with your account on { $server } on { $at }. It can be used to sign in.
mail-account-provider-unlinked = An account at a provider was unlinked from your account on { $server } on { $at }.
mail-account-key-added = A key was added to your account on { $server } on { $at }. It can sign in from now on.
mail-account-passkey-added = A passkey was added to your account on { $server } on { $at }. It can sign in from now on.
mail-account-passkey-removed = A passkey was removed from your account on { $server } on { $at }.
mail-account-totp-added = An authenticator app was added to your account on { $server } on { $at }. Its codes are asked for from now on.
mail-account-totp-removed = The authenticator app was removed from your account on { $server } on { $at }. Its codes are no longer asked for.
mail-account-recovery-renewed = Your account on { $server } got new recovery codes on { $at }. Earlier ones no longer work.
mail-account-recovery-removed = The recovery codes were removed from your account on { $server } on { $at }.
mail-account-key-removed = A key was removed from your account on { $server } on { $at }.
mail-account-backup-retrieved = Your encrypted backup was retrieved from { $server } on { $at }. It can be opened only with its password.
mail-account-backup-restored = An earlier version of your encrypted backup on { $server } was made the current one on { $at }.
mail-account-backup-removed = Your encrypted backup was removed from { $server } on { $at }.
mail-account-backup-linked = A linked account can restore your encrypted backup from { $server } since { $at }.
mail-account-deletion-requested = The deletion of your account on { $server } was requested on { $at }. Until it is deleted, you can sign in and keep it.
mail-account-merged = Another account was merged into your account on { $server } on { $at }. Its addresses, credentials, identities, workspaces and merits are yours now.
mail-account-merge-proposed = On { $at } whoever runs { $server } proposed to merge this account with another account of yours. Nothing happens unless you sign in to both and confirm.
mail-account-check = If this wasn't you, sign in, check your account, and change your password or remove the credentials that are not yours:

## A webhook was switched off

mail-webhook-subject = A webhook of { $org } was switched off
mail-webhook-title = A webhook was switched off
mail-webhook-failed = A webhook of { $org } was switched off on { $at }: its receiver had failed for too long. Nothing is sent to it any more.
mail-webhook-gone = A webhook of { $org } was switched off on { $at }: its receiver answered that it wants nothing any more.
mail-webhook-next = When the receiver works again, switch the webhook on and repeat what it missed.
mail-webhook-open = Open the webhook

## Whoever connected a directory left

mail-directory-subject = A directory of { $org } was connected by somebody who left
mail-directory-title = Check the token of a directory
mail-directory = { $maker } connected the directory { $directory } to { $org }, and does not administer { $org } any more. The directory works on, and so does its token, which they may have kept.
mail-directory-somebody = Somebody whose account is deleted
mail-directory-next = If they should no longer have it, create a new token, end the old one at once, and enter the new one in the directory.
mail-directory-open = Open the connection

mail-test-subject = Test mail of { $server }
mail-test-title = Mails arrive
mail-test = Somebody who runs this server, presumably you, sent this mail on { $at } to see whether mails arrive. There is nothing to do.
