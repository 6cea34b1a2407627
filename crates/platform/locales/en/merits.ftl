## Login with Sigma

merits-login-title = Log in to { $app }
merits-login-heading = Log in to { $app } with your merits?
merits-login-on-behalf = On behalf of
merits-login-sees = It will see
merits-login-hidden = It will not see
merits-login-again-heading = Continue to { $app }?
merits-login-again = You already let { $app } see this. Nothing more is asked for.
merits-login-continue = Continue
merits-login-redirect = You will be sent to <span class="nowrap">{ $host }</span>. You can end this at any time on the page of your merits.
merits-see-profile = Your name and primary e-mail address
merits-see-profile-detail = As they are in your account, today and later.
merits-see-all = All merits that you accepted
merits-see-all-detail = From every organization, today and later.
merits-see-org = The merits that { $org } gave you
merits-see-org-detail = Those that you accepted, today and later.
merits-unseen-profile = Your name and your e-mail addresses
merits-unseen-addresses = Your other e-mail addresses
merits-unseen-others = Merits of other organizations
merits-unseen-pending = Merits that you did not accept
merits-unseen-apps = The other apps that you use
merits-unseen-secrets = Your password, keys and passkeys

## Link App

merits-link-title = Link { $app }
merits-link-heading = Let { $app } act for your organization?
merits-link-by = An app of { $owner }.
merits-link-choose = Choose the organization
merits-link-already = linked; this replaces what it may do
merits-link-no-org = You do not administer an organization, so there is nothing to link. Ask an owner or admin of yours to open this link.
merits-link-allow = Link
merits-link-redirect = You will be sent to <span class="nowrap">{ $host }</span>. You can unlink the app at any time on the page of your organization.
merits-link-not-admin = You do not administer that organization. Choose another one.
merits-may-manage = Do everything that an admin can
merits-may-manage-detail = Change the profile, and design, send, see and revoke merits.
merits-may-edit = Change the profile
merits-may-edit-detail = Name, description and contact of the organization.
merits-may-templates = Design templates
merits-may-templates-detail = Create and change templates of merits and their fields.
merits-may-send = Send merits
merits-may-send-detail = Send, see, change, transfer and revoke merits of all templates, and approve proposed ones.
merits-may-propose = Propose merits
merits-may-propose-detail = An admin approves them before they are sent. The app does not see what was sent.

## A request that cannot go on

merits-request-unknown = This link does not work
merits-request-unknown-about = It was used before, or it is not complete. Return to the app and start again.
merits-front-page = Go to the front page

## Your merits

merits-holder-title = Your merits
merits-holder-pending = Waiting for you
merits-holder-pending-about = These were sent to you. Nobody sees them until you accept.
merits-holder-sent-to = Sent to { $email },
merits-holder-accepted = Accepted
merits-holder-accepted-about = Apps that you allow see all of them. A public one has a page that anyone with the address can open.
merits-holder-none = You have not accepted any merits yet.
merits-holder-since = Since
merits-holder-page = Public page
merits-holder-apps = Apps that see your merits
merits-holder-no-apps = No app sees your merits.
merits-holder-app-for = On behalf of { $org }
merits-accept = Accept
merits-reject = Reject
merits-report = Report
merits-report-about = Report a merit that is insulting, fraudulent or meant for somebody else. It is removed, and the organization and the operator of this server see that you reported it.
merits-report-now = Report it
merits-public = Public
merits-hidden = Hidden
merits-hide = Hide
merits-publish = Make public
merits-forfeit = Give up
merits-forfeit-about = You give the merit back. Only { $org } can send it again.
merits-forfeit-now = Give it up
merits-end-access = End access
merits-done-accepted = Accepted.
merits-done-rejected = Rejected.
merits-done-reported = Reported. Thank you.
merits-done-forfeited = You gave it up.
merits-done-shown = Anyone with its address can see it now.
merits-done-hidden = It is hidden now.
merits-done-ended = The app no longer sees your merits.
merits-gone = It has changed meanwhile: see below.
merits-claims = Addresses that somebody else confirmed
merits-claims-about = Another account confirmed { $email }. Merits that were sent to it stay with you unless you hand them over.
merits-claims-hand-over = Hand them over
merits-claims-keep = Keep them
merits-done-handed-over = Handed over.
merits-done-kept = They stay with you.

