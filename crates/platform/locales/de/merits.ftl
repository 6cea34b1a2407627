## Login with Sigma

merits-login-title = Bei { $app } anmelden
merits-login-heading = Mit Ihren Merits bei { $app } anmelden?
merits-login-on-behalf = Im Auftrag von
merits-login-sees = Die App sieht
merits-login-hidden = Die App sieht nicht
merits-login-again-heading = Weiter zu { $app }?
merits-login-again = Das haben Sie { $app } bereits erlaubt. Mehr wird nicht verlangt.
merits-login-continue = Weiter
merits-login-redirect = Sie werden zu <span class="nowrap">{ $host }</span> weitergeleitet. Auf der Seite Ihrer Merits können Sie den Zugriff jederzeit beenden.
merits-see-profile = Ihren Namen und Ihre primäre E-Mail-Adresse
merits-see-profile-detail = Wie sie in Ihrem Konto stehen, heute und später.
merits-see-all = Alle Merits, die Sie angenommen haben
merits-see-all-detail = Von jeder Organisation, heute und später.
merits-see-org = Die Merits, die Sie von { $org } erhalten haben
merits-see-org-detail = Soweit Sie sie angenommen haben, heute und später.
merits-unseen-profile = Ihren Namen und Ihre E-Mail-Adressen
merits-unseen-addresses = Ihre anderen E-Mail-Adressen
merits-unseen-others = Merits anderer Organisationen
merits-unseen-pending = Merits, die Sie nicht angenommen haben
merits-unseen-apps = Die anderen Apps, die Sie nutzen
merits-unseen-secrets = Ihr Passwort, Ihre Schlüssel und Passkeys

## Link App

merits-link-title = { $app } verknüpfen
merits-link-heading = Darf { $app } für Ihre Organisation handeln?
merits-link-by = Eine App von { $owner }.
merits-link-choose = Wählen Sie die Organisation
merits-link-already = bereits verknüpft; ersetzt, was die App darf
merits-link-no-org = Sie verwalten keine Organisation, daher gibt es nichts zu verknüpfen. Bitten Sie jemanden, der Ihre verwaltet, diesen Link zu öffnen.
merits-link-allow = Verknüpfen
merits-link-redirect = Sie werden zu <span class="nowrap">{ $host }</span> weitergeleitet. Auf der Seite Ihrer Organisation können Sie die Verknüpfung jederzeit lösen.
merits-link-not-admin = Diese Organisation verwalten Sie nicht. Wählen Sie eine andere.
merits-may-manage = Alles tun, was Administratoren können
merits-may-manage-detail = Das Profil ändern sowie Merits gestalten, senden, sehen und widerrufen.
merits-may-edit = Das Profil ändern
merits-may-edit-detail = Name, Beschreibung und Kontakt der Organisation.
merits-may-templates = Vorlagen gestalten
merits-may-templates-detail = Vorlagen für Merits und deren Felder anlegen und ändern.
merits-may-send = Merits senden
merits-may-send-detail = Merits aller Vorlagen senden, sehen, ändern, übertragen und widerrufen und vorgeschlagene freigeben.
merits-may-propose = Merits vorschlagen
merits-may-propose-detail = Gesendet werden sie erst nach Freigabe. Die App sieht nicht, was gesendet wurde.

## A request that cannot go on

merits-request-unknown = Dieser Link funktioniert nicht
merits-request-unknown-about = Er wurde schon benutzt oder ist unvollständig. Gehen Sie zur App zurück und beginnen Sie neu.
merits-front-page = Zur Startseite

## Your merits

