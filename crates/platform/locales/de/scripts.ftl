## Was die Skripte der Seiten sagen: Was in Klammern steht, setzen sie ein

### Warten und Scheitern

script-failed = Auf dieser Seite ist etwas schiefgegangen. Laden Sie sie neu und versuchen Sie es noch einmal.
script-insecure = Diese Seite wurde über eine unsichere Verbindung geöffnet, auf der Browser keine Schlüssel verwenden. Öffnen Sie sie mit https.
script-other-address = Die Adresse dieses Servers ist { $issuer }, nicht { $origin }. Bitte öffnen Sie diese Adresse.
script-offline = Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.
script-limited = Zu viele Versuche. Bitte versuchen Sie es in { $time } noch einmal.
script-unavailable = Der Server ist im Moment nicht verfügbar. Bitte versuchen Sie es in { $time } noch einmal.
script-clock-fast = Die Uhr dieses Geräts geht um { $time } vor. Unterschriften gelten nur fünf Minuten: Stellen Sie die Uhr und versuchen Sie es noch einmal.
script-clock-slow = Die Uhr dieses Geräts geht um { $time } nach. Unterschriften gelten nur fünf Minuten: Stellen Sie die Uhr und versuchen Sie es noch einmal.
script-identity-taken = Diese Identität gehört auf diesem Server zu einem anderen Konto.
script-refused-because = Der Server hat abgelehnt: { $message }
script-refused = Der Server hat die Anmeldung abgelehnt.
script-signing-in = Sie werden angemeldet …
script-signed-in = Angemeldet. Einen Moment …

### Schlüssel

script-key-yours = Ihr Schlüssel
script-identity-unnamed = Identität ohne Namen
script-show = Anzeigen
script-hide = Verbergen
script-show-password = Passwort anzeigen
script-hide-password = Passwort verbergen
script-wrong-password = Dieses Passwort öffnet den Schlüssel nicht. Prüfen Sie, ob die Feststelltaste aus ist, und versuchen Sie es noch einmal.
script-no-account-key = Diese Sicherung enthält keinen Kontoschlüssel. Verwenden Sie die Sicherung, die Sie beim Erstellen Ihres Schlüssels gespeichert haben.
script-damaged = Diese Sicherung ist nicht lesbar. Vielleicht ist sie unvollständig; versuchen Sie es mit einer anderen Kopie der Datei.
script-enter-password = Geben Sie das Passwort Ihres Schlüssels ein.
script-unlocking = Ihr Schlüssel wird entsperrt …
script-choose-file = Wählen Sie zuerst Ihre Sicherungsdatei aus.
script-file-is-no-backup = Diese Datei ist keine Sicherung.
script-text-is-no-backup = Dieser Text ist keine Sicherung.
script-forgotten = Der Schlüssel wurde von diesem Gerät gelöscht.

### Einen Schlüssel erstellen

script-choose-password = Wählen Sie ein Passwort.
script-password-too-short = Das Passwort braucht mindestens { $count } Zeichen.
script-passwords-differ = Die Passwörter stimmen nicht überein.
script-strength-too-short = Mindestens { $count } Zeichen.
script-strength-weak = Schwach: Wählen Sie ein längeres.
script-strength-fair = Mittel: Ein längeres ist besser.
script-strength-strong = Stark.
script-creating-key = Ihr Schlüssel wird erstellt …
script-saving = Die Datei wird gespeichert. Prüfen Sie, ob Sie sie haben, und fahren Sie dann fort.
script-creating-account = Ihr Konto wird erstellt …
script-no-new-accounts = Dieser Server nimmt keine neuen Konten an.
script-adding-key = Der Schlüssel wird hinzugefügt …
script-key-added = Der Schlüssel wurde hinzugefügt. Einen Moment …
script-key-taken = Dieser Schlüssel gehört schon zu einem Konto oder wurde aus einem entfernt. Erstellen Sie einen neuen.
script-sign-in-again = Ihre letzte Anmeldung ist einige Zeit her. Gehen Sie zurück zu Ihrem Konto und melden Sie sich noch einmal an.
script-key-refused = Der Schlüssel wurde abgelehnt.
script-backup-without-key = Diese Sicherung enthält keinen Schlüssel.

### Sicherungen

script-restore-not-entitled = Das hat zu lange gedauert oder ist schon geschehen. Gehen Sie zurück und melden Sie sich noch einmal an.
script-restore-none = Auf diesem Server gibt es keine Sicherung, die sich wiederherstellen ließe.
script-restore-limited = Zu viele Versuche. Bitte versuchen Sie es in einer Minute noch einmal.
script-restore-password = Geben Sie das Passwort Ihrer Sicherung ein.
script-restore-opening = Ihre Sicherung wird geöffnet …
script-restore-key-removed = Mit diesem Schlüssel kann man sich hier nicht mehr anmelden. Vielleicht wurde er aus seinem Konto entfernt.
script-storing = Wird gespeichert …
script-not-stored = Das Speichern ist fehlgeschlagen. Prüfen Sie Ihre Verbindung, oder melden Sie sich noch einmal an.

### Passkeys

script-no-passkeys = Dieser Browser hat keine Passkeys, oder die Seite wurde über eine unsichere Verbindung geöffnet.
script-passkey-cancelled = Es wurde kein Passkey verwendet: Der Vorgang wurde abgebrochen, dauerte zu lange, oder dieses Gerät hat keinen für diesen Server.
script-passkey-known = Dieses Gerät hat schon einen Passkey für Ihr Konto.
script-passkey-address = Passkeys funktionieren nur unter der eigenen Adresse dieses Servers, mit https.
script-passkey-unsupported = Dieses Gerät unterstützt die Art von Passkey nicht, die hier gebraucht wird.
script-passkey-failed = Der Browser konnte keinen Passkey verwenden. Versuchen Sie es noch einmal.
script-try-again = Etwas ist schiefgegangen. Versuchen Sie es noch einmal.

### Kopieren

script-copied = Kopiert.
script-copy-marked = Es ist markiert: Kopieren Sie es mit der Tastatur.

### Der Unterzeichner

script-one-moment = Einen Moment …
script-blocked = Der Browser hat das Fenster blockiert. Erlauben Sie Pop-up-Fenster für diese Website und versuchen Sie es noch einmal.
