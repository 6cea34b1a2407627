## Devices

device-name = { $browser } auf { $system }
device-name-unknown = Unbekanntes Gerät

## The home page

home-title = Sigma
home-signed-in = Sie sind bei { $server } angemeldet.
home-workspaces = Workspaces
home-sign-out = Abmelden
home-identity = Ihre Identität
home-email = E-Mail-Adresse
home-bap = BAP-Identität
home-pubkey = Öffentlicher Schlüssel
home-sessions = Wo Sie angemeldet sind
home-session-current = dieser Browser
home-session-since = seit
home-session-from = von { $address }
home-session-end = Beenden
home-session-which = die Sitzung von { $device } seit { $since }
home-hello = Anmelden mit einem Schlüssel, den nur Sie haben
home-lede = Sigma ist ein OpenID-Connect-Server. Ihr Schlüssel entsteht in Ihrem Browser, wird mit Ihrem Passwort verschlüsselt und verlässt ihn nie. Apps erhalten eine Signatur, nie ein Geheimnis.
home-sign-in = Anmelden
home-sign-up = Schlüssel erstellen
home-users = Für alle, die sich anmelden
home-users-about = Ein Schlüssel für jede App, die diesen Server nutzt. Sie sehen, was eine App verlangt, bevor sie Zugriff erhält, und können hier jede Sitzung beenden.
home-developers = Für Entwickler
home-developers-about = Jede OpenID-Connect-Bibliothek funktioniert mit diesem Aussteller.
home-issuer = Aussteller
home-discovery = Discovery-Dokument
home-reference = API-Referenz
home-openapi = OpenAPI-Dokument
home-keys = Signaturschlüssel

## A user's password

account-password-title = Ihr Passwort
account-password-saved = Ihr Passwort wurde gesetzt. Überall sonst wurden Sie abgemeldet.
account-password-no-address = Sie melden sich mit Ihrem Schlüssel an. Für ein Passwort braucht Ihr Konto eine bestätigte E-Mail-Adresse, und es hat keine.
account-password-add-address = Adresse hinzufügen
account-password-again = Sie melden sich mit Ihrem Schlüssel an. Um auch ein Passwort zu setzen, melden Sie sich erst erneut an: Ihre letzte Anmeldung liegt einige Zeit zurück.
account-password-by-mail = Sie haben sich mit einem Konto bei einem anderen Anbieter angemeldet. Für ein Passwort nutzen Sie einen Link, den wir an <strong>{ $email }</strong> senden, oder melden Sie sich erst auf andere Weise an.
account-password-send = Link senden
account-password-none = Sie haben noch kein Passwort. Mit einem können Sie sich als <strong>{ $email }</strong> anmelden; Ihr Schlüssel funktioniert weiterhin.
account-password-set-now = Passwort setzen
account-password-about = Sie melden sich als <strong>{ $email }</strong> an. Wenn Sie Ihr Passwort ändern, werden Sie überall sonst abgemeldet.
account-password-current = Aktuelles Passwort
account-password-forgot = Passwort vergessen?
account-password-change-now = Passwort ändern
account-password-wrong = Das Passwort ist falsch.
account-password-meanwhile = Ihr Passwort wurde inzwischen geändert. Versuchen Sie es noch einmal.

## A forgotten password

forgot-title = Passwort vergessen
forgot-sent = Sehen Sie in Ihr Postfach
forgot-sent-lede = Falls es zu dieser Adresse hier ein Konto gibt, haben wir einen Link gesendet, mit dem sich das Passwort neu setzen lässt.
forgot-sent-about = Der Link funktioniert einmal, innerhalb von { $life }. Wenn er nach ein paar Minuten nicht da ist, sehen Sie im Spam-Ordner nach, und ob Sie eine andere Adresse verwendet haben.
forgot-other = Andere Adresse versuchen
forgot-lede = Geben Sie die Adresse ein, mit der Sie sich anmelden. Wir senden Ihnen einen Link, mit dem Sie Ihr Passwort neu setzen.
forgot-bad-email = Das ist keine gültige E-Mail-Adresse.
forgot-send = Link senden
forgot-remembered = Wieder eingefallen?
reset-title = Neues Passwort setzen
reset-about = Für <strong>{ $email }</strong>. Mit dem neuen Passwort werden Sie überall sonst abgemeldet.
reset-gone = Dieser Link gilt nicht mehr
reset-gone-about = Er wurde schon verwendet, ist abgelaufen, oder das Passwort wurde geändert, seit er gesendet wurde.
reset-again = Neuen Link anfordern

