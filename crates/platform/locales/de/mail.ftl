## Jede Mail

mail-hello = Guten Tag,
mail-sent-by = Gesendet von { $server }.
mail-sent-by-name = Gesendet von { $name } ({ $server }).

## Einladung in einen Workspace

mail-invitation-subject = Einladung zu { $workspace }
mail-invitation-by = { $inviter } lädt Sie in den Workspace „{ $workspace }“ auf { $server } ein.
mail-invitation = Sie sind in den Workspace „{ $workspace }“ auf { $server } eingeladen.
mail-invitation-app = Sobald Sie annehmen, werden Sie zu { $app } geführt.
mail-invitation-open = Einladung ansehen
mail-invitation-life = Der Link funktioniert einmal, innerhalb von { $life }. Bitten Sie danach um eine neue Einladung.
mail-invitation-ignore = Wenn Sie diese Einladung nicht erwartet haben, ignorieren Sie diese E-Mail. Sie sind erst Mitglied, wenn Sie annehmen.

## Ein neues Passwort wurde angefordert

mail-reset-subject = Neues Passwort für { $server } festlegen
mail-reset-title = Neues Passwort festlegen
mail-reset = Für Ihr Konto auf { $server } wurde ein neues Passwort angefordert. Wenn Sie das waren, geht es hier weiter:
mail-reset-open = Neues Passwort festlegen
mail-reset-life = Der Link funktioniert einmal, innerhalb von { $life }. Mit einem neuen Passwort werden Sie überall sonst abgemeldet.
mail-reset-ignore = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail. Ihr Passwort ändert sich nicht.

## Ein Konto, das der Betreiber angelegt hat

mail-created-subject = Ihr Konto bei { $server }
mail-created-title = Ihr Konto ist eingerichtet
mail-created = Auf { $server } wurde für Sie ein Konto mit dieser E-Mail-Adresse angelegt. Legen Sie zuerst ein Passwort fest, um sich anzumelden:
mail-created-open = Passwort festlegen
mail-created-life = Der Link funktioniert einmal, innerhalb von { $life }. Fordern Sie danach auf der Anmeldeseite über „Passwort vergessen?“ einen neuen an.
mail-created-ignore = Wenn Sie nicht wissen, warum Sie diese E-Mail erhalten, ignorieren Sie sie. Ohne Ihr Passwort kann sich niemand anmelden.

## Die Adresse eines neuen Kontos

mail-confirm-subject = Bestätigen Sie Ihre E-Mail-Adresse für { $server }
mail-confirm-title = Bestätigen Sie Ihre E-Mail-Adresse
mail-confirm = Jemand erstellt auf { $server } ein Konto mit dieser E-Mail-Adresse. Wenn Sie das sind, geben Sie diesen Code in dem Browser ein, in dem Sie begonnen haben:
mail-confirm-link = Oder bestätigen Sie die Adresse mit diesem Link:
mail-confirm-open = Adresse bestätigen
mail-confirm-life = Beide funktionieren einmal, innerhalb von { $life }.
mail-confirm-ignore = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail und geben Sie den Code nicht weiter: ohne ihn wird kein Konto erstellt.

## Registrierung mit einer Adresse, die ein Konto hat

mail-exists-subject = Sie haben bereits ein Konto auf { $server }
mail-exists-title = Sie haben bereits ein Konto
mail-exists = Jemand wollte auf { $server } ein Konto mit dieser E-Mail-Adresse erstellen, die bereits eines hat. Wenn Sie das waren, melden Sie sich an:
mail-exists-sign-in = Anmelden
mail-exists-forgot = Wenn Sie Ihr Passwort vergessen haben, legen Sie ein neues fest:
mail-exists-reset = Neues Passwort festlegen
mail-exists-ignore = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail: Ihr Konto hat sich nicht geändert.

## Ein Passwort wurde geändert

mail-changed-subject = Ihr Passwort für { $server } wurde geändert
mail-changed-title = Ihr Passwort wurde geändert
mail-changed = Das Passwort Ihres Kontos auf { $server } wurde am { $at } geändert. Sie wurden überall sonst abgemeldet.
mail-changed-fine = Wenn Sie das waren, müssen Sie nichts tun.
mail-changed-forgot = Wenn Sie das nicht waren, setzen Sie Ihr Passwort sofort zurück:
mail-changed-reset = Passwort zurücksetzen

## Eine weitere Adresse für ein Konto

mail-confirm-new = Jemand, der bei { $server } angemeldet ist, fügt diese E-Mail-Adresse seinem Konto hinzu. Wenn Sie das sind, geben Sie dort diesen Code ein:
mail-confirm-new-life = Er funktioniert einmal, innerhalb von { $life }.
mail-confirm-new-ignore = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail und geben Sie den Code nicht weiter: ohne ihn wird die Adresse nicht hinzugefügt.
mail-taken-subject = Ihre E-Mail-Adresse auf { $server }
mail-taken-title = Diese Adresse gehört zu einem anderen Konto
mail-taken = Jemand wollte diese E-Mail-Adresse seinem Konto auf { $server } hinzufügen. Sie gehört dort zu einem anderen Konto und wurde deshalb nicht hinzugefügt.
mail-taken-remove = Wenn Sie das waren, melden Sie sich bei jenem Konto an und entfernen Sie die Adresse dort zuerst:
mail-taken-ignore = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail: Ihr Konto hat sich nicht geändert.

## Ein Konto wurde geändert

