## Die Seiten eines Workspace, für seine Administratoren

workspace-nav = Workspace
workspace-pages = Seiten
workspace-previous = Zurück
workspace-next = Weiter
workspace-place = { $first }–{ $last } von { $total }
workspace-yes = Ja
workspace-no = Nein
workspace-never = Nie
workspace-everything = Alles
workspace-optional = (optional)
workspace-save = Speichern
workspace-cancel = Abbrechen
workspace-copy = Kopieren
workspace-name = Name
workspace-role = Rolle
workspace-status = Status
workspace-created = Erstellt
workspace-expires = Läuft ab
workspace-last-used = Zuletzt verwendet
workspace-id = ID
workspace-deactivate = Deaktivieren
workspace-deactivate-named = { $name } deaktivieren
workspace-delete = Löschen
workspace-delete-named = { $name } löschen
workspace-not-granted = Sie haben dieses Recht nicht und können es deshalb nicht erteilen.

## Die Wahl eines Workspace

workspace-chooser = Ihre Workspaces
workspace-chooser-list = Workspaces
workspace-chooser-none = Sie sind noch in keinem Workspace Mitglied
workspace-chooser-signed-in = Sie sind als { $person } angemeldet.
workspace-chooser-ask = Sie sind als { $person } angemeldet. Bitten Sie einen Administrator, Ihre E-Mail-Adresse in seinen Workspace einzuladen.
workspace-switch = : zu einem anderen Workspace wechseln
workspace-all = Alle Workspaces
workspace-sign-out = Abmelden
workspace-merits = Merits
workspace-forbidden = Ihre Rolle öffnet diese Seite nicht
workspace-forbidden-text = Ihre Rolle in { $workspace } ist { $role }. Bitten Sie einen Administrator des Workspace um Zugang.
workspace-back = Zurück zum Workspace
workspace-no-access = Sie haben keinen Zugang zu diesem Workspace
workspace-no-access-text = Es gibt ihn nicht, oder { $name } ist dort nicht Mitglied. Bitten Sie einen seiner Administratoren um eine Einladung, oder verwenden Sie das Konto, mit dem Sie eingeladen wurden.

## Seine Mitglieder

workspace-people = Personen
workspace-people-count = { $count ->
    [one] { $shown } Person
   *[other] { $shown } Personen
}
workspace-people-list = Liste der Personen
workspace-people-find = Nach E-Mail-Adresse suchen
workspace-people-full = Vollständige Adresse
workspace-find = Suchen
workspace-show-all = Alle anzeigen
workspace-people-not-found = Kein Mitglied hat die E-Mail-Adresse <strong>{ $email }</strong>.
workspace-people-none = Auf dieser Seite sind keine Mitglieder.
workspace-since = Seit
workspace-you = Sie
workspace-quick-login = Schnellanmeldung
workspace-state-invited = Eingeladen
workspace-state-active = Aktiv
workspace-state-inactive = Deaktiviert
workspace-member-since = Mitglied seit
workspace-beyond = { $name } hat mehr Rechte als Sie. Deshalb können Sie hier nichts ändern.
workspace-keep-keys = { $count ->
    [one] Den API-Schlüssel behalten, den { $name } erstellt hat
   *[other] Die { $shown } API-Schlüssel behalten, die { $name } erstellt hat
}
workspace-keep-keys-role = Andernfalls werden Schlüssel mit mehr Rechten als die neue Rolle deaktiviert, ebenso die Schlüssel, die mit ihnen erstellt wurden.
workspace-keep-keys-member = Andernfalls werden sie deaktiviert, ebenso die Schlüssel, die mit ihnen erstellt wurden.
workspace-invitation = Einladung
workspace-invitation-about = Noch nicht angenommen. Ein neuer Link ersetzt den alten.
workspace-invitation-again = Einladung erneut senden
workspace-invitation-cancel = Einladung zurückziehen
workspace-access = Zugang
workspace-self = Das sind Sie.
workspace-deactivate-about = { $name } wird sofort von diesem Workspace abgemeldet und kann sich erst nach erneuter Aktivierung wieder anmelden. Das Konto und andere Workspaces sind nicht betroffen.
workspace-inactive-about = { $name } kann sich bei diesem Workspace nicht anmelden.
workspace-activate = Aktivieren
workspace-remove = Aus dem Workspace entfernen
workspace-remove-about = { $name } verliert sofort den Zugang zu { $workspace } und braucht für die Rückkehr eine neue Einladung. Das Konto und andere Workspaces sind nicht betroffen.
workspace-remove-named = { $name } entfernen
workspace-quick-refused = Hat keine Wirkung: Dieser Server erlaubt keine Schnellanmeldung.
workspace-quick-off = Hat noch keine Wirkung: Die Schnellanmeldung ist in den Einstellungen dieses Workspace ausgeschaltet.
workspace-quick-manages = Hat mit dieser Rolle keine Wirkung und beendet bestehende Schnellanmeldungen: Rollen, die etwas verwalten, brauchen ein Passwort.
workspace-quick-on = Dieses Mitglied kann sich ohne Passwort anmelden, jeweils für einen Tag.
workspace-invite = Mitglied einladen
workspace-invite-about = Die Person erhält eine E-Mail mit einem Link und wird Mitglied, sobald sie annimmt.
workspace-invite-email = E-Mail-Adresse
workspace-invite-name = Wer schon ein Konto hat, behält den eigenen Namen.
workspace-invite-app = App
workspace-invite-no-app = Keine: dieser Workspace
workspace-invite-app-about = Wohin die Person geführt wird, sobald sie angenommen hat.
workspace-invite-send = Einladung senden
workspace-invite-refused = Die Einladung wurde nicht gesendet: { $reason }.
workspace-invite-no-role = Wählen Sie eine Rolle
workspace-invite-bad-email = Die E-Mail-Adresse ist ungültig