merits-holder-title = Ihre Merits
merits-holder-pending = Warten auf Sie
merits-holder-pending-about = Diese wurden Ihnen gesendet. Niemand sieht sie, bevor Sie sie annehmen.
merits-holder-sent-to = Gesendet an { $email },
merits-holder-accepted = Angenommen
merits-holder-accepted-about = Apps, denen Sie es erlauben, sehen alle. Öffentliche haben eine Seite, die jeder öffnen kann, der ihre Adresse kennt.
merits-holder-none = Sie haben noch keine Merits angenommen.
merits-holder-since = Seit
merits-holder-page = Öffentliche Seite
merits-holder-apps = Apps, die Ihre Merits sehen
merits-holder-no-apps = Keine App sieht Ihre Merits.
merits-holder-app-for = Im Auftrag von { $org }
merits-accept = Annehmen
merits-reject = Ablehnen
merits-report = Melden
merits-report-about = Melden Sie, was beleidigend oder betrügerisch ist oder nicht für Sie bestimmt. Der Merit wird entfernt; die Organisation und der Betreiber dieses Servers sehen die Meldung.
merits-report-now = Melden
merits-public = Öffentlich
merits-hidden = Verborgen
merits-hide = Verbergen
merits-publish = Veröffentlichen
merits-forfeit = Zurückgeben
merits-forfeit-about = Sie geben den Merit zurück. Nur { $org } kann ihn neu senden.
merits-forfeit-now = Zurückgeben
merits-end-access = Zugriff beenden
merits-done-accepted = Angenommen.
merits-done-rejected = Abgelehnt.
merits-done-reported = Gemeldet. Vielen Dank.
merits-done-forfeited = Zurückgegeben.
merits-done-shown = Wer die Adresse kennt, kann ihn jetzt sehen.
merits-done-hidden = Er ist jetzt verborgen.
merits-done-ended = Die App sieht Ihre Merits nicht mehr.
merits-gone = Inzwischen hat sich etwas geändert, siehe unten.
merits-claims = Adressen, die jemand anders bestätigt hat
merits-claims-about = Ein anderes Konto hat { $email } bestätigt. Merits, die dorthin gesendet wurden, bleiben bei Ihnen, sofern Sie sie nicht übergeben.
merits-claims-hand-over = Übergeben
merits-claims-keep = Behalten
merits-done-handed-over = Übergeben.
merits-done-kept = Sie bleiben bei Ihnen.

## An organization

merits-chooser-title = Ihre Organisationen
merits-chooser-about = Sie sind als { $name } angemeldet. Wählen Sie die Organisation, deren Merits Sie verwalten.
merits-chooser-none = Sie sind als { $name } angemeldet und verwalten keine Organisation. Bitten Sie jemanden, der sie verwaltet, Ihnen das Recht dazu zu geben.
merits-org-switch = zu einer anderen Organisation wechseln
merits-org-all = Alle Organisationen
merits-org-nav = Organisation
merits-org-verified = Geprüft
merits-org-unverified = Nicht geprüft
merits-org-unverified-about = Der Betreiber dieses Servers hat diese Organisation noch nicht geprüft. Bis dahin warten die Merits, und niemand wird benachrichtigt.
merits-org-no-access = Sie haben keinen Zugang zu dieser Organisation
merits-org-no-access-about = Es gibt sie nicht, oder Sie verwalten sie nicht.
merits-org-use-another = Anderes Konto verwenden
merits-org-confirm = Bestätigen, dass Sie es sind
merits-org-confirm-about = Melden Sie sich noch einmal an, bevor Sie hier etwas ändern.
merits-tab-sent = Gesendet
merits-tab-proposed = Vorgeschlagen
merits-tab-templates = Vorlagen
merits-tab-members = Mitglieder
merits-tab-apps = Apps
merits-tab-profile = Profil
merits-pages = Seiten
merits-newer = Neuere
merits-older = Ältere
merits-save = Speichern
merits-create = Anlegen
merits-yes = Ja
merits-no = Nein
merits-about = Angaben
merits-id = ID
merits-required = (erforderlich)
merits-saved = Gespeichert.
merits-refused = Nicht ausgeführt: { $reason }.

## Merits of an organization