mail-account = Ihr Konto
mail-account-subject = Ihr Konto auf { $server } wurde geändert
mail-account-title = Ihr Konto wurde geändert
mail-account-address-added = Ihrem Konto auf { $server } wurde am { $at } eine E-Mail-Adresse hinzugefügt.
mail-account-address-removed = Aus Ihrem Konto auf { $server } wurde am { $at } eine E-Mail-Adresse entfernt.
mail-account-primary-changed = Ihr Konto auf { $server } hat seit dem { $at } eine andere Haupt-E-Mail-Adresse.
mail-account-password-removed = Aus Ihrem Konto auf { $server } wurde am { $at } das Passwort entfernt.
mail-account-provider-linked = Mit Ihrem Konto auf { $server } wurde am { $at } das Konto eines Anbieters verknüpft. Damit ist die Anmeldung möglich.
mail-account-provider-unlinked = Von Ihrem Konto auf { $server } wurde am { $at } das Konto eines Anbieters getrennt.
mail-account-key-added = Ihrem Konto auf { $server } wurde am { $at } ein Schlüssel hinzugefügt. Er kann sich ab jetzt anmelden.
mail-account-passkey-added = Ihrem Konto auf { $server } wurde am { $at } ein Passkey hinzugefügt. Er kann sich ab jetzt anmelden.
mail-account-passkey-removed = Aus Ihrem Konto auf { $server } wurde am { $at } ein Passkey entfernt.
mail-account-totp-added = Ihrem Konto auf { $server } wurde am { $at } eine Authenticator-App hinzugefügt. Ab jetzt wird nach ihren Codes gefragt.
mail-account-totp-removed = Aus Ihrem Konto auf { $server } wurde am { $at } die Authenticator-App entfernt. Nach ihren Codes wird nicht mehr gefragt.
mail-account-recovery-renewed = Ihr Konto auf { $server } hat am { $at } neue Wiederherstellungscodes erhalten. Die früheren gelten nicht mehr.
mail-account-recovery-removed = Aus Ihrem Konto auf { $server } wurden am { $at } die Wiederherstellungscodes entfernt.
mail-account-key-removed = Aus Ihrem Konto auf { $server } wurde am { $at } ein Schlüssel entfernt.
mail-account-backup-retrieved = Ihre verschlüsselte Sicherung auf { $server } wurde am { $at } abgerufen. Sie lässt sich nur mit ihrem Passwort öffnen.
mail-account-backup-restored = Eine frühere Fassung Ihrer verschlüsselten Sicherung auf { $server } gilt seit dem { $at } wieder.
mail-account-backup-removed = Ihre verschlüsselte Sicherung wurde am { $at } von { $server } gelöscht.
mail-account-backup-linked = Ein verknüpftes Konto kann seit dem { $at } Ihre verschlüsselte Sicherung von { $server } wiederherstellen.
mail-account-deletion-requested = Am { $at } wurde beantragt, Ihr Konto auf { $server } zu löschen. Bis es gelöscht ist, können Sie sich anmelden und es behalten.
mail-account-merged = Am { $at } wurde ein anderes Konto mit Ihrem Konto auf { $server } zusammengeführt. Dessen Adressen, Anmeldedaten, Identitäten, Workspaces und Merits gehören jetzt zu Ihrem.
mail-account-merge-proposed = Am { $at } hat der Betreiber von { $server } vorgeschlagen, dieses Konto mit einem anderen von Ihnen zusammenzuführen. Es geschieht nichts, solange Sie sich nicht bei beiden anmelden und bestätigen.
mail-account-check = Wenn Sie das nicht waren, melden Sie sich an, prüfen Sie Ihr Konto und ändern Sie Ihr Passwort oder entfernen Sie die Anmeldedaten, die nicht Ihre sind:

## Ein Webhook wurde abgeschaltet

mail-webhook-subject = Ein Webhook von { $org } wurde abgeschaltet
mail-webhook-title = Ein Webhook wurde abgeschaltet
mail-webhook-failed = Ein Webhook von { $org } wurde am { $at } abgeschaltet: Sein Empfänger war zu lange nicht erreichbar. Er bekommt nichts mehr.
mail-webhook-gone = Ein Webhook von { $org } wurde am { $at } abgeschaltet: Sein Empfänger hat geantwortet, dass er nichts mehr bekommen will.
mail-webhook-next = Wenn der Empfänger wieder funktioniert, schalten Sie den Webhook ein und wiederholen Sie, was er verpasst hat.
mail-webhook-open = Webhook öffnen

## Wer ein Verzeichnis verbunden hat, ist gegangen

mail-directory-subject = Ein Verzeichnis von { $org } wurde von jemandem verbunden, der gegangen ist
mail-directory-title = Prüfen Sie das Token eines Verzeichnisses
mail-directory = { $maker } hat das Verzeichnis { $directory } mit { $org } verbunden und verwaltet { $org } nicht mehr. Das Verzeichnis arbeitet weiter, und auch sein Token gilt, das noch bekannt sein kann.
mail-directory-somebody = Jemand, dessen Konto gelöscht ist,
mail-directory-next = Wenn das nicht so bleiben soll, erzeugen Sie ein neues Token, beenden Sie das alte sofort, und tragen Sie das neue im Verzeichnis ein.
mail-directory-open = Verbindung öffnen

mail-test-subject = Testmail von { $server }
mail-test-title = E-Mails kommen an
mail-test = Jemand, der diesen Server betreibt, vermutlich Sie selbst, hat diese E-Mail am { $at } gesendet, um zu sehen, ob E-Mails ankommen. Es ist nichts zu tun.
