## Devices

device-name = { $browser } on { $system }
device-name-unknown = Unknown device

## The home page

home-title = Sigma
home-signed-in = You are signed in to { $server }.
home-workspaces = Workspaces
home-sign-out = Sign out
home-identity = Your identity
home-email = E-mail address
home-bap = BAP identity
home-pubkey = Public key
home-sessions = Where you are signed in
home-session-current = this browser
home-session-since = since
home-session-from = from { $address }
home-session-end = End
home-session-which = the session of { $device } since { $since }
home-hello = Sign in with a key that only you hold
home-lede = Sigma is an OpenID Connect server. Your key is created in your browser, encrypted with your password, and never leaves it. Apps get a signature, never a secret.
home-sign-in = Sign in
home-sign-up = Create your key
home-users = For users
home-users-about = One key for every app that uses this server. You see what an app requests before it gets access, and you can end any session here.
home-developers = For developers
home-developers-about = Use any OpenID Connect library with this issuer.
home-issuer = Issuer
home-discovery = Discovery document
home-reference = API reference
home-openapi = OpenAPI document
home-keys = Signing keys

## A user's password

account-password-title = Your password
account-password-saved = Your password has been set. You were signed out everywhere else.
account-password-no-address = You sign in with your key. To set a password, your account needs a confirmed e-mail address, and it has none.
account-password-add-address = Add an address
account-password-again = You sign in with your key. To set a password as well, sign in again first, because your last sign-in was some time ago.
account-password-by-mail = You signed in with an account elsewhere. To set a password here, use a link that we send to <strong>{ $email }</strong>, or sign in another way first.
account-password-send = Send a link
account-password-none = You don't have a password yet. With one you can sign in as <strong>{ $email }</strong>; your key keeps working.
account-password-set-now = Set password
account-password-about = You sign in as <strong>{ $email }</strong>. Changing your password signs you out everywhere else.
account-password-current = Current password
account-password-forgot = Forgot your password?
account-password-change-now = Change password
account-password-wrong = Incorrect password.
account-password-meanwhile = Your password was changed in the meantime. Try again.

## A forgotten password

forgot-title = Forgotten password
forgot-sent = Check your inbox
forgot-sent-lede = If this address has an account here, we have sent it a link to reset the password.
forgot-sent-about = The link works once, within { $life }. If it doesn't arrive within a few minutes, check your spam folder, and whether you used a different address.
forgot-other = Try another address
forgot-lede = Enter the address that you sign in with. We will send you a link to reset your password.
forgot-bad-email = This is not a valid e-mail address.
forgot-send = Send link
forgot-remembered = Remembered it?
reset-title = Set a new password
reset-about = For <strong>{ $email }</strong>. Setting a new password signs you out everywhere else.
reset-gone = This link is no longer valid
reset-gone-about = It has already been used, has expired, or the password was changed since it was sent.
reset-again = Request a new link

## Signing out at the request of an app

sign-out-title = Sign out?
sign-out-app-asks = { $app } wants to sign you out of { $server }.
sign-out-asks = Do you want to sign out of { $server }?
sign-out-person = You are signed in as <strong>{ $person }</strong>.
sign-out-fault = The app's sign-out request was invalid: { $fault }. You will not be redirected to the app.
sign-out-key = Your key stays on this device, encrypted with your password.
sign-out-stay = Stay signed in
sign-out-confirm = Sign out
signed-out-title = Signed out
signed-out-heading = You are signed out
signed-out-app = You can close this window or go back to { $app }.
signed-out-close = You can close this window.
signed-out-fault = The app's sign-out request was invalid: { $fault }. You were not redirected to the app.
signed-out-again = Sign in again
sign-out-fault-repeated = a parameter stands twice
sign-out-fault-no-hint = a post_logout_redirect_uri needs an id_token_hint
sign-out-fault-other-user = the id_token_hint is another user's
sign-out-fault-unregistered = the post_logout_redirect_uri is not registered for this app
sign-out-fault-invalid = the id_token_hint is not a valid ID token of this server
sign-out-fault-several = the id_token_hint is for several apps
sign-out-fault-other-app = the id_token_hint belongs to a different app than client_id
sign-out-fault-unknown-app = the id_token_hint is for an unknown app

## Recent activity