## An organization

merits-chooser-title = Your organizations
merits-chooser-about = You are signed in as { $name }. Choose the organization whose merits you manage.
merits-chooser-none = You are signed in as { $name }, and do not administer an organization. Ask one of its admins to make you one.
merits-org-switch = switch to another organization
merits-org-all = All organizations
merits-org-nav = Organization
merits-org-verified = Verified
merits-org-unverified = Not verified
merits-org-unverified-about = The operator of this server has not verified this organization. Merits wait until then, and nobody is told of them.
merits-org-no-access = You have no access to this organization
merits-org-no-access-about = It does not exist, or you are not one of its admins.
merits-org-use-another = Use another account
merits-org-confirm = Confirm that it is you
merits-org-confirm-about = Sign in once more before you change something here.
merits-tab-sent = Sent
merits-tab-proposed = Proposed
merits-tab-templates = Templates
merits-tab-members = Members
merits-tab-apps = Apps
merits-tab-profile = Profile
merits-pages = Pages
merits-newer = Newer
merits-older = Older
merits-save = Save
merits-create = Create
merits-yes = Yes
merits-no = No
merits-about = About
merits-id = Id
merits-required = (required)
merits-saved = Saved.
merits-refused = Not done: { $reason }.

## Merits of an organization

merits-sent-title = Sent merits
merits-sent-email = Recipient's e-mail address
merits-status = Status
merits-any-status = Any
merits-template = Template
merits-any-template = Any
merits-search = Search
merits-show-all = Show all
merits-sent-none = No merits have been sent yet.
merits-sent-no-match = No merit matches.
merits-sent-held-by = Merits that { $name } accepted
merits-sent-on = Sent
merits-recipient = Recipient
merits-export = Export as CSV
merits-nameless = No name
merits-send-one = Send a merit
merits-send-many = Send to many
merits-choose-template = Which template?
merits-no-templates = There are no templates yet.
merits-email = E-mail address
merits-first-name = First name
merits-last-name = Last name
merits-send-now = Send
merits-propose-now = Propose
merits-send-about = The recipient gets an e-mail and decides whether to accept. A proposed merit waits for the approval of an admin.
merits-preview = Preview
merits-preview-title = Title
merits-preview-description = Description
merits-preview-name = Name of the recipient
merits-proposed-title = Proposed merits
merits-proposed-about = Sent only once an admin approves.
merits-proposed-none = Nothing waits for approval.
merits-approve = Approve
merits-approve-about = Somebody proposed this merit. Approve it to send it to the recipient.
merits-approve-now = Approve and send
merits-values = Content
merits-values-none = It has no fields besides the name.
merits-edits = Earlier content
merits-reason = Reason
merits-change = Transfer or revoke
merits-transfer = Transfer
merits-transfer-about = The merit ends, and one with the same content is sent to another address of its recipient.
merits-new-email = New e-mail address
merits-transfer-now = Transfer
merits-revoke = Revoke
merits-revoke-about = The recipient and everyone who checks the merit see that it was revoked. This is final.
merits-revoke-now = Revoke
merits-field-files = Up to 20 files; all files of a form have 100 MiB at most.
merits-field-kept = { $count ->
    [one] { $count } file was uploaded already.
   *[other] { $count } files were uploaded already.
}
merits-field-files-stay = Files whose box is cleared are removed.
merits-file-open = Open
merits-file-add = Add files
merits-of-template = Template
merits-cover-change = Change its picture
merits-done-sent = Sent.
merits-done-proposed = Proposed.
merits-done-approved = Approved and sent.
merits-done-revoked = Revoked.
merits-done-transferred = Transferred.
merits-status-unapproved = Waits for approval
merits-status-pending = Pending
merits-status-accepted = Accepted
merits-status-rejected = Rejected
merits-status-reported = Reported
merits-status-revoked = Revoked
merits-status-forfeited = Given up
merits-status-transferred = Transferred
merits-status-unverified = Waits for verification

