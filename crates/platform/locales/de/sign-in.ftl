## Die Anmeldeseite

login-title = Anmelden
login-title-again = Bestätigen Sie, dass Sie es sind
login-title-app = Bei { $app } anmelden
login-title-workspace = Bei Ihrem Workspace anmelden
login-title-invitation = Anmelden, um die Einladung anzunehmen
login-title-org = Anmelden, um Ihre Organisation zu verwalten
login-again = Sie sind als <strong>{ $name }</strong> angemeldet. Melden Sie sich erneut an, um fortzufahren.
login-again-app = Sie sind als <strong>{ $name }</strong> angemeldet. Die App verlangt, dass Sie sich erneut anmelden.
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
login-password-missing = Geben Sie Ihr Passwort ein.
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

signup-steps = Schritte
signup-step-backup = Sicherung
signup-by-email = Lieber mit Passwort?
signup-have-key = Sie haben schon einen Schlüssel?
signup-lede = Ihr Schlüssel ist Ihr Konto. Er entsteht in diesem Browser, wird mit einem Passwort verschlüsselt, das nur Sie kennen, und nie gesendet.
signup-create = Meinen Schlüssel erstellen
signup-existing = Auf diesem Gerät gibt es schon einen Schlüssel
signup-existing-text = Ein neuer Schlüssel ersetzt ihn in diesem Browser. Fahren Sie nur fort, wenn Sie die Sicherungsdatei des alten haben.
signup-existing-use = Damit anmelden
signup-existing-replace = Neuen Schlüssel erstellen
signup-backup = Mit dieser Datei erhalten Sie Ihren Schlüssel zurück, wenn Sie dieses Gerät verlieren. Sie ist mit Ihrem Passwort verschlüsselt, das niemand zurücksetzen kann.
signup-keep-copy = Zusätzlich eine verschlüsselte Kopie auf diesem Server aufbewahren.
signup-keep-copy-hint = Der Server kann sie nicht öffnen. Mit einem verknüpften Konto, etwa bei Google oder GitHub, und Ihrem Passwort erhalten Sie Ihren Schlüssel auf einem neuen Gerät zurück.

## Passkeys

login-method-passkey = Mit einem Passkey anmelden
passkey-use = Passkey verwenden
passkey-add = Passkey hinzufügen
passkey-hint = Ihr Fingerabdruck, Gesicht, PIN oder Sicherheitsschlüssel, auf diesem oder einem anderen Gerät.
passkey-no-script = Passkeys benötigen JavaScript. Erlauben Sie es für diese Seite, oder melden Sie sich anders an.
passkey-unavailable = Passkeys sind hier nicht verfügbar.
passkey-malformed = Der Browser hat unvollständig geantwortet. Versuchen Sie es noch einmal.
passkey-foreign = Der Passkey wurde auf einer anderen Seite verwendet. Öffnen Sie die Adresse dieses Servers und versuchen Sie es noch einmal.
passkey-other-browser = Dieser Versuch begann in einem anderen Browser, oder dessen Cookies wurden gelöscht. Laden Sie die Seite neu und versuchen Sie es noch einmal.
passkey-expired = Das hat zu lange gedauert oder wurde zweimal gesendet. Versuchen Sie es noch einmal.
passkey-invalid = Der Passkey konnte nicht geprüft werden. Versuchen Sie es noch einmal.
passkey-not-verified = Ihr Gerät hat weder nach PIN noch nach Fingerabdruck oder Gesicht gefragt. Richten Sie dort eines davon ein, oder verwenden Sie ein anderes Gerät.
passkey-unsupported = Dieser Server unterstützt diese Art von Passkey nicht. Verwenden Sie ein anderes Gerät.
passkey-unknown = Kein Konto hat diesen Passkey. Vielleicht wurde er entfernt; wählen Sie einen anderen, oder melden Sie sich anders an.
passkey-cloned = Dieser Passkey wurde abgelehnt, weil es anscheinend eine Kopie davon gibt. Melden Sie sich anders an und entfernen Sie ihn aus Ihrem Konto.
passkey-disabled = Dieses Konto ist gesperrt.
passkey-of-another = Dieser Passkey gehört zu einem anderen Konto.
passkey-known = Dieser Passkey gehört bereits zu einem Konto.
passkey-too-many = Ihr Konto hat so viele Passkeys wie möglich. Entfernen Sie zuerst einen.
sign-in-again-first = Melden Sie sich zuerst noch einmal an: Ihre letzte Anmeldung liegt zu lange zurück oder war weniger sicher, als Ihr Konto es erlaubt.

## Der zweite Faktor