## Seine Rollen

workspace-roles = Rollen
workspace-roles-about = Was Mitglieder hier dürfen.
workspace-roles-list = Liste der Rollen
workspace-role-create = Rolle erstellen
workspace-role-description = Beschreibung
workspace-role-admin = Eine Rolle, die Personen, Rollen und API-Schlüssel verwaltet, ist eine Administratorrolle.
workspace-role-save = Rolle speichern
workspace-role-delete = Rolle löschen
workspace-role-delete-about = Eine Rolle, die verwendet wird, lässt sich nicht löschen: Geben Sie ihren Mitgliedern zuerst eine andere.
workspace-role-keep-keys = API-Schlüssel mit mehr Rechten behalten
workspace-role-keep-keys-about = Andernfalls werden, wenn diese Rolle Rechte verliert, Schlüssel ihrer Mitglieder mit mehr Rechten deaktiviert, ebenso die Schlüssel, die mit ihnen erstellt wurden.
workspace-role-refused = Die Rolle wurde nicht gespeichert: { $reason }.
workspace-role-locked = Mit Ihrer Rolle können Sie keine Rollen ändern.
workspace-role-beyond = Diese Rolle hat mehr Rechte als Ihre. Deshalb können Sie sie nicht ändern.
workspace-role-too-long = Diese Rolle hat mehr Regeln, als diese Seite zeigen kann. Lesen und ändern Sie sie über die API.
workspace-permissions = Rechte
workspace-manages-nothing = Verwaltet nichts
workspace-rules-schemas = { $count ->
    [one] { $count } Schema
   *[other] { $count } Schemas
}
workspace-rules-catalogs = { $count ->
    [one] { $count } Katalog
   *[other] { $count } Kataloge
}
workspace-switch-users = Personen
workspace-switch-users-title = Personen verwalten
workspace-switch-users-detail = Mitglieder einladen, Rollen zuweisen, Mitglieder entfernen.
workspace-switch-roles = Rollen
workspace-switch-roles-title = Rollen verwalten
workspace-switch-roles-detail = Rollen erstellen und ihre Rechte ändern.
workspace-switch-keys = API-Schlüssel
workspace-switch-keys-title = API-Schlüssel verwalten
workspace-switch-keys-detail = Schlüssel für Server erstellen und deaktivieren.
workspace-switch-schemas = Schemas
workspace-switch-schemas-title = Schemas verwalten
workspace-switch-schemas-detail = Das Datenmodell ändern. Alle Schemas sind beschreibbar.
workspace-switch-dimensions = Dimensionen
workspace-switch-dimensions-title = Dimensionen verwalten
workspace-switch-dimensions-detail = Die Dimensionen der Daten ändern.
workspace-switch-lists = Auswahllisten
workspace-switch-lists-title = Auswahllisten verwalten
workspace-switch-lists-detail = Die Werte von Auswahllisten ändern.
workspace-switch-import = Import
workspace-switch-import-title = Daten importieren
workspace-switch-import-detail = Daten in großer Menge importieren.
workspace-switch-export = Export
workspace-switch-export-title = Daten exportieren
workspace-switch-export-detail = Daten in großer Menge exportieren.
workspace-level = Stufe
workspace-level-write = Schreiben
workspace-level-read = Lesen
workspace-level-hidden = Verborgen
workspace-schemas = Schemas
workspace-schemas-about = Schemas, die nicht aufgeführt sind, können Rollen beschreiben, die Schemas verwalten; alle anderen können sie lesen.
workspace-lines-discarded = Zeilen ohne Namen werden verworfen.
workspace-schemas-none = Kein Schema hat eigene Regeln.
workspace-schema = Schema { $number }
workspace-schema-another = ID eines weiteren Schemas
workspace-schema-id = ID von Schema { $number }
workspace-schema-default = Standardstufe der Attribute dieses Schemas
workspace-attributes = Abweichende Attribute
workspace-attribute-name = Name eines Attributs
workspace-attribute = Attribut { $number } von Schema { $schema }
workspace-lines-add = Zeilen hinzufügen
workspace-catalogs = Kataloge
workspace-catalogs-about = Die Kataloge, die diese Rolle sehen und aus denen sie zuweisen kann.
workspace-catalogs-none = Kein Katalog hat eigene Regeln.
workspace-catalog = Katalog { $number }
workspace-catalog-another = ID eines Katalogs
workspace-catalog-id = ID von Katalog { $number }
workspace-catalog-view = Ansehen
workspace-catalog-assign = Zuweisen
workspace-role-repeated = Jedes Schema und jeder Katalog darf nur einmal aufgeführt sein
workspace-role-names = Berechtigungen in Apps
workspace-role-names-about = Eigene Namen, einer je Zeile, etwa invoices:approve. Apps und Dienste, die sie kennen, lesen sie aus dem Sitzungstoken.
workspace-role-no-permission = eine Berechtigung ist kein Name aus 1 bis 64 Buchstaben, Ziffern und . _ - : /, der mit einem Buchstaben oder einer Ziffer beginnt
workspace-role-many-permissions = eine Rolle hat höchstens 100 Berechtigungen in Apps
workspace-role-too-large = Es sind zu viele Regeln für Schemas und Kataloge
workspace-role-nameless = Für ein Schema ohne ID sind Attribute aufgeführt
workspace-role-twice = Das Attribut „{ $attribute }“ ist für das Schema „{ $schema }“ zweimal aufgeführt
workspace-role-no-level = Eine Stufe fehlt

