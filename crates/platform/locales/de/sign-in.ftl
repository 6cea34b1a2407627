## Die Anmeldeseite

login-title = Anmelden
login-title-again = Bestätigen Sie, dass Sie es sind
login-title-app = Bei { $app } anmelden
login-title-workspace = Bei Ihrem Workspace anmelden
login-title-invitation = Anmelden, um die Einladung anzunehmen
login-again = Sie sind als <strong>{ $name }</strong> angemeldet. Melden Sie sich erneut an, um fortzufahren.
login-again-app = Sie sind als <strong>{ $name }</strong> angemeldet. Die App verlangt, dass Sie sich erneut anmelden.
login-step-up = Sie sind als <strong>{ $name }</strong> angemeldet. Die App verlangt einen weiteren Nachweis, dass Sie es sind.
login-or = oder
login-not-you = Nicht Sie?
login-use-another-account = Anderes Konto verwenden
login-new-here = Neu hier?
login-create-key = Schlüssel erstellen

login-method-key = Mit Ihrem Schlüssel anmelden
login-method-password = Mit E-Mail-Adresse und Passwort anmelden

## E-Mail-Adresse und Passwort

login-email = E-Mail-Adresse
login-password = Passwort
login-submit = Anmelden
login-forgot = Passwort vergessen?
login-sign-up-by-email = Mit Ihrer E-Mail-Adresse registrieren
login-wrong = E-Mail-Adresse oder Passwort ist falsch.
login-delayed = Zu viele Anmeldeversuche für dieses Konto. Versuchen Sie es in { $seconds } s erneut, oder wählen Sie „Passwort vergessen?“, um sich mit einem Link anzumelden, den wir Ihnen per E-Mail senden.

## Schnellanmeldung

login-quick-notice = <strong>Die Schnellanmeldung ist aktiviert.</strong> Jeder, der diese Seite öffnen kann, kann sich ohne Passwort anmelden.
login-quick-gone = Diese Schnellanmeldung ist nicht mehr verfügbar.

## Der Schlüssel

wallet-no-script = <strong>Diese Seite benötigt JavaScript.</strong> Sie signiert mit Ihrem Schlüssel in diesem Browser. Erlauben Sie JavaScript für diese Website und laden Sie die Seite neu.
wallet-show = Anzeigen
wallet-show-password = Passwort anzeigen
key-yours = Ihr Schlüssel
key-password = Passwort des Schlüssels
key-unlock = Entsperren und anmelden
key-unlock-hint = Das Passwort entschlüsselt den Schlüssel in diesem Browser. Keines von beiden wird je gesendet.
key-use-another = Anderen Schlüssel verwenden
key-forget = Schlüssel auf diesem Gerät löschen
key-forget-title = Schlüssel auf diesem Gerät löschen?
key-forget-explained = Die verschlüsselte Kopie in diesem Browser wird gelöscht. Danach können Sie sich nur mit Ihrer Sicherungsdatei und deren Passwort anmelden, das niemand wiederherstellen kann.
key-forget-now = Schlüssel löschen
key-forget-cancel = Abbrechen
key-none = Auf diesem Gerät gibt es noch keinen Schlüssel. Einen zu erstellen dauert eine Minute, ohne E-Mail-Adresse oder Telefonnummer.
key-import-title = Sicherungsdatei verwenden
key-import-file = Sicherungsdatei <span class="quiet">(.bep oder Text)</span>
key-import-paste = Stattdessen den Sicherungstext einfügen
key-import-text = Sicherungstext
key-import-password = Passwort der Sicherung
key-import-submit = Öffnen und anmelden
key-restore-explained = Keine Datei zur Hand?
key-restore = Schlüssel mit einem verknüpften Konto wiederherstellen
key-import-back = Zurück zum Schlüssel auf diesem Gerät
key-identity-title = Identität wählen
key-unknown-title = Dieser Schlüssel hat hier kein Konto
key-unknown = Der Schlüssel wurde auf <strong>{ $host }</strong> noch nicht verwendet. Sie können jetzt ein Konto damit erstellen.
key-enroll = Konto mit diesem Schlüssel erstellen

## Einen Schlüssel anlegen

signup-keep-copy = Zusätzlich eine verschlüsselte Kopie auf diesem Server aufbewahren.
signup-keep-copy-hint = Der Server kann sie nicht öffnen. Mit einem verknüpften Konto, etwa bei Google oder GitHub, und Ihrem Passwort erhalten Sie Ihren Schlüssel auf einem neuen Gerät zurück.
