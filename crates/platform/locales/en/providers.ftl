## Accounts at upstream providers

login-method-provider = Sign in with another account
provider-continue = Continue with { $provider }

provider-state-not-found = This sign-in has ended, or it began in another browser. Try again.
provider-not-found = This way to sign in is not available here.
provider-no-code = The provider did not complete the sign-in. Try again.
provider-access-denied = The sign-in was cancelled at the provider.
provider-invalid-code = The provider did not accept the sign-in. Try again.
provider-unavailable = The provider does not answer right now. Try again in a moment, or sign in another way.
provider-no-user-info = The provider’s answer could not be verified. Try again, or sign in another way.
provider-issuer-mismatch = The answer is not that of the provider that you chose. You were not signed in.
provider-not-fresh = The provider did not ask you to sign in again. Sign out there, or sign in another way.
provider-email-not-found = That account has no e-mail address, which is required here.
provider-email-not-verified = The e-mail address of that account is not confirmed. Confirm it with the provider first.
provider-email-does-not-match = Accounts with that e-mail address cannot sign in here.
provider-sign-up-disabled = That account is not linked with any account here. Sign in another way, and link it on your account page.
provider-user-disabled = This account is disabled.
provider-unable-to-link = The account could not be linked: sign in again, and try once more.
provider-linked-to-another = That account is already linked with another account here.
provider-too-many-linked = You have linked as many accounts as you can.
provider-too-many-requests = Too many attempts. Try again in a few minutes.

provider-link-title = Link your { $provider } account?
provider-link-explained = You came here with <strong>{ $account }</strong>. Once linked, you can sign in with { $provider } too, for example if you lose your key.
provider-link-submit = Link the account
provider-link-later = Not now
provider-link-continue = Continue

account-providers-title = Linked accounts
account-providers-explained = Sign in with an account that you have elsewhere.
account-providers-link = Link { $provider }
account-providers-linked = The account was linked.