## Signing out at the request of an app

sign-out-title = Abmelden?
sign-out-app-asks = { $app } möchte Sie bei { $server } abmelden.
sign-out-asks = Möchten Sie sich bei { $server } abmelden?
sign-out-person = Sie sind als <strong>{ $person }</strong> angemeldet.
sign-out-fault = Die Abmeldeanfrage der App war ungültig: { $fault }. Sie werden nicht zur App weitergeleitet.
sign-out-key = Ihr Schlüssel bleibt auf diesem Gerät, verschlüsselt mit Ihrem Passwort.
sign-out-stay = Angemeldet bleiben
sign-out-confirm = Abmelden
signed-out-title = Abgemeldet
signed-out-heading = Sie sind abgemeldet
signed-out-app = Sie können dieses Fenster schließen oder zu { $app } zurückkehren.
signed-out-close = Sie können dieses Fenster schließen.
signed-out-fault = Die Abmeldeanfrage der App war ungültig: { $fault }. Sie wurden nicht zur App weitergeleitet.
signed-out-again = Wieder anmelden
sign-out-fault-repeated = ein Parameter kommt zweimal vor
sign-out-fault-no-hint = eine post_logout_redirect_uri erfordert einen id_token_hint
sign-out-fault-other-user = der id_token_hint gehört zu einem anderen Konto
sign-out-fault-unregistered = die post_logout_redirect_uri ist für diese App nicht registriert
sign-out-fault-invalid = der id_token_hint ist kein gültiges ID-Token dieses Servers
sign-out-fault-several = der id_token_hint ist für mehrere Apps
sign-out-fault-other-app = der id_token_hint gehört zu einer anderen App als client_id
sign-out-fault-unknown-app = der id_token_hint ist für eine unbekannte App

## Recent activity

