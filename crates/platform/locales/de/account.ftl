## A user's account

account-sign-in-again = Erneut anmelden
account-nav-label = Konto
account-nav-overview = Adressen und Anmeldung
account-nav-signer = Signaturen für Websites
account-nav-activity = Letzte Aktivität

## Addresses and credentials

account-title = Ihr Konto
account-old = Ihre letzte Anmeldung liegt einige Zeit zurück oder war weniger sicher, als Ihr Konto es erlaubt. Melden Sie sich erneut an, um hier etwas zu ändern.
account-emails = E-Mail-Adressen
account-emails-none = Ihr Konto hat keine E-Mail-Adresse.
account-email-primary = Hauptadresse
account-email-unproven = nicht bestätigt
account-email-make-primary = Zur Hauptadresse machen
account-remove = Entfernen
account-emails-use = Apps und Mitteilungen verwenden die Hauptadresse.
account-emails-password = Mit Ihrem Passwort und jeder bestätigten Adresse können Sie sich anmelden.
account-email-sent = Wir haben eine Nachricht an <strong>{ $address }</strong> gesendet.
account-email-enter = Geben Sie den Code darin ein, um die Adresse hinzuzufügen.
account-email-too-many = Es gab zu viele falsche Codes: Fordern Sie einen neuen an.
account-email-code = Code aus der Nachricht
account-email-code-hint = Acht Ziffern. Der Code gilt einmal, innerhalb von { $life }.
account-email-confirm = Bestätigen
account-email-cancel = Abbrechen
account-email-add = Adresse hinzufügen
account-email-send = Code senden
account-credentials = Wie Sie sich anmelden
account-credential-added = hinzugefügt am
account-credential-used = zuletzt verwendet am
account-credential-unused = nie verwendet
account-credentials-remove = Wenn Sie einen Anmeldeweg entfernen, werden Sie überall sonst abgemeldet. Ein entfernter Schlüssel kann hier nie wieder verwendet werden.
account-password-change = Passwort ändern
account-password-set = Passwort festlegen
account-kind-key = Schlüssel
account-kind-password = Passwort
account-kind-passkey = Passkey
account-kind-provider = Verknüpftes Konto
account-kind-totp = Authenticator-App
account-kind-recovery = Wiederherstellungscodes
account-recovery-left = noch { $count }
account-done-added = Die Adresse wurde hinzugefügt.
account-done-primary = Ihre Hauptadresse wurde geändert.
account-done-removed = Die Adresse wurde entfernt.
account-done-renamed = Der Passkey wurde umbenannt.
account-done-passkey = Der Passkey wurde hinzugefügt.
account-done-has-authenticator = Ihr Konto hat eine Authenticator-App. Entfernen Sie sie, um eine andere einzurichten.
account-done-retired = Der Anmeldeweg wurde entfernt. Sie wurden überall sonst abgemeldet.
account-refused-own = Diese Adresse gehört Ihnen schon.
account-refused-many = Ihr Konto hat so viele Adressen, wie möglich sind.
account-refused-code = Dieser Code gilt nicht mehr. Fordern Sie einen neuen an.
account-refused-primary = Nur eine Ihrer bestätigten Adressen kann die Hauptadresse sein.
account-refused-address = Ihr Konto hat keine solche Adresse.
account-refused-is-primary = Machen Sie zuerst eine andere Adresse zur Hauptadresse.
account-refused-needed = Sie melden sich mit Ihrem Passwort und dieser Adresse an: Fügen Sie zuerst eine andere hinzu.
account-refused-credential = Ihr Konto hat keinen solchen Anmeldeweg.
account-refused-last = Das ist der letzte Weg, auf dem Sie sich anmelden können.
account-refused-passkey = Ihr Konto hat keinen solchen Passkey.
account-refused-name = Geben Sie einen Namen ein.
account-refused-no-factor = Wiederherstellungscodes ersetzen einen zweiten Faktor: Fügen Sie zuerst einen Passkey oder eine Authenticator-App hinzu.

## Apps with access

account-apps-title = Apps mit Zugriff
account-apps-explained = Diese Apps können Ihr Konto verwenden. Wenn Sie einer App den Zugriff entziehen, gelten ihre Tokens sofort nicht mehr, und sie muss Sie erneut fragen.
account-apps-none = Keine App hat Zugriff auf Ihr Konto.
account-apps-since = Zugriff seit
account-apps-used = zuletzt verwendet
account-apps-open = Öffnen
account-apps-remove = Zugriff entziehen
account-apps-removed = Der App wurde der Zugriff entzogen.
account-apps-unknown = Diese App hat keinen Zugriff auf Ihr Konto.
account-apps-gone = Eine entfernte App