merits-sent-title = Gesendete Merits
merits-sent-email = E-Mail-Adresse des Empfängers
merits-status = Status
merits-any-status = Alle
merits-template = Vorlage
merits-any-template = Alle
merits-search = Suchen
merits-show-all = Alle anzeigen
merits-sent-none = Es wurden noch keine Merits gesendet.
merits-sent-no-match = Kein Merit passt dazu.
merits-sent-held-by = Merits, die { $name } angenommen hat
merits-sent-on = Gesendet
merits-recipient = Empfänger
merits-export = Als CSV exportieren
merits-nameless = Ohne Namen
merits-send-one = Merit senden
merits-send-many = An viele senden
merits-choose-template = Welche Vorlage?
merits-no-templates = Es gibt noch keine Vorlagen.
merits-email = E-Mail-Adresse
merits-first-name = Vorname
merits-last-name = Nachname
merits-send-now = Senden
merits-propose-now = Vorschlagen
merits-send-about = Der Empfänger erhält eine E-Mail und entscheidet, ob er annimmt. Ein vorgeschlagener Merit wartet auf Freigabe.
merits-preview = Vorschau
merits-preview-title = Titel
merits-preview-description = Beschreibung
merits-preview-name = Name des Empfängers
merits-proposed-title = Vorgeschlagene Merits
merits-proposed-about = Gesendet wird erst nach Freigabe.
merits-proposed-none = Nichts wartet auf Freigabe.
merits-approve = Freigeben
merits-approve-about = Dieser Merit wurde vorgeschlagen. Geben Sie ihn frei, um ihn zu senden.
merits-approve-now = Freigeben und senden
merits-values = Inhalt
merits-values-none = Außer dem Namen hat er keine Felder.
merits-edits = Früherer Inhalt
merits-reason = Grund
merits-change = Übertragen oder widerrufen
merits-transfer = Übertragen
merits-transfer-about = Dieser Merit endet, und einer mit demselben Inhalt geht an eine andere Adresse des Empfängers.
merits-new-email = Neue E-Mail-Adresse
merits-transfer-now = Übertragen
merits-revoke = Widerrufen
merits-revoke-about = Der Empfänger und alle, die den Merit prüfen, sehen den Widerruf. Er ist endgültig.
merits-revoke-now = Widerrufen
merits-field-files = Bis zu 20 Dateien; alle Dateien eines Formulars haben höchstens 100 MiB.
merits-field-kept = { $count ->
    [one] { $count } Datei ist schon hochgeladen.
   *[other] { $count } Dateien sind schon hochgeladen.
}
merits-field-files-stay = Dateien ohne Häkchen werden entfernt.
merits-file-open = Öffnen
merits-file-add = Dateien hinzufügen
merits-of-template = Vorlage
merits-cover-change = Bild ändern
merits-done-sent = Gesendet.
merits-done-proposed = Vorgeschlagen.
merits-done-approved = Freigegeben und gesendet.
merits-done-revoked = Widerrufen.
merits-done-transferred = Übertragen.
merits-status-unapproved = Wartet auf Freigabe
merits-status-pending = Offen
merits-status-accepted = Angenommen
merits-status-rejected = Abgelehnt
merits-status-reported = Gemeldet
merits-status-revoked = Widerrufen
merits-status-forfeited = Zurückgegeben
merits-status-transferred = Übertragen
merits-status-unverified = Wartet auf Prüfung

## Templates of an organization

merits-templates-title = Vorlagen
merits-new-template = Neue Vorlage
merits-title = Titel
merits-description = Beschreibung
merits-archived = Archiviert
merits-in-use = In Gebrauch
merits-once = Nur einmal je Empfänger
merits-once-about = Ein zweiter Merit dieser Vorlage an dieselbe Adresse wird abgelehnt.
merits-cover = Bild
merits-cover-about = Ein quadratisches Bild auf der Seite jedes Merits und für Apps, die sie zeigen. PNG, JPEG, WebP oder GIF, bis 2 MiB.
merits-cover-remove = Bild entfernen
merits-done-cover = Das Bild wurde geändert.
merits-done-no-cover = Das Bild wurde entfernt.
merits-upload-later = Ihre Organisation hat heute so viel hochgeladen, wie sie darf, oder es werden gerade zu viele Bilder hochgeladen. Versuchen Sie es später noch einmal.
merits-fields = Felder
merits-fields-about = Jeder Merit dieser Vorlage hat die eingeschalteten Felder.
merits-field-enabled = Ein
merits-field-required = Erforderlich
merits-field-in-use = Merits haben Werte
merits-field-shared = Wert für alle Merits
merits-new-field = Neues Feld
merits-field-name = Name
merits-field-description = Beschreibung
merits-field-kind = Art
merits-add-field = Feld hinzufügen
merits-kind-short = Kurzer Text
merits-kind-long = Langer Text
merits-kind-date = Datum
merits-kind-check = Kontrollkästchen
merits-kind-documents = Dokumente
merits-kind-photos = Fotos
merits-kind-videos = Videos
merits-kind-name = Name
merits-done-created = Angelegt. Wählen Sie nun die Felder.
merits-done-field = Das Feld wurde hinzugefügt.

## Sending to many

