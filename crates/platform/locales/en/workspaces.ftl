## The pages of a workspace, for its admins

workspace-nav = Workspace
workspace-pages = Pages
workspace-previous = Previous
workspace-next = Next
workspace-place = { $first }–{ $last } of { $total }
workspace-yes = Yes
workspace-no = No
workspace-never = Never
workspace-everything = Everything
workspace-optional = (optional)
workspace-save = Save
workspace-cancel = Cancel
workspace-copy = Copy
workspace-name = Name
workspace-role = Role
workspace-status = Status
workspace-created = Created
workspace-expires = Expires
workspace-last-used = Last used
workspace-id = Id
workspace-deactivate = Deactivate
workspace-deactivate-named = Deactivate { $name }
workspace-delete = Delete
workspace-delete-named = Delete { $name }
workspace-not-granted = You don't have this permission, so you can't grant it.

## The choice of a workspace

workspace-chooser = Your workspaces
workspace-chooser-list = Workspaces
workspace-chooser-none = You haven't joined a workspace yet
workspace-chooser-signed-in = You are signed in as { $person }.
workspace-chooser-ask = You are signed in as { $person }. Ask a workspace admin to invite your e-mail address.
workspace-switch = : switch to another workspace
workspace-all = All workspaces
workspace-sign-out = Sign out
workspace-merits = Merits
workspace-forbidden = Your role does not give you access to this page
workspace-forbidden-text = Your role in { $workspace } is { $role }. Ask a workspace admin for access.
workspace-back = Back to the workspace
workspace-no-access = You have no access to this workspace
workspace-no-access-text = It does not exist, or { $name } is not a member of it. Ask one of its admins for an invitation, or use the account that you were invited with.

## Its members

workspace-people = People
workspace-people-count = { $count ->
    [one] { $shown } person
   *[other] { $shown } people
}
workspace-people-list = List of people
workspace-people-find = Find by e-mail address
workspace-people-full = Full address
workspace-find = Find
workspace-show-all = Show all
workspace-people-not-found = No member has the e-mail address <strong>{ $email }</strong>.
workspace-people-none = There are no members on this page.
workspace-since = Since
workspace-you = you
workspace-quick-login = Quick login
workspace-state-invited = Invited
workspace-state-active = Active
workspace-state-inactive = Inactive
workspace-member-since = member since
workspace-beyond = { $name } has more rights than you, so you cannot make changes here.
workspace-keep-keys = { $count ->
    [one] Keep the API key created by { $name }
   *[other] Keep the { $shown } API keys created by { $name }
}
workspace-keep-keys-role = Otherwise keys with more rights than the new role are deactivated, along with the keys that they created.
workspace-keep-keys-member = Otherwise they are deactivated, along with the keys that they created.
workspace-invitation = Invitation
workspace-invitation-about = Not accepted yet. A new link replaces the old one.
workspace-invitation-again = Resend invitation
workspace-invitation-cancel = Cancel invitation
workspace-access = Access
workspace-self = This is you.
workspace-deactivate-about = { $name } is signed out of this workspace immediately and cannot sign in again until reactivated. The account and other workspaces are not affected.
workspace-inactive-about = { $name } cannot sign in to this workspace.
workspace-activate = Activate
workspace-remove = Remove from workspace
workspace-remove-about = { $name } loses access to { $workspace } immediately and needs a new invitation to come back. Their account and other workspaces are not affected.
workspace-remove-named = Remove { $name }
workspace-quick-refused = Has no effect: this server does not allow quick logins.
workspace-quick-off = Has no effect yet: quick logins are off in the settings of this workspace.
workspace-quick-manages = Has no effect with this role, and ends existing quick logins: roles that manage anything require a password.
workspace-quick-on = Lets this member log in without a password, for a day at a time.
workspace-invite = Invite a member
workspace-invite-about = They get an e-mail with a link, and become a member when they accept.
workspace-invite-email = E-mail address
workspace-invite-name = Existing users keep their own name.
workspace-invite-app = App
workspace-invite-no-app = None: this workspace
workspace-invite-app-about = Where they are led once they have accepted.
workspace-invite-send = Send invitation
workspace-invite-refused = The invitation was not sent: { $reason }.
workspace-invite-no-role = choose a role
workspace-invite-bad-email = the e-mail address is not valid

## Its roles