activity-title = Recent activity
activity-list = Events, newest first
activity-none = No activity yet.
activity-none-older = No older activity.
activity-in-merged = in an account that was merged into this one
activity-times = { $count } times
activity-from = from { $origin }
activity-pages = Pages
activity-latest = Latest
activity-older = Older
activity-unknown = If you do not recognize something, change your password and end your other sessions.
activity-password = Change password
activity-sessions = Your sessions
activity-removed-app = a removed app
activity-removed-workspace = a removed workspace
activity-sign-in-password = You signed in with your password
activity-sign-in-key = You signed in with your key
activity-sign-in-passkey = You signed in with a passkey
activity-second-factor = You confirmed a sign-in with a second factor
activity-cloned-passkey = A copy of one of your passkeys tried to sign in
activity-wrong-code = Somebody entered a wrong second factor
activity-sign-in = You signed in
activity-sign-in-failed = Failed sign-in to your account
activity-sign-up = You created this account
activity-user-create = The operator created this account
activity-user-disable = The operator disabled your account
activity-user-enable = The operator enabled your account
activity-user-change = The operator changed your account
activity-user-export = The operator exported everything stored about you
activity-deletion-operator = The operator requested the deletion of your account
activity-deletion = You requested the deletion of your account
activity-deletion-cancel = You kept your account
activity-deleted = The account was deleted
activity-merge-proposed = It was proposed to merge this account with another one of yours
activity-merged = Another account was merged into this one
activity-session-replaced = A session ended because another account signed in there
activity-session-room = Your oldest session ended because you have too many
activity-session-end-operator = The operator ended one of your sessions
activity-session-end = You signed out
activity-sessions-end-operator = The operator ended all your sessions
activity-sessions-end = You ended your other sessions
activity-reset-link-operator = The operator created a password reset link
activity-reset-link = A password reset link was requested
activity-email-add = You added an e-mail address
activity-email-primary = You changed your primary e-mail address
activity-email-remove = You removed an e-mail address
activity-identity-claim = You added an identity
activity-identity-lose = Another account proved ownership of one of your identities
activity-backup-restored = You went back to an earlier encrypted backup
activity-backup-store = An encrypted backup of your key was stored
activity-backup-retrieve-provider = Your encrypted backup was retrieved by way of a linked account
activity-backup-retrieve = Your encrypted backup was retrieved
activity-backup-remove = You removed an encrypted backup
activity-backup-link = You linked an account that restores your encrypted backup
activity-profile-change = You changed your profile
activity-profile-remove = You deleted your profile
activity-wallet-connect = You connected a wallet
activity-wallet-disconnect = You disconnected a wallet
activity-handed-over = You handed merits over to another account
activity-consent = You allowed { $app } to access your account
activity-consent-remove = You removed the access of { $app }
activity-grant-ended = { $app } ended its access
activity-grant-reused = The access of { $app } ended because one of its tokens was reused
activity-workspace-sign-in = You signed in to { $workspace }
activity-workspace-room = Your oldest session in { $workspace } ended because you have too many
activity-workspace-sign-out = You signed out of { $workspace }
activity-workspace-change = You changed the settings of { $workspace }
activity-workspace-secret = You rotated the secret of { $workspace }
activity-member-add = You added a member to { $workspace }
activity-member-change = You changed a member of { $workspace }
activity-member-remove = You removed a member of { $workspace }
activity-invite = You invited somebody to { $workspace }
activity-join = You joined { $workspace }
activity-role-create = You created a role in { $workspace }
activity-role-change = You changed a role in { $workspace }
activity-role-remove = You removed a role of { $workspace }
activity-api-key-create = You created an API key in { $workspace }
activity-api-key-deactivate = You deactivated an API key of { $workspace }
activity-api-key-remove = You removed an API key of { $workspace }
activity-webhook-create = You created a webhook of { $workspace }
activity-webhook-change = You changed a webhook of { $workspace }
activity-webhook-remove = You removed a webhook of { $workspace }
activity-webhook-secret = You changed the secret of a webhook of { $workspace }
activity-webhook-test = You tested a webhook of { $workspace }
activity-webhook-replay = You repeated deliveries of a webhook of { $workspace }
activity-merit-link = You let an app act for { $workspace }
activity-merit-unlink = You ended the access of an app to { $workspace }
activity-merit-template = You changed what { $workspace } issues
activity-merit-send = You sent merits for { $workspace }
activity-merit-approve = You approved a merit of { $workspace }
activity-merit-edit = You edited a merit of { $workspace }
activity-merit-revoke = You revoked a merit of { $workspace }
activity-merit-transfer = You transferred a merit of { $workspace }
activity-merit-accept = You accepted a merit of { $workspace }
activity-merit-reject = You rejected a merit of { $workspace }
activity-merit-report = You reported a merit of { $workspace }
activity-merit-forfeit = You gave up a merit of { $workspace }
activity-merit-public = You made a merit of { $workspace } public
activity-merit-hide = You hid a merit of { $workspace }
activity-merit-key = You changed the key that signs credentials of { $workspace }
activity-merit-access = You let an app of { $workspace } see merits
activity-merit-access-end = You ended the access of an app of { $workspace } to your merits
activity-credential-set-operator = { $kind ->
    [key] The operator set a key
    [passkey] The operator set a passkey
    [totp] The operator set an authenticator app
    [recovery] The operator set a list of recovery codes
    [provider] The operator set a linked account
   *[password] The operator set a password
}
activity-credential-add = { $kind ->
    [key] You added a key
    [passkey] You added a passkey
    [totp] You added an authenticator app
    [recovery] You added a list of recovery codes
    [provider] You added a linked account
   *[password] You added a password
}
activity-credential-change-operator = { $kind ->
    [key] The operator changed your key
    [passkey] The operator changed your passkey
    [totp] The operator changed your authenticator app
    [recovery] The operator changed your list of recovery codes
    [provider] The operator changed your linked account
   *[password] The operator changed your password
}
activity-credential-change = { $kind ->
    [key] You changed your key
    [passkey] You changed your passkey
    [totp] You changed your authenticator app
    [recovery] You changed your list of recovery codes
    [provider] You changed your linked account
   *[password] You changed your password
}
activity-credential-remove-operator = { $kind ->
    [key] The operator removed a key
    [passkey] The operator removed a passkey
    [totp] The operator removed an authenticator app
    [recovery] The operator removed a list of recovery codes
    [provider] The operator removed a linked account
   *[password] The operator removed a password
}
activity-credential-remove = { $kind ->
    [key] You removed a key
    [passkey] You removed a passkey
    [totp] You removed an authenticator app
    [recovery] You removed a list of recovery codes
    [provider] You removed a linked account
   *[password] You removed a password
}
activity-impersonation = Somebody began to act as you in { $app }
activity-impersonation-end = The impersonation of you in { $app } was ended
activity-assertion = { $app } got access by an assertion of your identity provider
activity-agent-create = You made an agent that acts for you
activity-agent-stop = You stopped an agent that acted for you
activity-people-export = You exported the people of this server
activity-mail-test = You sent yourself a test mail
activity-mail-resend = You had a mail of this server sent again
activity-mail-drop = You dropped a mail of this server
activity-server-change = You changed this server's branding
activity-provider-change = You changed a provider of this server
activity-provider-remove = You removed a provider of this server
activity-provider-test = You tested a provider of this server