activity-title = Letzte Aktivitäten
activity-list = Ereignisse, neueste zuerst
activity-none = Noch keine Aktivität.
activity-none-older = Keine älteren Aktivitäten.
activity-in-merged = in einem Konto, das mit diesem zusammengeführt wurde
activity-times = { $count }-mal
activity-from = von { $origin }
activity-pages = Seiten
activity-latest = Neueste
activity-older = Ältere
activity-unknown = Wenn Ihnen etwas unbekannt vorkommt, ändern Sie Ihr Passwort und beenden Sie Ihre anderen Sitzungen.
activity-password = Passwort ändern
activity-sessions = Ihre Sitzungen
activity-removed-app = eine entfernte App
activity-removed-workspace = ein entfernter Workspace
activity-sign-in-password = Sie haben sich mit Ihrem Passwort angemeldet
activity-sign-in-key = Sie haben sich mit Ihrem Schlüssel angemeldet
activity-sign-in-passkey = Sie haben sich mit einem Passkey angemeldet
activity-second-factor = Sie haben eine Anmeldung mit einem zweiten Faktor bestätigt
activity-cloned-passkey = Eine Kopie eines Ihrer Passkeys hat versucht, sich anzumelden
activity-wrong-code = Jemand hat einen falschen zweiten Faktor eingegeben
activity-sign-in = Sie haben sich angemeldet
activity-sign-in-failed = Fehlgeschlagene Anmeldung an Ihrem Konto
activity-sign-up = Sie haben dieses Konto erstellt
activity-user-create = Der Betreiber hat dieses Konto erstellt
activity-user-disable = Der Betreiber hat Ihr Konto gesperrt
activity-user-enable = Der Betreiber hat Ihr Konto entsperrt
activity-user-change = Der Betreiber hat Ihr Konto geändert
activity-user-export = Der Betreiber hat alle zu Ihnen gespeicherten Daten exportiert
activity-deletion-operator = Der Betreiber hat die Löschung Ihres Kontos beantragt
activity-deletion = Sie haben die Löschung Ihres Kontos beantragt
activity-deletion-cancel = Sie haben Ihr Konto behalten
activity-deleted = Das Konto wurde gelöscht
activity-merge-proposed = Es wurde vorgeschlagen, dieses Konto mit einem anderen von Ihnen zusammenzuführen
activity-merged = Ein anderes Konto wurde mit diesem zusammengeführt
activity-session-replaced = Eine Sitzung endete, weil sich dort ein anderes Konto angemeldet hat
activity-session-room = Ihre älteste Sitzung endete, weil Sie zu viele haben
activity-session-end-operator = Der Betreiber hat eine Ihrer Sitzungen beendet
activity-session-end = Sie haben sich abgemeldet
activity-sessions-end-operator = Der Betreiber hat alle Ihre Sitzungen beendet
activity-sessions-end = Sie haben Ihre anderen Sitzungen beendet
activity-reset-link-operator = Der Betreiber hat einen Link zum Zurücksetzen des Passworts erstellt
activity-reset-link = Ein Link zum Zurücksetzen des Passworts wurde angefordert
activity-email-add = Sie haben eine E-Mail-Adresse hinzugefügt
activity-email-primary = Sie haben Ihre primäre E-Mail-Adresse geändert
activity-email-remove = Sie haben eine E-Mail-Adresse entfernt
activity-identity-claim = Sie haben eine Identität hinzugefügt
activity-identity-lose = Ein anderes Konto hat bewiesen, dass eine Ihrer Identitäten ihm gehört
activity-backup-restored = Sie sind zu einer früheren verschlüsselten Sicherung zurückgekehrt
activity-backup-store = Eine verschlüsselte Sicherung Ihres Schlüssels wurde gespeichert
activity-backup-retrieve-provider = Ihre verschlüsselte Sicherung wurde über ein verknüpftes Konto abgerufen
activity-backup-retrieve = Ihre verschlüsselte Sicherung wurde abgerufen
activity-backup-remove = Sie haben eine verschlüsselte Sicherung entfernt
activity-backup-link = Sie haben ein Konto verknüpft, das Ihre verschlüsselte Sicherung wiederherstellt
activity-profile-change = Sie haben Ihr Profil geändert
activity-profile-remove = Sie haben Ihr Profil gelöscht
activity-wallet-connect = Sie haben eine Wallet verbunden
activity-wallet-disconnect = Sie haben eine Wallet getrennt
activity-handed-over = Sie haben Merits an ein anderes Konto übergeben
activity-consent = Sie haben { $app } Zugriff auf Ihr Konto erlaubt
activity-consent-remove = Sie haben den Zugriff von { $app } entfernt
activity-grant-ended = { $app } hat den eigenen Zugriff beendet
activity-grant-reused = Der Zugriff von { $app } endete, weil eines seiner Tokens mehrfach verwendet wurde
activity-workspace-sign-in = Sie haben sich bei { $workspace } angemeldet
activity-workspace-room = Ihre älteste Sitzung in { $workspace } endete, weil Sie zu viele haben
activity-workspace-sign-out = Sie haben sich bei { $workspace } abgemeldet
activity-workspace-change = Sie haben die Einstellungen von { $workspace } geändert
activity-workspace-secret = Sie haben das Geheimnis von { $workspace } erneuert
activity-member-add = Sie haben ein Mitglied zu { $workspace } hinzugefügt
activity-member-change = Sie haben ein Mitglied von { $workspace } geändert
activity-member-remove = Sie haben ein Mitglied von { $workspace } entfernt
activity-invite = Sie haben jemanden zu { $workspace } eingeladen
activity-join = Sie sind { $workspace } beigetreten
activity-role-create = Sie haben eine Rolle in { $workspace } erstellt
activity-role-change = Sie haben eine Rolle in { $workspace } geändert
activity-role-remove = Sie haben eine Rolle von { $workspace } entfernt
activity-api-key-create = Sie haben einen API-Schlüssel in { $workspace } erstellt
activity-api-key-deactivate = Sie haben einen API-Schlüssel von { $workspace } deaktiviert
activity-api-key-remove = Sie haben einen API-Schlüssel von { $workspace } entfernt
activity-webhook-create = Sie haben einen Webhook von { $workspace } angelegt
activity-webhook-change = Sie haben einen Webhook von { $workspace } geändert
activity-webhook-remove = Sie haben einen Webhook von { $workspace } entfernt
activity-webhook-secret = Sie haben das Geheimnis eines Webhooks von { $workspace } geändert
activity-webhook-test = Sie haben einen Webhook von { $workspace } getestet
activity-webhook-replay = Sie haben Zustellungen eines Webhooks von { $workspace } wiederholt
activity-merit-link = Sie haben einer App erlaubt, für { $workspace } zu handeln
activity-merit-unlink = Sie haben den Zugriff einer App auf { $workspace } beendet
activity-merit-template = Sie haben geändert, was { $workspace } ausstellt
activity-merit-send = Sie haben Merits für { $workspace } gesendet
activity-merit-approve = Sie haben ein Merit von { $workspace } freigegeben
activity-merit-edit = Sie haben ein Merit von { $workspace } bearbeitet
activity-merit-revoke = Sie haben ein Merit von { $workspace } widerrufen
activity-merit-transfer = Sie haben ein Merit von { $workspace } übertragen
activity-merit-accept = Sie haben ein Merit von { $workspace } angenommen
activity-merit-reject = Sie haben ein Merit von { $workspace } abgelehnt
activity-merit-report = Sie haben ein Merit von { $workspace } gemeldet
activity-merit-forfeit = Sie haben ein Merit von { $workspace } aufgegeben
activity-merit-public = Sie haben ein Merit von { $workspace } öffentlich gemacht
activity-merit-hide = Sie haben ein Merit von { $workspace } verborgen
activity-merit-key = Sie haben den Schlüssel geändert, der Nachweise von { $workspace } signiert
activity-merit-access = Sie haben eine App von { $workspace } Merits sehen lassen
activity-merit-access-end = Sie haben den Zugriff einer App von { $workspace } auf Ihre Merits beendet
activity-credential-set-operator = { $kind ->
    [key] Der Betreiber hat einen Schlüssel gesetzt
    [passkey] Der Betreiber hat einen Passkey gesetzt
    [totp] Der Betreiber hat eine Authenticator-App gesetzt
    [recovery] Der Betreiber hat eine Liste von Wiederherstellungscodes gesetzt
    [provider] Der Betreiber hat ein verknüpftes Konto gesetzt
   *[password] Der Betreiber hat ein Passwort gesetzt
}
activity-credential-add = { $kind ->
    [key] Sie haben einen Schlüssel hinzugefügt
    [passkey] Sie haben einen Passkey hinzugefügt
    [totp] Sie haben eine Authenticator-App hinzugefügt
    [recovery] Sie haben eine Liste von Wiederherstellungscodes hinzugefügt
    [provider] Sie haben ein verknüpftes Konto hinzugefügt
   *[password] Sie haben ein Passwort hinzugefügt
}
activity-credential-change-operator = { $kind ->
    [key] Der Betreiber hat Ihren Schlüssel geändert
    [passkey] Der Betreiber hat Ihren Passkey geändert
    [totp] Der Betreiber hat Ihre Authenticator-App geändert
    [recovery] Der Betreiber hat Ihre Liste von Wiederherstellungscodes geändert
    [provider] Der Betreiber hat Ihr verknüpftes Konto geändert
   *[password] Der Betreiber hat Ihr Passwort geändert
}
activity-credential-change = { $kind ->
    [key] Sie haben Ihren Schlüssel geändert
    [passkey] Sie haben Ihren Passkey geändert
    [totp] Sie haben Ihre Authenticator-App geändert
    [recovery] Sie haben Ihre Liste von Wiederherstellungscodes geändert
    [provider] Sie haben Ihr verknüpftes Konto geändert
   *[password] Sie haben Ihr Passwort geändert
}
activity-credential-remove-operator = { $kind ->
    [key] Der Betreiber hat einen Schlüssel entfernt
    [passkey] Der Betreiber hat einen Passkey entfernt
    [totp] Der Betreiber hat eine Authenticator-App entfernt
    [recovery] Der Betreiber hat eine Liste von Wiederherstellungscodes entfernt
    [provider] Der Betreiber hat ein verknüpftes Konto entfernt
   *[password] Der Betreiber hat ein Passwort entfernt
}
activity-credential-remove = { $kind ->
    [key] Sie haben einen Schlüssel entfernt
    [passkey] Sie haben einen Passkey entfernt
    [totp] Sie haben eine Authenticator-App entfernt
    [recovery] Sie haben eine Liste von Wiederherstellungscodes entfernt
    [provider] Sie haben ein verknüpftes Konto entfernt
   *[password] Sie haben ein Passwort entfernt
}
activity-impersonation = Jemand hat begonnen, in { $app } als Sie zu handeln
activity-impersonation-end = Das Handeln als Sie in { $app } wurde beendet
activity-assertion = { $app } erhielt Zugriff durch eine Bestätigung Ihres Identitätsanbieters
activity-agent-create = Sie haben einen Agenten erstellt, der für Sie handelt
activity-agent-stop = Sie haben einen Agenten beendet, der für Sie gehandelt hat
activity-people-export = Sie haben die Personen dieses Servers exportiert
activity-mail-test = Sie haben sich eine Testmail gesendet
activity-mail-resend = Sie haben eine E-Mail dieses Servers erneut senden lassen
activity-mail-drop = Sie haben eine E-Mail dieses Servers verworfen
activity-server-change = Sie haben das Erscheinungsbild dieses Servers geändert
activity-provider-change = Sie haben einen Anbieter dieses Servers geändert
activity-provider-remove = Sie haben einen Anbieter dieses Servers entfernt
activity-provider-test = Sie haben einen Anbieter dieses Servers getestet

