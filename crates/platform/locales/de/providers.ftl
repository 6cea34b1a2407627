## Accounts at upstream providers

login-method-provider = Mit einem anderen Konto anmelden
provider-continue = Weiter mit { $provider }

provider-state-not-found = Diese Anmeldung ist beendet oder begann in einem anderen Browser. Versuchen Sie es noch einmal.
provider-not-found = Diese Art der Anmeldung gibt es hier nicht.
provider-no-code = Der Anbieter hat die Anmeldung nicht abgeschlossen. Versuchen Sie es noch einmal.
provider-access-denied = Die Anmeldung wurde beim Anbieter abgebrochen.
provider-invalid-code = Der Anbieter hat die Anmeldung nicht angenommen. Versuchen Sie es noch einmal.
provider-unavailable = Der Anbieter antwortet gerade nicht. Versuchen Sie es gleich noch einmal, oder melden Sie sich anders an.
provider-no-user-info = Die Antwort des Anbieters konnte nicht geprüft werden. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
provider-issuer-mismatch = Die Antwort ist nicht die des gewählten Anbieters. Sie wurden nicht angemeldet.
provider-not-fresh = Der Anbieter hat Sie nicht erneut zur Anmeldung aufgefordert. Melden Sie sich dort ab, oder melden Sie sich anders an.
provider-email-not-found = Dieses Konto hat keine E-Mail-Adresse. Hier ist eine erforderlich.
provider-email-not-verified = Die E-Mail-Adresse dieses Kontos ist nicht bestätigt. Bestätigen Sie sie zuerst beim Anbieter.
provider-email-does-not-match = Konten mit dieser E-Mail-Adresse können sich hier nicht anmelden.
provider-sign-up-disabled = Dieses Konto ist mit keinem Konto hier verknüpft. Melden Sie sich anders an und verknüpfen Sie es auf der Seite Ihres Kontos.
provider-user-disabled = Dieses Konto ist deaktiviert.
provider-unable-to-link = Das Konto konnte nicht verknüpft werden: Melden Sie sich erneut an, und versuchen Sie es noch einmal.
provider-linked-to-another = Dieses Konto ist bereits mit einem anderen Konto hier verknüpft.
provider-too-many-linked = Sie haben so viele Konten verknüpft, wie möglich sind.
provider-too-many-requests = Zu viele Versuche. Versuchen Sie es in einigen Minuten noch einmal.

provider-link-title = { $provider }-Konto verknüpfen?
provider-link-explained = Sie kamen mit <strong>{ $account }</strong>. Ist es verknüpft, können Sie sich auch mit { $provider } anmelden, zum Beispiel wenn Sie Ihren Schlüssel verlieren.
provider-link-submit = Konto verknüpfen
provider-link-later = Nicht jetzt
provider-link-continue = Weiter

account-providers-title = Verknüpfte Konten
account-providers-explained = Melden Sie sich mit einem Konto an, das Sie anderswo haben.
account-providers-link = { $provider } verknüpfen
account-providers-linked = Das Konto wurde verknüpft.
