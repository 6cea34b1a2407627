## Merits als übertragbarer Nachweis: Prüfseiten und Seiten von Organisationen

proof-valid = Dieser Merit ist gültig.
proof-ended = Dieser Merit ist nicht mehr gültig.
proof-recipient = Empfänger
proof-issuer = Ausgestellt von
proof-sent = Ausgestellt am
proof-merit = Merit
proof-page = Seite
proof-qr = QR-Code mit der Adresse dieser Seite
proof-address = Adresse dieser Seite:
proof-verify-other = Einen Nachweis prüfen
proof-org-verified = Geprüft von { $host } am { $date }
proof-org-website = Website
proof-org-address = Anschrift
proof-org-phone = Telefon
proof-org-email = E-Mail
proof-org-merits = Merits, die sie ausstellt
proof-download = Als Nachweis herunterladen
proof-verify-title = Einen Nachweis prüfen
proof-paste = Nachweis einfügen
proof-upload = Oder die Datei auswählen
proof-verify = Prüfen
proof-verdict-valid = Der Nachweis ist echt, und der Merit ist gültig.
proof-verdict-ended = Der Nachweis ist echt, aber der Merit ist nicht mehr gültig.
proof-verdict-expired = Der Nachweis ist echt, aber abgelaufen.
proof-verdict-foreign = Der Nachweis wurde von { $did } ausgestellt, keiner Organisation dieses Servers. Prüfen Sie ihn dort.
proof-verdict-invalid = Das ist kein Nachweis, oder er wurde verändert.