## Errors that cannot be returned to an app

error-client = This app is not registered
error-client-text = This server does not know the app that sent you here. Contact the app's developers.
error-metadata = This app cannot be verified
error-metadata-text = The app that sent you here is described by a document on its own website, which cannot be read or is not valid. Contact the app's developers.
error-login = Sign in first
error-login-text = The app asked for a sign-in without showing a page, and you are not signed in.
error-disabled = This app is disabled
error-disabled-text = The operator of this server has disabled the app that sent you here.
error-redirect = Redirect address not registered
error-redirect-text = The app asked to redirect you to an address that is not registered for it, so you were not redirected.
error-no-redirect = Redirect address missing
error-no-redirect-text = The app did not say which address to redirect you to, so you were not redirected. Contact the app's developers.
error-request = Invalid request
error-request-text = The app that sent you here made a request that this server does not understand.
error-expired = This sign-in has expired
error-expired-text = The request of the app was used before or took too long. Go back to the app and sign in again.
error-object = Invalid request
error-object-text = The app that sent you here made a request that this server cannot verify.
error-denied = Access denied
error-denied-text = The request was denied.
error-server = Something went wrong on our side
error-server-text = Please try again in a moment.
error-unknown = Something went wrong
error-unknown-text = Go back to the app and try again.
error-code = Error
error-request-id = Request
error-back = Back to { $app }
error-front-page = Go to the front page

## Requests that were refused, and pages that do not exist

refused-limited = Too many requests
refused-limited-text = There were too many requests from your network. Wait a minute and try again.
refused-unavailable = Try again in a moment
refused-unavailable-text = The server is temporarily unavailable. Nothing is lost.
refused-signed-out = You are signed out
refused-signed-out-text = Sign in to continue. Nothing was changed.
refused-blocked = Request blocked
refused-blocked-text = The request came from a page of another site, so it was rejected.
refused-not-found = Page not found
refused-not-found-text = The address may be mistyped, or the page may have moved.
refused-method = This page cannot be opened directly
refused-method-text = Its address only accepts forms from another page.
refused-large = Too large
refused-large-text = The request is larger than this server accepts.
refused-changed = This has changed in the meantime
refused-changed-text = Nothing was changed. Reload the page and check.
refused-malformed = That did not work
refused-malformed-text = This server did not understand the request. Nothing was changed.
refused-continue = Continue
refused-again = Try again

## Interactions that cannot continue

stopped-ended = This sign-in has ended
stopped-unknown-text = Return to the app or page where you started, and sign in again.
stopped-lapsed-text = It took too long. You can start it again.
stopped-finished = You have already answered
stopped-finished-text = This request was completed before, perhaps in another tab.
stopped-other-browser = This sign-in began in another browser
stopped-other-browser-text = You can continue it there, or start again here.
stopped-continue = Continue to { $app }
stopped-again = Start again

## On the way back to an app, by form

form-post-title = Returning to the app
form-post-lede = If you are not redirected, press the button.

## The API reference

reference-no-script = This page needs JavaScript. Without it, read the document itself:

## Forms

form-outdated = Somebody changed this in the meantime, or you did in another window. Nothing was saved, and your entries are still here. Open the page again to see the current settings.