## Errors that cannot be returned to an app

error-client = Diese App ist nicht registriert
error-client-text = Dieser Server kennt die App nicht, die Sie hierher geschickt hat. Wenden Sie sich an deren Entwickler.
error-metadata = Diese App kann nicht überprüft werden
error-metadata-text = Ein Dokument auf ihrer eigenen Website beschreibt die App, die Sie hierher geschickt hat. Es kann nicht gelesen werden oder ist ungültig. Wenden Sie sich an deren Entwickler.
error-login = Melden Sie sich zuerst an
error-login-text = Die App wollte eine Anmeldung, ohne eine Seite zu zeigen, und Sie sind nicht angemeldet.
error-disabled = Diese App ist gesperrt
error-disabled-text = Der Betreiber dieses Servers hat die App gesperrt, die Sie hierher geschickt hat.
error-redirect = Rücksprungadresse nicht registriert
error-redirect-text = Die App wollte Sie an eine Adresse weiterleiten, die für sie nicht registriert ist. Sie wurden nicht weitergeleitet.
error-no-redirect = Rücksprungadresse fehlt
error-no-redirect-text = Die App hat nicht angegeben, an welche Adresse Sie weitergeleitet werden sollen. Sie wurden nicht weitergeleitet. Wenden Sie sich an die Entwickler der App.
error-request = Ungültige Anfrage
error-request-text = Die App, die Sie hierher geschickt hat, hat eine Anfrage gestellt, die dieser Server nicht versteht.
error-expired = Diese Anmeldung ist abgelaufen
error-expired-text = Die Anfrage der App wurde schon verwendet oder hat zu lange gedauert. Gehen Sie zur App zurück und melden Sie sich dort erneut an.
error-object = Ungültige Anfrage
error-object-text = Die App, die Sie hierher geschickt hat, hat eine Anfrage gestellt, die dieser Server nicht überprüfen kann.
error-denied = Zugriff abgelehnt
error-denied-text = Die Anfrage wurde abgelehnt.
error-server = Bei uns ist etwas schiefgegangen
error-server-text = Bitte versuchen Sie es gleich noch einmal.
error-unknown = Etwas ist schiefgegangen
error-unknown-text = Gehen Sie zur App zurück und versuchen Sie es noch einmal.
error-code = Fehler
error-request-id = Anfrage
error-back = Zurück zu { $app }
error-front-page = Zur Startseite