workspace-roles = Roles
workspace-roles-about = What members may do here.
workspace-roles-list = List of roles
workspace-role-create = Create role
workspace-role-description = Description
workspace-role-admin = A role that manages people, roles and API keys is an admin role.
workspace-role-save = Save role
workspace-role-delete = Delete role
workspace-role-delete-about = A role that is in use cannot be deleted: assign its members another role first.
workspace-role-keep-keys = Keep API keys with more rights
workspace-role-keep-keys-about = Otherwise, if this role loses rights, keys of its members with more rights are deactivated, along with the keys that they created.
workspace-role-refused = The role was not saved: { $reason }.
workspace-role-locked = Your role does not allow you to change roles.
workspace-role-beyond = This role has more rights than yours, so you cannot change it.
workspace-role-too-long = This role has more rules than this page can show. Use the API to read and change it.
workspace-permissions = Permissions
workspace-manages-nothing = Manages nothing
workspace-rules-schemas = { $count ->
    [one] { $count } schema
   *[other] { $count } schemas
}
workspace-rules-catalogs = { $count ->
    [one] { $count } catalog
   *[other] { $count } catalogs
}
workspace-switch-users = People
workspace-switch-users-title = Manage people
workspace-switch-users-detail = Invite members, assign roles, remove members.
workspace-switch-roles = Roles
workspace-switch-roles-title = Manage roles
workspace-switch-roles-detail = Create roles and change their permissions.
workspace-switch-keys = API keys
workspace-switch-keys-title = Manage API keys
workspace-switch-keys-detail = Create and deactivate keys for servers.
workspace-switch-schemas = Schemas
workspace-switch-schemas-title = Manage schemas
workspace-switch-schemas-detail = Change the data model. All schemas are writable.
workspace-switch-dimensions = Dimensions
workspace-switch-dimensions-title = Manage dimensions
workspace-switch-dimensions-detail = Change the dimensions of the data.
workspace-switch-lists = Option lists
workspace-switch-lists-title = Manage option lists
workspace-switch-lists-detail = Change the values of option lists.
workspace-switch-import = Import
workspace-switch-import-title = Import data
workspace-switch-import-detail = Import data in bulk.
workspace-switch-export = Export
workspace-switch-export-title = Export data
workspace-switch-export-detail = Export data in bulk.
workspace-level = Level
workspace-level-write = Write
workspace-level-read = Read
workspace-level-hidden = Hidden
workspace-schemas = Schemas
workspace-schemas-about = Schemas that are not listed are writable for roles that manage schemas, and readable for everyone else.
workspace-lines-discarded = Lines without a name are discarded.
workspace-schemas-none = No schema has its own rules.
workspace-schema = Schema { $number }
workspace-schema-another = Id of another schema
workspace-schema-id = Id of schema { $number }
workspace-schema-default = Default level of this schema's attributes
workspace-attributes = Attribute overrides
workspace-attribute-name = Name of an attribute
workspace-attribute = Attribute { $number } of schema { $schema }
workspace-lines-add = Add lines
workspace-catalogs = Catalogs
workspace-catalogs-about = The catalogs that this role can see and assign from.
workspace-catalogs-none = No catalog has its own rules.
workspace-catalog = Catalog { $number }
workspace-catalog-another = Id of a catalog
workspace-catalog-id = Id of catalog { $number }
workspace-catalog-view = View
workspace-catalog-assign = Assign
workspace-role-repeated = each schema and each catalog can be listed only once
workspace-role-names = Permissions in apps
workspace-role-names-about = Names of your own, one on each line, such as invoices:approve. Apps and services that know them read them from the session token.
workspace-role-no-permission = a permission is not a name of 1 to 64 letters, digits and . _ - : /, beginning with a letter or digit
workspace-role-many-permissions = a role has at most 100 permissions in apps
workspace-role-too-large = there are too many rules for schemas and catalogs
workspace-role-nameless = attributes are listed for a schema whose id is empty
workspace-role-twice = the attribute “{ $attribute }” is listed twice for the schema “{ $schema }”
workspace-role-no-level = a level is missing

## Its API keys

workspace-keys = API keys
workspace-keys-about = API keys let servers call your API without a user.
workspace-keys-list = List of API keys
workspace-keys-none = There are no keys yet.
workspace-keys-none-here = There are no keys on this page.
workspace-key-created = created
workspace-key-by = by { $name }
workspace-key-by-operator = the operator
workspace-key-by-key = the key { $name }
workspace-key-by-former = { $name }, who is no longer a member
workspace-key-active = Active
workspace-key-expired = Expired
workspace-key-deactivated = Deactivated
workspace-key-about = About this key
workspace-key-delay = Last use is recorded with a delay of up to a minute.
workspace-key-end = Deactivate or delete
workspace-key-locked = This key has more rights than you, so you cannot deactivate it.
workspace-key-deactivate-about = It stops working everywhere within a second, along with every key that was created with it. This cannot be undone.
workspace-key-delete-active = It stops working everywhere within a second, along with every key that was created with it, and is permanently removed from this list.
workspace-key-delete-ended = It is permanently removed from this list.
workspace-key-create = Create API key
workspace-key-new = Create an API key
workspace-key-name-hint = What uses the key, so that you know later which one to deactivate.
workspace-key-admin = A key with all permissions is an admin key: it can also manage members, roles and keys.
workspace-key-expiry = Expiry date
workspace-key-expiry-hint = The key works until the end of that day (UTC), or without a date until it is deactivated.
workspace-key-create-now = Create key
workspace-key-refused = The key was not created: { $reason }.
workspace-key-no-permission = choose at least one permission
workspace-key-past = the expiry date must not be in the past
workspace-key-made = API key “{ $name }” created
workspace-key-made-title = API key created
workspace-key-once = <strong>Copy it now.</strong> It is shown only once and cannot be recovered.
workspace-key-label = API key
workspace-key-try = Try it
workspace-key-copied = I have copied it
workspace-permission-read = Read
workspace-permission-read-detail = Read data and the data model.
workspace-permission-update-data = Change data
workspace-permission-update-data-detail = Create and change records.
workspace-permission-delete-data = Delete data
workspace-permission-delete-data-detail = Remove records.
workspace-permission-update-model = Change the data model
workspace-permission-update-model-detail = Create and change schemas.
workspace-permission-delete-model = Delete the data model
workspace-permission-delete-model-detail = Remove schemas.

