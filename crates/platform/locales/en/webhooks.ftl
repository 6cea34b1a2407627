# The pages of webhooks, in the console and of an org.

webhooks-title = Webhooks
webhooks-about = Other systems are told what happened: each event is posted to them, signed.
webhooks-none = There is no webhook.
webhooks-new = New webhook
webhooks-create = Create the webhook
webhooks-url = Address
webhooks-description = Description
webhooks-events = Events
webhooks-events-hint = Actions such as user.sign_up or groups of them, one per line. Empty for everything. Groups:
webhooks-signature = Signature
webhooks-hmac = HMAC-SHA256: the receiver holds the same secret
webhooks-ed25519 = Ed25519: the receiver holds a public key
webhooks-status = Status
webhooks-on = On
webhooks-off = Off
webhooks-off-failures = Off: the receiver failed
webhooks-off-gone = Off: the receiver is gone
webhooks-failing = Failing
webhooks-since = since
webhooks-until = signs until { $when }
webhooks-change = Change
webhooks-confirm = Confirm that it is you
webhooks-confirm-about = Before you change webhooks, sign in once more.
webhooks-test = Send a test
webhooks-test-about = Sends an event of its own, webhook.test.
webhooks-disable = Switch off
webhooks-disable-about = Nothing is sent any more. What happens meanwhile is not sent later.
webhooks-enable = Switch on
webhooks-enable-about = Sends what happens from now on, and what waited.
webhooks-rotate = Replace the secret
webhooks-rotate-about = Makes a new secret. The earlier one signs beside it for a while.
webhooks-settings = Settings
webhooks-save = Save
webhooks-remove = Remove the webhook
webhooks-remove-about = Nothing is sent any more, and the log is deleted. This cannot be undone.
webhooks-remove-now = Remove
webhooks-secret = Secret
webhooks-secret-about = The receiver verifies with this secret. It is shown this once.
webhooks-public-about = The receiver verifies with this public key.
webhooks-secrets = Secrets that sign
webhooks-failing-since = No delivery has succeeded since { $when }.
webhooks-deliveries = Deliveries
webhooks-no-deliveries = There is no delivery.
webhooks-only-failed = Only those that failed
webhooks-all = All deliveries
webhooks-when = When
webhooks-event = Event
webhooks-answer = Answer
webhooks-waiting = Waiting
webhooks-delivered = Delivered
webhooks-failed = Failed
webhooks-attempts = { $count ->
    [0] not tried yet
    [one] one attempt
   *[other] { $count } attempts
}
webhooks-next = next { $when }
webhooks-replay = Repeat
webhooks-replay-failed = Repeat what failed
webhooks-replay-since = Of events since
webhooks-pages = Pages
webhooks-first = Latest
webhooks-older = Earlier

webhooks-done-created = The webhook is created.
webhooks-done-saved = The webhook is changed.
webhooks-done-enabled = The webhook is on.
webhooks-done-disabled = The webhook is off.
webhooks-done-removed = The webhook is removed.
webhooks-done-tested = A test is on its way.
webhooks-done-rotated = The secret is replaced.
webhooks-done-replayed = It is repeated.

webhooks-problem-url = The address must be https, with neither a user name nor a fragment, and at most 2,048 bytes long.
webhooks-problem-reach = The server does not send to this address: it is not public.
webhooks-problem-description = The description must be one line of at most 200 characters.
webhooks-problem-events = One of the events is neither an action of the audit trail nor a group of them.
webhooks-problem-since = Choose a day.
webhooks-problem-unknown = The form was not understood. Nothing was changed.
webhooks-problem-many = There are as many webhooks as there may be.