## Abgelehnte Anfragen, und Seiten, die es nicht gibt

refused-limited = Zu viele Anfragen
refused-limited-text = Aus Ihrem Netzwerk kamen zu viele Anfragen. Warten Sie eine Minute und versuchen Sie es noch einmal.
refused-unavailable = Versuchen Sie es gleich noch einmal
refused-unavailable-text = Der Server ist vorübergehend nicht verfügbar. Es ist nichts verloren gegangen.
refused-signed-out = Sie sind abgemeldet
refused-signed-out-text = Melden Sie sich an, um fortzufahren. Es wurde nichts geändert.
refused-blocked = Anfrage blockiert
refused-blocked-text = Die Anfrage kam von der Seite einer anderen Website und wurde deshalb abgelehnt.
refused-not-found = Seite nicht gefunden
refused-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder die Seite ist umgezogen.
refused-method = Diese Seite lässt sich nicht direkt öffnen
refused-method-text = Ihre Adresse nimmt nur Formulare einer anderen Seite an.
refused-large = Zu groß
refused-large-text = Die Anfrage ist größer, als dieser Server annimmt.
refused-changed = Inzwischen hat sich etwas geändert
refused-changed-text = Ihre Änderung wurde nicht übernommen. Laden Sie die Seite neu und prüfen Sie sie.
refused-malformed = Das hat nicht funktioniert
refused-malformed-text = Dieser Server hat die Anfrage nicht verstanden. Es wurde nichts geändert.
refused-continue = Weiter
refused-again = Erneut versuchen

