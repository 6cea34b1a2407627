# What gives others access to an organization, in the console.

console-problem-permission = Choose at least one permission.

## API keys

console-api-keys-about = With API keys, servers call the organization’s API without a user.
console-api-key-new = New API key
console-api-key-about = The key is shown once. It belongs to nobody in the organization, whose audit trail says who created it.
console-api-key-fresh = The API key
console-api-key-once = Copy it now: it is not shown again.
console-api-key-past = The expiry date must not be in the past.
console-done-api-key-deactivated = The key is deactivated, and so are those that were created with it.
console-done-api-key-removed = The key is deleted.
console-refused-many-api-keys = This organization has as many API keys as its quota allows. Nothing was created.

## Linked apps

console-links-about = Apps of others that act for this organization.
console-link-new = Link an app
console-link-app-hint = The client ID of a registered app, or its id. An app that is linked already gets these permissions instead.
console-link-add = Link app
console-link-change = Change permissions
console-link-change-about = The tokens that the app holds for the organization end.
console-link-no-app = There is no such app, or it is disabled.
console-done-app-linked = The app is linked.
console-done-app-unlinked = The app no longer acts for this organization.
console-refused-many-links = This organization has linked as many apps as it may. Nothing was changed.
console-refused-own-app = The organization owns this app, which may do everything for it without a link.

## Directories

console-directories-about = A directory such as Entra ID or Okta adds people to the organization, and takes away their access when they leave (SCIM 2.0).
console-directories-own = No directory provisions the operator’s own organization: its members run the installation.
console-directory-about = The token is shown once. Anyone who holds it can do to the members what an administrator of the organization can.
console-directory-name-hint = What the directory is called, such as Entra ID
console-directory-fresh = The token of the directory
console-directory-rotated = Last new token
console-done-directory-ended = The directory is disconnected. The people whom it provisioned stay members.
console-refused-many-directories = This organization is connected to as many directories as it may be. Nothing was connected.

## People who act as others

console-impersonators = Impersonation
console-impersonators-about = These people can act as other people at the apps of this organization, never as members with more permissions.
console-impersonators-everywhere = These people can act as anybody at every app.
console-impersonators-none = Nobody may act as others here.
console-impersonator-new = Let somebody act as others
console-impersonator-hint = Whoever they act as sees it among their recent activity, and the audit trail records it.
console-impersonator-add = Allow impersonation
console-impersonator-remove = Revoke
console-impersonator-remove-about = They can no longer act as others here, and whatever they are doing as somebody else ends at once, at every app.
console-impersonator-remove-now = Revoke now
console-done-impersonator-allowed = The person may act as others.
console-done-impersonator-denied = The person may no longer act as others here. What they were doing as somebody else has ended.
console-refused-many-impersonators = As many people may act as others here as are allowed to. Nothing was changed.
