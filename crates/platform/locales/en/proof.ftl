## Merits as portable proof: verification pages, and pages of orgs

proof-valid = This merit is valid.
proof-ended = This merit is no longer valid.
proof-recipient = Recipient
proof-issuer = Issued by
proof-sent = Issued on
proof-merit = Merit
proof-page = Page
proof-qr = QR code with the address of this page
proof-address = Address of this page:
proof-verify-other = Verify a credential
proof-org-verified = Verified by { $host } on { $date }
proof-org-website = Website
proof-org-address = Address
proof-org-phone = Telephone
proof-org-email = E-mail
proof-org-merits = Merits it issues
proof-download = Download as credential
proof-verify-title = Verify a credential
proof-paste = Paste the credential
proof-upload = Or choose its file
proof-verify = Verify
proof-verdict-valid = The credential is genuine, and the merit is valid.
proof-verdict-ended = The credential is genuine, but the merit is no longer valid.
proof-verdict-expired = The credential is genuine, but it has expired.
proof-verdict-foreign = The credential was issued by { $did }, which is not an organisation of this server. Verify it there.
proof-verdict-invalid = This is not a credential, or it was altered.