merits-import-about = Eine Zeile einer CSV-Datei für jeden Empfänger.
merits-import-file = CSV-Datei
merits-import-format = Die erste Zeile nennt die Spalten. Kommas, Semikolons oder Tabulatoren; UTF-8; höchstens { $lines } Zeilen und 4 MiB.
merits-import-read = Datei lesen
merits-import-earlier = Frühere Dateien
merits-import-empty = Die Datei ist leer.
merits-import-no-rows = Unter den Namen der Spalten hat die Datei keine Zeilen.
merits-import-not-text = Die Datei ist kein Text in UTF-8. Speichern Sie sie als „CSV UTF-8“.
merits-import-lines = Die Datei hat mehr als { $lines } Zeilen.
merits-import-columns = Die Datei hat mehr als { $columns } Spalten.
merits-import-broken = Zeile { $line } ist nicht lesbar: Prüfen Sie die Anführungszeichen.
merits-import-no-file = Wählen Sie eine Datei.
merits-map-title = Spalten
merits-map-about = { $file } hat { $lines ->
    [one] { $lines } Zeile
   *[other] { $lines } Zeilen
}. Sagen Sie, welche Spalte was enthält.
merits-map-columns = Welche Spalte enthält was?
merits-map-none = Keine
merits-map-preview = Die ersten Zeilen
merits-map-propose = Nur vorschlagen
merits-map-propose-about = Jeder Merit wird erst nach Freigabe gesendet.
merits-map-go = Zeilen prüfen
merits-map-email = E-Mail-Adresse
merits-map-full-name = Ganzer Name
merits-map-first = Vorname
merits-map-last = Nachname
merits-map-missing = Wählen Sie die Spalte für „{ $field }“.
merits-map-no-name = Wählen Sie die Spalte mit dem ganzen Namen oder die mit Vor- und Nachnamen.
merits-line = Zeile
merits-batch-progress = Fortschritt
merits-batch-counts = { $done } von { $lines } erledigt, { $failed } fehlgeschlagen.
merits-batch-start = { $count ->
    [one] { $count } Merit senden
   *[other] { $count } Merits senden
}
merits-batch-resume = { $count ->
    [one] Mit { $count } Zeile fortfahren
   *[other] Mit { $count } Zeilen fortfahren
}
merits-files = { $count ->
    [one] { $count } Datei
   *[other] { $count } Dateien
}
merits-file = Datei { $number }
merits-batch-stop = Anhalten
merits-batch-report = Bericht als CSV
merits-batch-lines = Zeilen
merits-batch-outcome = Ergebnis
merits-batch-failed = Nur fehlgeschlagene Zeilen
merits-batch-all = Alle Zeilen
merits-batch-next = Weitere Zeilen
merits-batch-no-lines = Keine Zeilen.
merits-batch-waits = Wartet
merits-batch-sent = Gesendet
merits-batch-draft = Nicht begonnen
merits-batch-running = Läuft
merits-batch-stopped = Angehalten
merits-batch-finished = Fertig

## Members, apps and profile of an organization

merits-members-title = Mitglieder
merits-members-about = Personen, die Merits dieser Organisation angenommen haben.
merits-members-none = Noch hat niemand einen Merit angenommen.
merits-member = Mitglied
merits-members-held = Merits
merits-members-latest = Neuester
merits-members-count = { $count ->
    [one] { $count } Merit
   *[other] { $count } Merits
}
merits-members-many = Mehr als { $count } Merits
merits-apps-title = Verknüpfte Apps
merits-apps-about = Fremde Apps, die für diese Organisation handeln.
merits-apps-none = Keine fremde App ist verknüpft. Eigene Apps der Organisation brauchen keine Verknüpfung.
merits-unlink = Verknüpfung lösen
merits-unlink-about = Ab ihrer nächsten Anfrage kann die App nicht mehr für diese Organisation handeln. Was sie gesendet hat, bleibt.
merits-unlink-now = Verknüpfung lösen
merits-done-unlinked = Die Verknüpfung ist gelöst.
merits-profile-title = Profil
merits-profile-about = Was Empfänger und Apps sehen
merits-profile-name = Name
merits-profile-website = Website
merits-profile-phone = Telefon
merits-profile-address = Anschrift
merits-profile-logo = Logo
merits-profile-logo-about = Es gehört zum Erscheinungsbild, mit Farben und Texten.
merits-profile-file = Bild
merits-profile-upload = Hochladen
merits-profile-developers = Für Entwickler
merits-profile-id = Org-ID
merits-profile-not-picture = Die Datei ist kein verwendbares Bild.
merits-profile-bad-website = Die Website muss mit https:// oder http:// beginnen

