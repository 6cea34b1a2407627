## Einen Schlüssel auf einem Gerät wiederherstellen

restore-title = Schlüssel wiederherstellen
restore-explained = Die verschlüsselte Sicherung, die dieser Server aufbewahrt, wird in diesem Browser geöffnet, mit dem Passwort, das Sie für Ihren Schlüssel gewählt haben.
restore-choose = Welcher Schlüssel?
restore-stored = gespeichert
restore-proven = Ihr Konto wurde bestätigt. Öffnen Sie nun Ihre verschlüsselte Sicherung in diesem Browser, mit dem Passwort, das Sie für Ihren Schlüssel gewählt haben.
restore-proven-as = Sie haben sich als <strong>{ $email }</strong> angemeldet. Öffnen Sie nun Ihre verschlüsselte Sicherung in diesem Browser, mit dem Passwort, das Sie für Ihren Schlüssel gewählt haben.
restore-existing = Auf diesem Gerät liegt schon ein Schlüssel, den der wiederhergestellte ersetzt. Fahren Sie nur fort, wenn Sie die Sicherungsdatei des alten haben.
restore-password = Passwort der Sicherung
restore-password-hint = Es wird nie übertragen, und niemand kann es zurücksetzen.
restore-submit = Öffnen und anmelden
restore-again = Neu beginnen
restore-none = Dieser Server hat keine Sicherung Ihres Schlüssels. Wenn Sie die Sicherungsdatei haben, verwenden Sie diese.
restore-use-file = Sicherungsdatei verwenden
restore-account = Ihr Konto
oauth-restore-explained = Wenn dieser Server eine verschlüsselte Sicherung Ihres Schlüssels aufbewahrt und Sie ein Konto bei einem anderen Anbieter damit verknüpft haben, erhalten Sie den Schlüssel mit diesem Konto und Ihrem Passwort zurück.
oauth-restore-no-provider = Auf diesem Server lassen sich keine Konten anderer Anbieter verknüpfen.

## Die Sicherungen des Kontos

backup-title = Verschlüsselte Sicherungen
backup-explained = Dieser Server bewahrt eine Kopie Ihres Schlüssels auf, die nur Ihr Passwort öffnet. Damit können Sie sich auf einem neuen Gerät anmelden.
backup-sign-in-first = Um eine Sicherung herunterzuladen, wiederherzustellen oder zu löschen, melden Sie sich erneut an: Ihre letzte Anmeldung ist einige Zeit her.
backup-sign-in = Erneut anmelden
backup-offer-title = Der Schlüssel dieses Browsers
backup-offer = Der verschlüsselte Schlüssel in diesem Browser weicht von dem ab, was dieser Server aufbewahrt. Speichern Sie ihn, um ihn auf einem anderen Gerät wiederherstellen zu können.
backup-offer-store = Verschlüsselten Schlüssel speichern
backup-no-identity = Ihr Konto hat keinen Schlüssel.
backup-current = Gespeichert
backup-since = aufbewahrt seit
backup-download = Herunterladen
backup-remove = Löschen
backup-earlier = Frühere Fassungen
backup-restore = Wiederherstellen
backup-none = Es ist keine Sicherung gespeichert.
backup-kept = Aufbewahrt werden die letzten fünf Fassungen und eine, die mindestens 30 Tage alt ist. Wird eine Sicherung abgerufen, erfahren Sie es per E-Mail, sofern Ihr Konto eine Adresse hat.
backup-done-stored = Die Sicherung wurde gespeichert.
backup-done-restored = Die frühere Fassung gilt wieder.
backup-done-removed = Die Sicherung und ihre früheren Fassungen wurden gelöscht.
backup-refused-old = Melden Sie sich zuerst erneut an.
backup-refused-unknown = Ihr Konto hat keine solche Sicherung.
