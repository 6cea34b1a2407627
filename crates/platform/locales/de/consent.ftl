## Die Seite für die Zustimmung

consent-title = { $app } erlauben?
consent-heading = Bei { $app } anmelden?
consent-scopes = Diese App kann dann
consent-choose-identity = Identität wählen
consent-signed-in-as = Angemeldet als
consent-not-you = Nicht Sie?
consent-use-another-account = Anderes Konto verwenden
consent-deny = Ablehnen
consent-allow = Erlauben
consent-redirect = Sie werden zu <span class="nowrap">{ $host }</span> weitergeleitet. Die App erhält nie Ihren Schlüssel oder Ihr Passwort.
consent-redirect-device = Sie werden zu einem Programm auf diesem Gerät weitergeleitet (<span class="nowrap">{ $host }</span>). Erlauben Sie dies nur, wenn Sie das Programm gerade selbst gestartet haben. Es erhält nie Ihren Schlüssel oder Ihr Passwort.
consent-terms = Nutzungsbedingungen von { $app }
consent-privacy = Datenschutzerklärung von { $app }

## Worum eine App bitten kann

scope-openid = Sie wiedererkennen
scope-openid-detail = Eine Kennung, die bei jeder Anmeldung dieselbe ist.
scope-profile = Ihr Profil sehen
scope-profile-detail = Name, Bild und öffentlicher Schlüssel der Identität, die Sie wählen.
scope-email = Ihre E-Mail-Adresse sehen
scope-email-detail = Nur wenn Sie sie hier bestätigt haben.
scope-offline-access = Zugreifen, während Sie weg sind
scope-offline-access-detail = Die App kann ihren Zugriff erneuern, ohne Sie noch einmal zu fragen.
scope-roles = Ihre Rolle sehen
scope-roles-detail = Ihre Rolle und Ihre Gruppen in der Organisation, für die Sie handeln, oder in der, der diese App gehört, wenn Sie dort Mitglied sind.
scope-groups = Ihre Gruppen sehen
scope-groups-detail = Die Gruppen, in denen Sie in der Organisation sind, für die Sie handeln, oder in der, der diese App gehört.
scope-org = Sehen, für welche Organisation Sie handeln
scope-org-detail = Die App erfährt die Kennung der Organisation und dass Sie dort Mitglied sind.
scope-org-named = Sehen, dass Sie für { $org } handeln
scope-sigma-profile = Ihr Profil lesen und ändern
scope-sigma-profile-detail = Name, Bild und Beschreibung Ihrer Identitäten.
scope-sigma-wallet = Ihre verbundenen Wallets verwalten
scope-sigma-wallet-detail = Wallet-Adressen sehen, hinzufügen und entfernen. Die App kann nichts davon ausgeben.
scope-sigma-backup = Sehen, ob Sie eine Sicherung haben
scope-sigma-backup-detail = Wann sie zuletzt gespeichert wurde, und ihren Fingerabdruck. Die Sicherung selbst erhält die App nie.
scope-merits = Ihre Merits sehen
scope-merits-detail = Alle, die Sie angenommen haben, von jeder Organisation, mit ihrem Inhalt.
scope-resource = Bei { $resource } für Sie handeln
scope-resource-detail = { $uri } erfährt, wer Sie sind.
scope-of-resource-detail = Bei { $resource }: { $scope }

## Die Seite, die fragt, für welche Organisation Sie handeln

select-org-title = Organisation auswählen
select-org-heading = Für welche Organisation verwenden Sie { $app }?
select-org-none-title = Keine Ihrer Organisationen
select-org-none = { $app } fragt nach einer Organisation, in der Sie nicht Mitglied sind. Lassen Sie sich von deren Administratoren einladen, oder verwenden Sie ein anderes Konto.
select-org-signed-in = Sie sind als { $person } angemeldet und werden zuerst abgemeldet.
select-org-back = Zurück zu { $app }

## Die Seite, die fragt, welches Konto verwendet wird

select-account-title = Konto auswählen
select-account-heading = Konto für { $app } auswählen
select-account-current = mit diesem Konto fortfahren
select-account-other-detail = Sie werden zuerst abgemeldet.