## Templates of an organization

merits-templates-title = Templates
merits-new-template = New template
merits-title = Title
merits-description = Description
merits-archived = Archived
merits-in-use = In use
merits-once = Only once per recipient
merits-once-about = A second merit of this template to the same address is refused.
merits-cover = Picture
merits-cover-about = A square picture on the page of each merit, and for apps that show them. PNG, JPEG, WebP or GIF, up to 2 MiB.
merits-cover-remove = Remove the picture
merits-done-cover = The picture was changed.
merits-done-no-cover = The picture was removed.
merits-upload-later = Your organization has uploaded as much today as it may, or too many pictures are being uploaded at the moment. Try again later.
merits-fields = Fields
merits-fields-about = Every merit of this template has the fields that are on.
merits-field-enabled = On
merits-field-required = Required
merits-field-in-use = merits have values
merits-field-shared = Value for all merits
merits-new-field = New field
merits-field-name = Name
merits-field-description = Description
merits-field-kind = Type
merits-add-field = Add field
merits-kind-short = Short text
merits-kind-long = Long text
merits-kind-date = Date
merits-kind-check = Checkbox
merits-kind-documents = Documents
merits-kind-photos = Photos
merits-kind-videos = Videos
merits-kind-name = Name
merits-done-created = Created. Now choose its fields.
merits-done-field = The field was added.

## Sending to many

merits-import-about = One line of a CSV file for each recipient.
merits-import-file = CSV file
merits-import-format = The first line names the columns. Commas, semicolons or tabs; UTF-8; at most { $lines } lines and 4 MiB.
merits-import-read = Read the file
merits-import-earlier = Earlier files
merits-import-empty = The file is empty.
merits-import-no-rows = The file has no lines below the names of the columns.
merits-import-not-text = The file is not text in UTF-8. Save it as “CSV UTF-8”.
merits-import-lines = The file has more than { $lines } lines.
merits-import-columns = The file has more than { $columns } columns.
merits-import-broken = Line { $line } cannot be read: check its quotation marks.
merits-import-no-file = Choose a file.
merits-map-title = Columns
merits-map-about = { $file } has { $lines ->
    [one] { $lines } line
   *[other] { $lines } lines
}. Say which column holds what.
merits-map-columns = Which column holds what?
merits-map-none = None
merits-map-preview = The first lines
merits-map-propose = Propose only
merits-map-propose-about = An admin approves each merit before it is sent.
merits-map-go = Check the lines
merits-map-email = E-mail address
merits-map-full-name = Full name
merits-map-first = First name
merits-map-last = Last name
merits-map-missing = Choose the column of “{ $field }”.
merits-map-no-name = Choose the column of the full name, or those of first and last name.
merits-line = Line
merits-batch-progress = Progress
merits-batch-counts = { $done } of { $lines } done, { $failed } failed.
merits-batch-start = { $count ->
    [one] Send { $count } merit
   *[other] Send { $count } merits
}
merits-batch-resume = { $count ->
    [one] Resume with { $count } line
   *[other] Resume with { $count } lines
}
merits-files = { $count ->
    [one] { $count } file
   *[other] { $count } files
}
merits-file = File { $number }
merits-batch-stop = Stop
merits-batch-report = Report as CSV
merits-batch-lines = Lines
merits-batch-outcome = Outcome
merits-batch-failed = Only failed lines
merits-batch-all = All lines
merits-batch-next = Next lines
merits-batch-no-lines = No lines.
merits-batch-waits = Waiting
merits-batch-sent = Sent
merits-batch-draft = Not started
merits-batch-running = Running
merits-batch-stopped = Stopped
merits-batch-finished = Finished

## Members, apps and profile of an organization

