## Sign-up with an e-mail address

sign-up-title = Sign up
sign-up-title-app = Sign up for { $app }
sign-up-heading = Create your account
sign-up-lede = We will e-mail you a code to confirm your address.
sign-up-name = Your name
sign-up-submit = Create account
sign-up-have-account = Have an account?
sign-up-no-password = Rather without a password?
sign-up-bad-name = Enter a name of up to { $most } visible characters.
sign-up-bad-email = This is not an e-mail address.
sign-up-ended = This sign-up has ended
sign-up-link-ended = This link no longer works
sign-up-ended-explained = It was used already, or it has expired. If your address is confirmed, sign in; otherwise sign up once more.
sign-up-taken = You already have an account
sign-up-taken-explained = An account with this address was created in the meantime. Sign in with it.

check-heading = Check your inbox
check-sent-code = We sent a message to <strong>{ $email }</strong>. Enter the code in it, or open the link.
check-sent-link = We sent a message to <strong>{ $email }</strong>. Open the link in it.
check-code = Code
check-code-hint = Eight digits. Code and link work once, within { $life }.
check-submit = Continue
check-wrong = { $left ->
    [0] That code is wrong, as were those before.
    [one] That code is wrong. You can try one more.
   *[other] That code is wrong. You can try { $left } more.
}
check-too-many = There were too many wrong codes. The link still works.
check-other-device = If you open the link on another device, confirm there; this page then continues automatically.
check-confirmed = I have confirmed it on another device
check-no-message = No message after a few minutes? Check your spam folder, or
check-again = start again

confirm-title = Confirm your e-mail address
confirm-done = Your address is confirmed
confirm-done-explained = Return to the browser where you started: it continues automatically. If you closed it, sign in with your password.
confirm-sign-in = Sign in here
confirm-who = <strong>{ $name }</strong> is creating an account on { $host } as <strong>{ $email }</strong>.
confirm-elsewhere = <strong>Confirm only if that is you.</strong> The sign-up was started in another browser, which will be signed in to the account.
confirm-here-submit = Confirm and continue
confirm-submit = Confirm the address
confirm-not-you = Not you? Close this page: no account is created without your confirmation.

## A new password

password-label = Password
password-new = New password
password-hint = At least 8 characters. 12 or more are better, for example four unrelated words.
password-again = Repeat password
password-differs = The passwords do not match.
password-too-short = The password is too short: at least 8 characters.
password-too-long = The password is too long: at most 128 characters.
password-control = The password must not contain control characters.
password-common = This is one of the most common passwords and easy to guess. Choose another one.
