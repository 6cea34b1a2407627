## The consent page

consent-title = Allow { $app }?
consent-heading = Sign in to { $app }?
consent-scopes = This app will be able to
consent-choose-identity = Choose an identity
consent-signed-in-as = Signed in as
consent-not-you = Not you?
consent-use-another-account = Use another account
consent-deny = Deny
consent-allow = Allow
consent-redirect = You will be redirected to <span class="nowrap">{ $host }</span>. The app never gets your key or password.
consent-redirect-device = You will be redirected to a program on this device (<span class="nowrap">{ $host }</span>). Allow this only if you just started that program yourself. It never gets your key or password.
consent-terms = Terms of { $app }
consent-privacy = Privacy policy of { $app }

## What an app may ask for

scope-openid = Recognise you
scope-openid-detail = An identifier that stays the same each time you sign in.
scope-profile = See your profile
scope-profile-detail = Name, picture and public key of the identity you choose.
scope-email = See your e-mail address
scope-email-detail = Only if you have confirmed it here.
scope-offline-access = Access while you are away
scope-offline-access-detail = The app can renew its access without asking you again.
scope-roles = See your role
scope-roles-detail = Your role and groups in the organization that you act for, or in the one that owns this app, if you are a member.
scope-groups = See your groups
scope-groups-detail = The groups that you are in at the organization that you act for, or at the one that owns this app.
scope-org = See which organization you act for
scope-org-detail = The app learns its identifier, and that you are a member.
scope-org-named = See that you act for { $org }
scope-sigma-profile = Read and change your profile
scope-sigma-profile-detail = Name, picture and description of your identities.
scope-sigma-wallet = Manage your connected wallets
scope-sigma-wallet-detail = See, add and remove wallet addresses. The app cannot spend from them.
scope-sigma-backup = See whether you have a backup
scope-sigma-backup-detail = When it was last stored, and its fingerprint. The app never gets the backup itself.
scope-merits = See your merits
scope-merits-detail = All that you have accepted, from any organization, with their content.
scope-resource = Act for you at { $resource }
scope-resource-detail = { $uri } learns who you are.
scope-of-resource-detail = At { $resource }: { $scope }

## The page that asks which organization you act for

select-org-title = Choose an organization
select-org-heading = Which organization do you use { $app } for?
select-org-none-title = Not one of your organizations
select-org-none = { $app } asks for an organization that you are not a member of. Ask its administrators to invite you, or use another account.
select-org-signed-in = You are signed in as { $person } and will be signed out first.
select-org-back = Back to { $app }

## The page that asks which account to use

select-account-title = Choose an account
select-account-heading = Choose an account for { $app }
select-account-current = continue with this account
select-account-other-detail = You will be signed out first.
