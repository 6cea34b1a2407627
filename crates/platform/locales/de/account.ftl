## A user's account

account-back = Ihr Konto
account-sign-in-again = Erneut anmelden

## Apps with access

account-apps-title = Apps mit Zugriff
account-apps-explained = Diese Apps können Ihr Konto verwenden. Wenn Sie einer App den Zugriff entziehen, gelten ihre Tokens sofort nicht mehr, und sie muss Sie erneut fragen.
account-apps-none = Keine App hat Zugriff auf Ihr Konto.
account-apps-since = Zugriff seit
account-apps-used = zuletzt verwendet
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
account-delete-later = Danach werden Ihre Adressen, Anmeldedaten, verschlüsselten Sicherungen und Mitgliedschaften gelöscht, und im Prüfprotokoll steht statt Ihnen ein Pseudonym.
account-delete-key = Ihr Schlüssel bleibt Ihrer: Gelöscht wird nur, was dieser Server speichert.
account-delete-word = löschen
account-delete-type = Geben Sie zur Bestätigung „{ $word }“ ein.
account-delete-submit = Mein Konto löschen
account-delete-old = Ihre letzte Anmeldung liegt einige Zeit zurück. Melden Sie sich zuerst erneut an.
account-delete-administrator = Sie sind der einzige Administrator von { $workspaces }. Ernennen Sie zuerst jemand anderen, oder entfernen Sie den Arbeitsbereich.
account-delete-pending-title = Ihr Konto wird gelöscht
account-delete-pending = Ihr Konto wird am { $at } gelöscht. Wenn Sie es sich anders überlegt haben, behalten Sie es.
account-delete-keep = Mein Konto behalten
account-delete-kept = Ihr Konto bleibt bestehen. Ihre Apps müssen Sie erneut fragen.