## Download and deletion

account-data-title = Ihre Daten
account-data-explained = Alles, was dieser Server über Ihr Konto speichert, ohne Geheimnisse, als eine JSON-Datei.
account-data-download = Herunterladen
account-delete-title = Konto löschen
account-delete-explained = Ihr Konto wird nach { $grace } gelöscht. Bis dahin können Sie sich anmelden und es behalten.
account-delete-at-once = Apps verlieren sofort den Zugriff, und alle anderen Browser werden abgemeldet.
account-delete-later = Danach werden Ihre Adressen, Anmeldedaten, verschlüsselten Sicherungen und Mitgliedschaften gelöscht, und im Protokoll steht statt Ihnen ein Pseudonym.
account-delete-what = Was geschieht
account-delete-merits = Merits, die Sie angenommen haben, bleiben ein Nachweis der Organisation, die sie ausgestellt hat, ohne Ihr Konto.
account-delete-key = Ihr Schlüssel bleibt Ihrer: Gelöscht wird nur, was dieser Server speichert.
account-delete-word = löschen
account-delete-type = Geben Sie zur Bestätigung „{ $word }“ ein.
account-delete-submit = Mein Konto löschen
account-delete-old = Ihre letzte Anmeldung liegt einige Zeit zurück. Melden Sie sich zuerst erneut an.
account-delete-administrator = Sie sind der einzige Administrator von { $workspaces }. Ernennen Sie zuerst jemand anderen, oder entfernen Sie den Workspace.
account-delete-pending-title = Ihr Konto wird gelöscht
account-delete-pending = Ihr Konto wird am { $at } gelöscht. Wenn Sie es sich anders überlegt haben, behalten Sie es.
account-delete-keep = Mein Konto behalten
account-delete-kept = Ihr Konto bleibt bestehen. Ihre Apps müssen Sie erneut fragen.

## Language

account-language-title = Sprache
account-language-label = Seiten und E-Mails
account-language-browser = Wie im Browser
account-language-save = Sprache speichern
account-language-saved = Ihre Sprache wurde gespeichert.
account-language-unknown = Diese Sprache ist nicht verfügbar.

## Accounts that depend on a single key

one-key-title = Fügen Sie einen zweiten Anmeldeweg hinzu
one-key-explained = Ihr Schlüssel ist der einzige Weg, sich bei diesem Konto anzumelden. Wenn Sie ihn und seine Sicherung verlieren, kann Sie niemand wieder hineinlassen. Fügen Sie einen Passkey, eine E-Mail-Adresse mit Passwort oder ein verknüpftes Konto hinzu.
one-key-sign-up = Bisher ist dieser Schlüssel der einzige Weg, sich bei Ihrem Konto anzumelden. Fügen Sie auf Ihrer Kontoseite einen zweiten hinzu, etwa einen Passkey: Wenn Sie den Schlüssel und seine Sicherung verlieren, kann Sie niemand wieder hineinlassen.

## Mails

mail-account-recovery-used = Ein Wiederherstellungscode Ihres Kontos auf { $server } wurde am { $at } verwendet. Er funktioniert nicht noch einmal.
mail-device-subject = Neue Anmeldung bei Ihrem Konto
mail-device-title = Neue Anmeldung bei Ihrem Konto
mail-device = Bei Ihrem Konto auf { $server } hat sich am { $at } jemand von einem bisher unbekannten Gerät angemeldet: { $device }, Adresse { $address }.
mail-device-check = Wenn Sie das nicht waren, beenden Sie die Sitzung auf den Seiten Ihres Kontos, und ändern Sie, wie Sie sich anmelden.
mail-single-key-subject = Fügen Sie einen zweiten Anmeldeweg hinzu
mail-single-key-title = Fügen Sie einen zweiten Anmeldeweg hinzu
mail-single-key = Ein einziger Schlüssel ist alles, womit man sich bei Ihrem Konto auf { $server } anmelden kann. Wenn Sie ihn und seine Sicherung verlieren, kann Sie niemand wieder hineinlassen.
mail-single-key-add = Fügen Sie jetzt einen Passkey, ein Passwort oder ein verknüpftes Konto hinzu. Das dauert eine Minute.
mail-single-key-open = Konto öffnen
mail-single-key-again = Sie erhalten diese Erinnerung jeden Monat, bis Ihr Konto einen zweiten Anmeldeweg hat.