## Mails about merits

merits-unsubscribe-title = E-Mails über Merits
merits-unsubscribe-about = { $org } sendet Merits an { $email }. Sie können die E-Mails darüber abbestellen.
merits-unsubscribe-now = E-Mails abbestellen
merits-unsubscribe-done = { $email } erhält keine E-Mails mehr über Merits von { $org }.
merits-unsubscribe-still = Merits erscheinen weiterhin auf der Seite Ihrer Merits, und andere Organisationen können Ihnen weiterhin schreiben.
mail-merit-subject = { $org } hat Ihnen „{ $title }“ gesendet
mail-merit-title = Sie haben einen Merit erhalten
mail-merit = { $org } hat Ihnen „{ $title }“ gesendet. Er gehört Ihnen, sobald Sie ihn annehmen.
mail-merit-from = Absender ist { $org }, nicht { $server }. Prüfen Sie, ob Sie die Organisation kennen, bevor Sie annehmen.
mail-merit-open = Merit ansehen
mail-merit-unsubscribe = Keine E-Mails mehr über Merits von { $org }

## Organization

merits-archive = Archivieren
merits-unarchive = Wieder verwenden
merits-asks = { $app } möchte Ihre Merits sehen
merits-batch-stopped-about = Jemand hat angehalten, oder die Organisation hat heute so viele Merits gesendet, wie sie darf. Was gesendet ist, wird nicht noch einmal gesendet.

## Why something is refused

merits-problem-title-empty = der Titel ist leer
merits-problem-title-long = der Titel hat mehr als 60 Zeichen
merits-problem-description-empty = die Beschreibung ist leer
merits-problem-description-long = die Beschreibung hat mehr als 160 Zeichen
merits-problem-field-name-long = der Name eines Feldes hat höchstens 35 Zeichen
merits-problem-field-name-taken = es gibt ein Feld dieses Namens
merits-problem-field-empty = ein erforderliches Feld ist leer
merits-problem-field-long = ein Wert ist zu lang
merits-problem-name = der Name fehlt, oder ein Teil davon hat mehr als 60 Zeichen
merits-problem-too-many-fields = eine Vorlage hat höchstens 35 Felder
merits-problem-optional-in-use = Merits haben dieses Feld leer gelassen, daher kann es nicht erforderlich sein
merits-problem-values-differ = Merits haben andere Werte für dieses Feld
merits-problem-archived = die Vorlage ist archiviert
merits-problem-recipient-name = der Name des Empfängers gehört zu jedem Merit
merits-problem-required-stays = Merits haben Werte für dieses erforderliche Feld, daher bleibt es
merits-problem-status = der Status lässt das nicht mehr zu
merits-problem-not-editable = ein Merit mit diesem Status kann nicht bearbeitet werden
merits-problem-already-sent = dieser Empfänger hat bereits einen Merit dieser Vorlage
merits-problem-budget = die Organisation hat heute so viel verschickt oder hochgeladen, wie sie darf
merits-problem-email = die E-Mail-Adresse ist ungültig
merits-problem-value = ein Wert passt nicht zu seinem Feld
merits-problem-file-size = eine Datei ist zu groß: Dokumente und Videos haben höchstens 100 MiB, Fotos 20
merits-problem-file = eine Datei ist von keinem Typ, den ihr Feld annimmt
merits-problem-text = ein Text ist zu lang oder hat Zeichen, die sich nicht anzeigen lassen
merits-problem-too-many = die Organisation hat davon so viele, wie sie haben darf
merits-problem-forbidden = Sie dürfen das nicht mehr
merits-problem-not-found = es existiert nicht
merits-problem-org-name = der Name hat 1 bis 100 Zeichen
merits-problem-other = das Formular war unvollständig

## A request for access, by mail

mail-access-subject = { $org } möchte Ihre Merits sehen
mail-access-title = Eine App möchte Ihre Merits sehen
mail-access = Eine App von { $org } möchte Ihre Merits sehen. Ohne Ihre Zustimmung sieht sie nichts.

## Die Fehlercodes der API

merits-errors-title = Fehlercodes der Merits-API
merits-errors-about = Ein Fehler von { $path } hat diese Form:
merits-errors-compare = Vergleichen Sie den Code; die Meldung ist für Menschen bestimmt, auf Englisch, und kann sich ändern.
merits-errors-status = Status { $status }