## Vorgänge, die nicht weitergehen können

stopped-ended = Diese Anmeldung ist beendet
stopped-unknown-text = Kehren Sie zu der App oder Seite zurück, auf der Sie begonnen haben, und melden Sie sich erneut an.
stopped-lapsed-text = Sie hat zu lange gedauert. Sie können sie neu beginnen.
stopped-finished = Sie haben bereits geantwortet
stopped-finished-text = Diese Anfrage wurde schon abgeschlossen, vielleicht in einem anderen Tab.
stopped-other-browser = Diese Anmeldung begann in einem anderen Browser
stopped-other-browser-text = Sie können dort fortfahren oder hier neu beginnen.
stopped-continue = Weiter zu { $app }
stopped-again = Neu beginnen

## Auf dem Rückweg zu einer App, per Formular

form-post-title = Zurück zur App
form-post-lede = Wenn Sie nicht weitergeleitet werden, wählen Sie „Weiter“.

## Die API-Referenz

reference-no-script = Diese Seite benötigt JavaScript. Ohne JavaScript lesen Sie das Dokument selbst:

## Formulare

form-outdated = Das wurde inzwischen geändert, von jemand anderem oder in einem anderen Fenster. Nichts wurde gespeichert, und Ihre Eingaben stehen noch hier. Öffnen Sie die Seite erneut, um den aktuellen Stand zu sehen.