## Seine API-Schlüssel

workspace-keys = API-Schlüssel
workspace-keys-about = Mit API-Schlüsseln rufen Server Ihre API ohne Benutzer auf.
workspace-keys-list = Liste der API-Schlüssel
workspace-keys-none = Es gibt noch keine Schlüssel.
workspace-keys-none-here = Auf dieser Seite sind keine Schlüssel.
workspace-key-created = erstellt
workspace-key-by = von { $name }
workspace-key-by-operator = dem Betreiber
workspace-key-by-key = dem Schlüssel { $name }
workspace-key-by-former = { $name } (nicht mehr Mitglied)
workspace-key-active = Aktiv
workspace-key-expired = Abgelaufen
workspace-key-deactivated = Deaktiviert
workspace-key-about = Über diesen Schlüssel
workspace-key-delay = Die letzte Verwendung wird mit bis zu einer Minute Verzögerung erfasst.
workspace-key-end = Deaktivieren oder löschen
workspace-key-locked = Dieser Schlüssel hat mehr Rechte als Sie. Deshalb können Sie ihn nicht deaktivieren.
workspace-key-deactivate-about = Er funktioniert innerhalb einer Sekunde nirgends mehr, ebenso jeder Schlüssel, der mit ihm erstellt wurde. Das lässt sich nicht rückgängig machen.
workspace-key-delete-active = Er funktioniert innerhalb einer Sekunde nirgends mehr, ebenso jeder Schlüssel, der mit ihm erstellt wurde, und wird endgültig aus dieser Liste entfernt.
workspace-key-delete-ended = Er wird endgültig aus dieser Liste entfernt.
workspace-key-create = API-Schlüssel erstellen
workspace-key-new = API-Schlüssel erstellen
workspace-key-name-hint = Wofür der Schlüssel verwendet wird, damit Sie später wissen, welchen Sie deaktivieren.
workspace-key-admin = Ein Schlüssel mit allen Rechten ist ein Administratorschlüssel: Mit ihm lassen sich auch Mitglieder, Rollen und Schlüssel verwalten.
workspace-key-expiry = Ablaufdatum
workspace-key-expiry-hint = Der Schlüssel gilt bis zum Ende dieses Tages (UTC), ohne Datum bis zur Deaktivierung.
workspace-key-create-now = Schlüssel erstellen
workspace-key-refused = Der Schlüssel wurde nicht erstellt: { $reason }.
workspace-key-no-permission = Wählen Sie mindestens ein Recht
workspace-key-past = Das Ablaufdatum darf nicht in der Vergangenheit liegen
workspace-key-made = API-Schlüssel „{ $name }“ erstellt
workspace-key-made-title = API-Schlüssel erstellt
workspace-key-once = <strong>Kopieren Sie ihn jetzt.</strong> Er wird nur einmal angezeigt und lässt sich nicht wiederherstellen.
workspace-key-label = API-Schlüssel
workspace-key-try = Ausprobieren
workspace-key-copied = Ich habe ihn kopiert
workspace-permission-read = Lesen
workspace-permission-read-detail = Daten und das Datenmodell lesen.
workspace-permission-update-data = Daten ändern
workspace-permission-update-data-detail = Datensätze anlegen und ändern.
workspace-permission-delete-data = Daten löschen
workspace-permission-delete-data-detail = Datensätze entfernen.
workspace-permission-update-model = Datenmodell ändern
workspace-permission-update-model-detail = Schemas anlegen und ändern.
workspace-permission-delete-model = Datenmodell löschen
workspace-permission-delete-model-detail = Schemas entfernen.