## Zwei Konten zusammenführen

account-merge-title = Konten zusammenführen
account-merge-how = Wie aus zwei Konten eines wird
account-merge-explained = Wenn Sie hier zwei Konten haben, kann eines übernehmen, was das andere hat. Sie melden sich bei beiden an, damit niemand sonst das tun kann.
account-merge-first = Melden Sie sich bei dem Konto an, das wegfällt, und bestätigen Sie hier.
account-merge-second = Melden Sie sich danach bei dem Konto an, das bleibt, in diesem Browser und innerhalb von 30 Minuten, und bestätigen Sie noch einmal.
account-merge-moves = Bestätigte Adressen, Schlüssel, Passkeys, verknüpfte Konten, Identitäten mit ihren Profilen, Wallets und Sicherungen, Workspaces, Merits und die Apps, die Sie registriert haben, gehen auf das Konto über, das bleibt.
account-merge-keeps = Wo beide Konten das Gleiche haben, etwa ein Passwort, eine Authenticator-App oder eine Rolle in demselben Workspace, bleibt das des Kontos, das bleibt.
account-merge-ends = Alles, was mit dem wegfallenden Konto angemeldet ist, wird abgemeldet. Apps, die Sie damit benutzt haben oder denen Sie seine Merits gezeigt haben, fragen Sie erneut und halten Sie vielleicht für jemand Neuen.
account-merge-final = Das lässt sich nicht rückgängig machen.
account-merge-both = Prüfen Sie beide Konten
account-merge-goes = Fällt weg
account-merge-stays = Bleibt
account-merge-own = Sie sind bei { $name } ({ $detail }) angemeldet.
account-merge-into = Es wurde vorgeschlagen, dass dieses Konto in { $name } ({ $detail }) aufgeht.
account-merge-give-up = Dieses Konto fällt weg: weiter
account-merge-confirm = Konten zusammenführen
account-merge-cancel = Beide Konten behalten
account-merge-decline = Vorschlag ablehnen
account-merge-proposed = Ein Vorschlag
account-merge-elsewhere = Es wurde vorgeschlagen, dass { $name } ({ $detail }) in diesem Konto aufgeht. Melden Sie sich zuerst bei jenem Konto an und bestätigen Sie dort.
account-merge-confirmed = Sie haben bestätigt, dass dieses Konto wegfällt. Melden Sie sich ab, melden Sie sich bei dem Konto an, das bleibt, und öffnen Sie diese Seite noch einmal.
account-merge-switch = Abmelden
account-merge-done = Die Konten wurden zusammengeführt.
account-merge-same-account = Das ist dasselbe Konto.
account-merge-not-found = Dieses Konto gibt es nicht.
account-merge-not-confirmed = Das wegfallende Konto wurde in diesem Browser nicht innerhalb der letzten 30 Minuten bestätigt. Beginnen Sie dort noch einmal.
account-merge-another-account = Es wurde vorgeschlagen, dass ein anderes Konto bleibt. Melden Sie sich bei jenem an, oder lehnen Sie den Vorschlag ab.
account-merge-disabled = Eines der Konten ist gesperrt.
account-merge-deletion-requested = Eines der Konten wird gelöscht. Behalten Sie es zuerst.
account-merge-operator = Eines der Konten darf die Konsole dieses Servers öffnen und wird deshalb nicht zusammengeführt. Der Betreiber muss ihm zuerst die Rolle nehmen.
account-merge-second-factor = Das wegfallende Konto hat eine Authenticator-App, das bleibende nicht. Fügen Sie dem bleibenden zuerst eine hinzu.
account-merge-only-administrator = Das wegfallende Konto ist der einzige Administrator eines Workspace, in dem beide Mitglied sind. Geben Sie dem bleibenden zuerst dessen Rolle.
account-merge-directory = In einem Workspace, in dem beide Konten Mitglied sind, verwaltet ein Verzeichnis das wegfallende. Bitten Sie dessen Administratoren, zuerst eines der beiden zu entfernen.
account-merge-too-much = Zusammen haben die Konten mehr, als ein Konto haben darf, oder mehr, als auf einmal übertragen werden kann.
