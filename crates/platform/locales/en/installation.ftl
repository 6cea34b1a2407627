# Pages of the console about the installation itself.

console-mail-about = Mails that were not delivered yet. Those that a mail server refused stay here until they expire, at most a day. Nobody sees what they say.
console-mail-only-failing = Only failing ones
console-mail-none = No mail is waiting.
console-mail-none-failing = No mail is failing.
console-mail-to = To
console-mail-since = Since
console-mail-do = Actions
console-mail-waiting = Waiting
console-mail-sending = Being sent
console-mail-failing = Failing
console-mail-given-up = Given up
console-mail-unreadable = This mail cannot be read with the current master key.
console-mail-attempts = { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
}
console-mail-again = again at { $when }
console-mail-resend = Send now
console-mail-drop = Drop
console-mail-test = Test
console-mail-test-about = Sends a mail to your own address. If it is no longer listed above, it was delivered.
console-mail-test-now = Send a test mail
console-mail-confirm = Before you send or drop mails, sign in once more.
console-mail-no-address = Your account has no verified e-mail address to send a test mail to.
console-mail-gone = There is no such mail: it was delivered, or has expired.
console-mail-sending-now = This mail is being sent at the moment. Nothing was changed.
console-done-mail-tested = A test mail to your address is queued.
console-done-mail-resent = The mail is sent next.
console-done-mail-dropped = The mail is deleted unsent.

console-sessions-about = Browsers in which somebody is signed in, newest first. The last use is the last authentication, or the day on which an app was last given something.
console-sessions-none = Nobody is signed in.
console-sessions-confirm = Before you end sessions of others, sign in once more.
console-sessions-all = All sessions with their apps
console-session-person = Person
console-session-began = Began
console-session-used = Last used
console-session-end = End
console-done-session-ended = The session has ended.

console-account = Recovery and deletion
console-reset = Send a link
console-reset-about = Sends the person a link to set a new password. Nothing else changes.
console-reset-to = To
console-recover = End everything that they sign in with
console-recover-about = Removes their password, keys, passkeys, linked accounts and second factors, ends every session, and sends the link. They get back in by that link only: choose an address that is surely theirs. Keys that were removed here cannot be added to this account again.
console-recover-now = End it and send the link
console-unreachable = The account has no verified address for a link.
console-too-many-links = Three links were sent to this person within an hour. Nothing was changed.
console-link-refused = No link was sent: the address is not a verified one of this person, the account is disabled, or passwords are not accepted here.
console-delete = Delete the account
console-delete-about = The account and everything stored about the person is deleted after { $grace }. Until then they can sign in and keep it.
console-delete-now = Delete
console-keep = Keep the account
console-only-administrator = Nothing was changed: nobody else manages { $workspaces }.
console-deleting = The deletion is due, and may have begun.
console-done-link-sent = The link is on its way.
console-done-credentials-ended = Everything that the person signed in with has ended, and the link is on its way.
console-done-deletes = The account is going to be deleted.
console-done-kept = The account is kept.

console-ndjson = Download as NDJSON
console-live = Follow live
console-live-stop = Stop following
console-live-about = New events appear by themselves.

console-settings = Settings
console-settings-about = What is in force on the instance that answers, and where each setting comes from. Secrets are never shown. Settings are changed in the file or the environment, and take effect at the next start.
console-settings-policies = Registration and policies
console-settings-others = Everything else
console-settings-server = Server
console-setting = Setting
console-setting-value = Value
console-setting-from = From
console-setting-none = not set
console-setting-default = default
console-setting-file = file
console-setting-environment = environment

console-providers = Providers
console-providers-about = Servers elsewhere that people sign in with, as they are configured. The callback URL of each has to be registered there.
console-providers-none = No provider is configured.
console-providers-confirm = Before you test providers, sign in once more.
console-provider-issuer = Issuer
console-provider-callback = Callback URL
console-provider-sign-up = An account that nobody has linked
console-provider-sign-up-off = signs nobody in
console-provider-sign-up-key = becomes an account with a key
console-provider-sign-up-on = becomes an account
console-provider-asked = Last asked
console-provider-unknown = Not asked yet
console-provider-answers = Answers
console-provider-fails = Does not answer
console-provider-test = Test sign-in
console-provider-check = Ask whether it answers
console-trial = What { $provider } told
console-trial-about = The sign-in works. Neither an account nor a session was made of it.
console-trial-subject = Subject
console-trial-email = E-mail address
console-trial-verified = verified
console-trial-groups = Groups
console-trial-more = and { $count } more
console-trial-auth-time = Signed in there