## Seine Einstellungen

workspace-settings = Einstellungen
workspace-general = Allgemein
workspace-settings-locked = Nur Administratoren können diese Einstellungen ändern.
workspace-quick-logins = Schnellanmeldungen
workspace-quick-logins-about = Mitglieder, die dafür markiert sind, können sich ohne Passwort anmelden: für Demos und Tests, nie für echte Daten.
workspace-quick-logins-no-effect = Sie haben keine Wirkung: Dieser Server erlaubt keine Schnellanmeldungen. Sein Betreiber kann sie für bestimmte Netzwerke mit { $setting } erlauben.
workspace-quick-logins-refused = Dieser Server erlaubt keine Schnellanmeldungen. Sein Betreiber kann sie für bestimmte Netzwerke mit { $setting } erlauben.
workspace-second-factor = Zweiten Faktor verlangen
workspace-second-factor-about = Mitglieder bestätigen ihre Anmeldung außer mit Passwort oder Schlüssel mit einem Passkey oder Einmalcode. Wer beides nicht hat, fügt eines hinzu, wenn er den Workspace das nächste Mal öffnet. Eine Anmeldung nur mit Passwort, wie über die API, wird abgelehnt.
workspace-developers = Für Entwickler
workspace-org-id = ID des Workspace
workspace-server = Server
workspace-api-login = Benutzer anmelden
workspace-api-verify = Token oder Schlüssel prüfen
workspace-api-forward = Forward-Auth für Proxys
workspace-secret = Signaturgeheimnis
workspace-secret-about = Signiert die Tokens dieses Workspace. Dienste, die Tokens offline prüfen, brauchen es; der Betreiber dieses Servers gibt es mit diesem Befehl aus:
workspace-secret-kid = Schlüssel-ID (kid)
workspace-secret-rotate = Geheimnis erneuern
workspace-secret-rotate-about = Neue Tokens werden mit einem neuen Geheimnis signiert. Niemand wird abgemeldet: Das alte Geheimnis prüft, bis sein letztes Token abgelaufen ist. Dienste, die offline prüfen, brauchen das neue sofort.
workspace-secret-rotate-now = Geheimnis jetzt erneuern

## Was geschehen ist und was nicht