## Its settings

workspace-settings = Settings
workspace-general = General
workspace-settings-locked = Only admins can change these settings.
workspace-quick-logins = Quick logins
workspace-quick-logins-about = Lets members who are marked for it log in without a password: for demos and tests, never for real data.
workspace-quick-logins-no-effect = They have no effect: this server does not allow quick logins. Its operator can allow them for certain networks with { $setting }.
workspace-quick-logins-refused = This server does not allow quick logins. Its operator can allow them for certain networks with { $setting }.
workspace-second-factor = Require a second factor
workspace-second-factor-about = Members prove a passkey or a one-time code besides their password or key. Those who have neither add one when they next open the workspace. Sign-in with a password alone, as by the API, is refused.
workspace-developers = For developers
workspace-org-id = Workspace id
workspace-server = Server
workspace-api-login = Log in users
workspace-api-verify = Check a token or key
workspace-api-forward = Forward auth for proxies
workspace-secret = Signing secret
workspace-secret-about = Signs the tokens of this workspace. Services that verify tokens offline need it; the operator of this server prints it with this command:
workspace-secret-kid = Key id (kid)
workspace-secret-rotate = Rotate secret
workspace-secret-rotate-about = New tokens are signed with a new secret. Nobody is logged out: the old secret verifies until its last token has expired. Services that verify offline need the new one immediately.
workspace-secret-rotate-now = Rotate secret now

## What was done, and what was not

workspace-done-invited = The invitation was sent.
workspace-done-saved = Saved.
workspace-done-activated = Activated.
workspace-done-deactivated = Deactivated.
workspace-done-ended = The member was removed.
workspace-done-role-made = The role was created.
workspace-done-deleted = Deleted.
workspace-done-rotated = New tokens are signed with a new secret.
workspace-not-saved = Not saved: { $reason }.
workspace-not-done = Not done: { $reason }.
workspace-text = { $what ->
    [schema] the id of a schema
    [attribute] the name of an attribute
    [catalog] the id of a catalog
    [description] the description
    [yours] Your name
   *[name] the name
} { $problem ->
    [long] must have at most { $most } characters
    [control] must not contain control characters
    [invisible] must not contain invisible characters
    [padded] must not begin or end with white space
    [reserved] is reserved
    [no-id] may contain only letters, digits, "_" and "-"
   *[empty] must not be empty
}
workspace-refused-beyond-own = You cannot grant, change or revoke more rights than you hold
workspace-refused-last-admin = The workspace must keep a member who can manage users, roles and API keys
workspace-refused-keys = The role may not manage API keys
workspace-refused-users = The role may not manage users
workspace-refused-roles = The role may not manage roles
workspace-refused-workspace = The role may not manage users, roles and API keys
workspace-refused-accepted = The invitation has already been accepted
workspace-refused-not-accepted = The invitation has not been accepted yet
workspace-refused-mails = This address has received too many invitations within the hour. Try again later
workspace-refused-many-keys = The workspace has the maximum number of API keys
workspace-refused-many-members = The workspace has the maximum number of members
workspace-refused-many-roles = The workspace has the maximum number of roles
workspace-refused-member = This e-mail address already belongs to a member
workspace-refused-same-name = A role with this name already exists
workspace-refused-fixed = This role of the operator cannot be changed or removed
workspace-refused-large = The roles of the workspace would exceed 1 MiB in total
workspace-refused-in-use = The role is in use
workspace-refused-rotated = The secret has been rotated too often today
workspace-refused-other = The rules of the workspace do not allow it

## An invitation

invitation-title = Invitation to { $workspace }
invitation-invites = invites { $email }
invitation-join = Join { $workspace }
invitation-new = Choose a display name and password to create your account on { $server }.
invitation-name = Display name
invitation-join-now = Join
invitation-existing = You join with your existing account. Admins of the workspace see your name and e-mail address, never your password or key.
invitation-accept = Accept invitation
invitation-sign-in = An account with this address exists. Sign in to it to accept the invitation.
invitation-other = You are signed in as <strong>{ $name }</strong>, which is another account.
invitation-sign-in-now = Sign in
invitation-app = Then you are led to { $app }.
invitation-no = If you don't want to join, close this page. You are not a member until you accept.
invitation-gone = This invitation is no longer valid
invitation-gone-text = It has already been accepted, has expired, or was cancelled. Ask for a new invitation.