merits-members-title = Members
merits-members-about = People who accepted merits of this organization.
merits-members-none = Nobody has accepted a merit yet.
merits-member = Member
merits-members-held = Merits
merits-members-latest = Latest
merits-members-count = { $count ->
    [one] { $count } merit
   *[other] { $count } merits
}
merits-members-many = More than { $count } merits
merits-apps-title = Linked apps
merits-apps-about = Apps of others that act for this organization.
merits-apps-none = No app of others is linked. Apps that this organization owns need no link.
merits-unlink = Unlink
merits-unlink-about = The app can no longer act for this organization, from its next request on. Merits that it sent stay.
merits-unlink-now = Unlink
merits-done-unlinked = Unlinked.
merits-profile-title = Profile
merits-profile-about = What recipients and apps see
merits-profile-name = Name
merits-profile-website = Website
merits-profile-phone = Phone
merits-profile-address = Address
merits-profile-logo = Logo
merits-profile-logo-about = It is part of the branding, with colours and texts.
merits-profile-file = Picture
merits-profile-upload = Upload
merits-profile-developers = For developers
merits-profile-id = Org id
merits-profile-not-picture = The file is not a picture that can be used.
merits-profile-bad-website = The website must begin with https:// or http://

## Mails about merits

merits-unsubscribe-title = E-mails about merits
merits-unsubscribe-about = { $org } sends merits to { $email }. You can stop the e-mails about them.
merits-unsubscribe-now = Stop these e-mails
merits-unsubscribe-done = { $email } gets no more e-mails about merits of { $org }.
merits-unsubscribe-still = Merits still appear on the page of your merits, and other organizations can still write to you.
mail-merit-subject = { $org } sent you “{ $title }”
mail-merit-title = You received a merit
mail-merit = { $org } sent you “{ $title }”. It is yours once you accept it.
mail-merit-from = { $org } sent it, not { $server }. Check that you know them before you accept.
mail-merit-open = View the merit
mail-merit-unsubscribe = No more e-mails about merits of { $org }

## Organization

merits-archive = Archive
merits-unarchive = Use again
merits-asks = { $app } asks to see your merits
merits-batch-stopped-about = Somebody stopped it, or the organization has sent as many merits today as it may. What was sent is not sent again.

## Why something is refused

merits-problem-title-empty = the title is empty
merits-problem-title-long = the title has more than 60 characters
merits-problem-description-empty = the description is empty
merits-problem-description-long = the description has more than 160 characters
merits-problem-field-name-long = the name of a field has at most 35 characters
merits-problem-field-name-taken = there is a field of that name
merits-problem-field-empty = a required field is empty
merits-problem-field-long = a value is too long
merits-problem-name = the name is missing, or a part of it has more than 60 characters
merits-problem-too-many-fields = a template has at most 35 fields
merits-problem-optional-in-use = merits have left this field empty, so it cannot be required
merits-problem-values-differ = merits have other values of this field
merits-problem-archived = the template is archived
merits-problem-recipient-name = the name of the recipient is part of every merit
merits-problem-required-stays = merits have values for this required field, so it stays
merits-problem-status = its status does not allow this any more
merits-problem-not-editable = a merit of this status cannot be edited
merits-problem-already-sent = this recipient has a merit of this template already
merits-problem-budget = the organization has sent or uploaded as much today as it may
merits-problem-email = the e-mail address is not valid
merits-problem-value = a value does not fit its field
merits-problem-file-size = a file is too large: documents and videos have at most 100 MiB, photos 20
merits-problem-file = a file is not of a type that its field takes
merits-problem-text = a text is too long, or has characters that cannot be shown
merits-problem-too-many = the organization has as many of these as it may have
merits-problem-forbidden = you may not do this any more
merits-problem-not-found = it does not exist
merits-problem-org-name = the name has 1 to 100 characters
merits-problem-other = the form was not complete

## A request for access, by mail

mail-access-subject = { $org } asks to see your merits
mail-access-title = An app asks to see your merits
mail-access = An app of { $org } asks to see your merits. It sees nothing unless you agree.

## The error codes of the API

merits-errors-title = Error codes of the merits API
merits-errors-about = An error of { $path } has this form:
merits-errors-compare = Compare the code; the message is for people and may change.
merits-errors-status = Status { $status }