workspace-done-invited = Die Einladung wurde gesendet.
workspace-done-saved = Gespeichert.
workspace-done-activated = Aktiviert.
workspace-done-deactivated = Deaktiviert.
workspace-done-ended = Das Mitglied wurde entfernt.
workspace-done-role-made = Die Rolle wurde erstellt.
workspace-done-deleted = Gelöscht.
workspace-done-rotated = Neue Tokens werden mit einem neuen Geheimnis signiert.
workspace-not-saved = Nicht gespeichert: { $reason }.
workspace-not-done = Nicht ausgeführt: { $reason }.
workspace-text = { $what ->
    [schema] Die ID eines Schemas
    [attribute] Der Name eines Attributs
    [catalog] Die ID eines Katalogs
    [description] Die Beschreibung
    [yours] Ihr Name
   *[name] Der Name
} { $problem ->
    [long] darf höchstens { $most } Zeichen haben
    [control] darf keine Steuerzeichen enthalten
    [invisible] darf keine unsichtbaren Zeichen enthalten
    [padded] darf nicht mit Leerraum beginnen oder enden
    [reserved] ist reserviert
    [no-id] darf nur Buchstaben, Ziffern, „_“ und „-“ enthalten
   *[empty] darf nicht leer sein
}
workspace-refused-beyond-own = Sie können nicht mehr Rechte erteilen, ändern oder entziehen, als Sie selbst haben
workspace-refused-last-admin = Der Workspace muss ein Mitglied behalten, das Personen, Rollen und API-Schlüssel verwalten kann
workspace-refused-keys = Die Rolle darf keine API-Schlüssel verwalten
workspace-refused-users = Die Rolle darf keine Personen verwalten
workspace-refused-roles = Die Rolle darf keine Rollen verwalten
workspace-refused-workspace = Die Rolle darf nicht Personen, Rollen und API-Schlüssel verwalten
workspace-refused-accepted = Die Einladung wurde bereits angenommen
workspace-refused-not-accepted = Die Einladung wurde noch nicht angenommen
workspace-refused-mails = Diese Adresse hat in der letzten Stunde zu viele Einladungen erhalten. Versuchen Sie es später noch einmal
workspace-refused-many-keys = Der Workspace hat so viele API-Schlüssel, wie er haben darf
workspace-refused-many-members = Der Workspace hat so viele Mitglieder, wie er haben darf
workspace-refused-many-roles = Der Workspace hat so viele Rollen, wie er haben darf
workspace-refused-member = Diese E-Mail-Adresse gehört bereits einem Mitglied
workspace-refused-same-name = Es gibt bereits eine Rolle mit diesem Namen
workspace-refused-fixed = Diese Rolle des Betreibers kann nicht geändert oder entfernt werden
workspace-refused-large = Die Rollen des Workspace wären zusammen größer als 1 MiB
workspace-refused-in-use = Die Rolle wird verwendet
workspace-refused-rotated = Das Geheimnis wurde heute zu oft erneuert
workspace-refused-other = Die Regeln des Workspace lassen das nicht zu

## Eine Einladung

invitation-title = Einladung zu { $workspace }
invitation-invites = lädt { $email } ein
invitation-join = { $workspace } beitreten
invitation-new = Wählen Sie einen Anzeigenamen und ein Passwort, um Ihr Konto auf { $server } zu erstellen.
invitation-name = Anzeigename
invitation-join-now = Beitreten
invitation-existing = Sie treten mit Ihrem bestehenden Konto bei. Administratoren des Workspace sehen Ihren Namen und Ihre E-Mail-Adresse, nie Ihr Passwort oder Ihren Schlüssel.
invitation-accept = Einladung annehmen
invitation-sign-in = Es gibt ein Konto mit dieser Adresse. Melden Sie sich damit an, um die Einladung anzunehmen.
invitation-other = Sie sind als <strong>{ $name }</strong> angemeldet. Das ist ein anderes Konto.
invitation-sign-in-now = Anmelden
invitation-app = Danach werden Sie zu { $app } geführt.
invitation-no = Wenn Sie nicht beitreten möchten, schließen Sie diese Seite. Mitglied werden Sie erst, wenn Sie annehmen.
invitation-gone = Diese Einladung gilt nicht mehr
invitation-gone-text = Sie wurde bereits angenommen, ist abgelaufen oder wurde zurückgezogen. Bitten Sie um eine neue Einladung.