second-factor-lede = Sie melden sich als <strong>{ $name }</strong> an. Ein Schritt fehlt noch.
second-factor-code = Code aus Ihrer Authenticator-App
second-factor-code-hint = Sechs Ziffern. Jeder Code gilt einmal.
second-factor-submit = Weiter
second-factor-recovery = Wiederherstellungscode verwenden
second-factor-recovery-code = Wiederherstellungscode
second-factor-recovery-hint = Einer der Codes, die Sie beim Einrichten des zweiten Faktors gespeichert haben. Jeder gilt einmal.
second-factor-wrong = Dieser Code ist falsch oder wurde schon verwendet.
second-factor-delayed = Es gab zu viele falsche Codes. Versuchen Sie es in { $seconds } s noch einmal.
add-factor-title = Zweiten Faktor hinzufügen
add-factor-app = { $app } verlangt einen zweiten Faktor, und Ihr Konto hat noch keinen.
add-factor-workspace = Dieser Workspace verlangt einen zweiten Faktor, und Ihr Konto hat noch keinen.
add-factor-why = Sie sind als <strong>{ $name }</strong> angemeldet. Von nun an werden Sie hier danach gefragt, damit ein gestohlenes Passwort nicht genügt.
totp-add = Authenticator-App verwenden
totp-hint = Eine App auf Ihrem Telefon, die alle 30 Sekunden einen neuen Code anzeigt.

## Passkeys, Codes und Schlüssel auf der Kontoseite

account-back = Ihr Konto
passkey-name = Name des Passkeys
passkey-name-hint = Zum Beispiel das Gerät, auf dem er ist. Freiwillig.
passkey-rename = Umbenennen
passkey-rename-save = Namen speichern
totp-title = Authenticator-App einrichten
totp-scan = Scannen Sie diesen Code mit einer Authenticator-App auf Ihrem Telefon und geben Sie dann den Code ein, den die App anzeigt.
totp-qr = QR-Code mit dem Geheimnis für die Authenticator-App
totp-by-hand = Geheimnis stattdessen von Hand eingeben
totp-by-hand-hint = Zeitbasiert, SHA-1, sechs Ziffern, 30 Sekunden.
totp-open = In einer App auf diesem Gerät öffnen
totp-first-code = Code, den die App anzeigt
totp-first-code-hint = Sechs Ziffern. Von da an werden Sie bei jeder Anmeldung nach einem solchen Code gefragt.
totp-submit = Einschalten
totp-added = Die Authenticator-App wurde hinzugefügt. Nach ihren Codes wird ab jetzt bei jeder Anmeldung gefragt.
totp-refused-old = Das hat zu lange gedauert. Scannen Sie diesen neuen Code und versuchen Sie es noch einmal.
totp-refused-wrong = Das ist nicht der Code, den die App gerade anzeigt. Prüfen Sie die Uhr Ihres Telefons und versuchen Sie es noch einmal.
recovery-title = Ihre Wiederherstellungscodes
recovery-lede = Wenn Sie Ihren zweiten Faktor verlieren, ersetzt ihn jeder dieser Codes einmal. Drucken Sie sie aus, oder bewahren Sie sie in einem Passwort-Manager auf.
recovery-once = <strong>Sie werden nur dieses eine Mal angezeigt.</strong> Frühere Codes gelten nicht mehr.
recovery-kept = Die Wiederherstellungscodes, die Sie haben, gelten weiter.
recovery-continue = Weiter
recovery-new = Neue Wiederherstellungscodes
recovery-new-hint = Zehn Codes, die Ihren zweiten Faktor je einmal ersetzen. Frühere Codes gelten dann nicht mehr.
add-key-title = Schlüssel hinzufügen
add-key-hint = Zum Beispiel, weil Sie den alten verloren haben.
add-key-lede = Der neue Schlüssel entsteht in diesem Browser, wird mit einem Passwort verschlüsselt, das nur Sie kennen, und nie gesendet. Er unterschreibt, dass er zu Ihrem Konto gehört.
add-key-password = Passwort des neuen Schlüssels
add-key-password-hint = Mindestens 8 Zeichen; 12 oder mehr sind besser, etwa vier zufällige Wörter.
add-key-repeat = Passwort wiederholen
add-key-create = Schlüssel erzeugen
add-key-import = Stattdessen einen Schlüssel aus einer Sicherungsdatei verwenden
add-key-create-instead = Stattdessen einen neuen Schlüssel erzeugen
add-key-open = Schlüssel öffnen
add-key-backup-title = Sichern Sie den Schlüssel
add-key-backup = Nur mit dieser Datei können Sie den Schlüssel wiederherstellen, wenn Sie dieses Gerät verlieren. Sie ist mit Ihrem Passwort verschlüsselt, das niemand zurücksetzen kann.
add-key-download = Sicherungsdatei herunterladen
add-key-saved = Ich habe die Datei an einem sicheren Ort gespeichert.
add-key-continue = Weiter
add-key-confirm-title = Diesen Schlüssel Ihrem Konto hinzufügen
add-key-retire = Die anderen Schlüssel des Kontos entfernen
add-key-retire-detail = Sie können hier nie wieder verwendet werden, und Sie werden überall sonst abgemeldet. Ihre Identitäten bleiben.
add-key-submit = Schlüssel hinzufügen
