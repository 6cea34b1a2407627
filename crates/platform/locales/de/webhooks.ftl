# Die Seiten der Webhooks, in der Konsole und einer Organisation.

webhooks-title = Webhooks
webhooks-about = Andere Systeme erfahren, was geschehen ist: Jedes Ereignis wird signiert an sie gesendet.
webhooks-none = Es gibt keinen Webhook.
webhooks-new = Neuer Webhook
webhooks-create = Webhook anlegen
webhooks-url = Adresse
webhooks-description = Beschreibung
webhooks-events = Ereignisse
webhooks-events-hint = Aktionen wie user.sign_up oder Gruppen davon, eine pro Zeile. Leer für alle. Gruppen:
webhooks-signature = Signatur
webhooks-hmac = HMAC-SHA256: Der Empfänger kennt dasselbe Geheimnis
webhooks-ed25519 = Ed25519: Der Empfänger kennt einen öffentlichen Schlüssel
webhooks-status = Status
webhooks-on = An
webhooks-off = Aus
webhooks-off-failures = Aus: Empfänger nicht erreichbar
webhooks-off-gone = Aus: Empfänger besteht nicht mehr
webhooks-failing = Gestört
webhooks-since = seit
webhooks-until = signiert bis { $when }
webhooks-change = Ändern
webhooks-confirm = Bestätigen, dass Sie es sind
webhooks-confirm-about = Melden Sie sich noch einmal an, bevor Sie Webhooks ändern.
webhooks-test = Test senden
webhooks-test-about = Sendet ein eigenes Ereignis, webhook.test.
webhooks-disable = Abschalten
webhooks-disable-about = Es wird nichts mehr gesendet. Was währenddessen geschieht, wird auch später nicht gesendet.
webhooks-enable = Einschalten
webhooks-enable-about = Sendet, was von nun an geschieht, und was noch wartet.
webhooks-rotate = Geheimnis ersetzen
webhooks-rotate-about = Erzeugt ein neues Geheimnis. Das bisherige signiert noch eine Zeit lang mit.
webhooks-settings = Einstellungen
webhooks-save = Speichern
webhooks-remove = Webhook entfernen
webhooks-remove-about = Es wird nichts mehr gesendet, und das Protokoll wird gelöscht. Das lässt sich nicht rückgängig machen.
webhooks-remove-now = Entfernen
webhooks-secret = Geheimnis
webhooks-secret-about = Mit diesem Geheimnis prüft der Empfänger. Es wird nur dieses eine Mal angezeigt.
webhooks-public-about = Mit diesem öffentlichen Schlüssel prüft der Empfänger.
webhooks-secrets = Geheimnisse, die signieren
webhooks-failing-since = Seit { $when } war keine Zustellung erfolgreich.
webhooks-deliveries = Zustellungen
webhooks-no-deliveries = Es gibt keine Zustellung.
webhooks-only-failed = Nur gescheiterte
webhooks-all = Alle Zustellungen
webhooks-when = Wann
webhooks-event = Ereignis
webhooks-answer = Antwort
webhooks-waiting = Wartet
webhooks-delivered = Zugestellt
webhooks-failed = Gescheitert
webhooks-attempts = { $count ->
    [0] noch nicht versucht
    [one] ein Versuch
   *[other] { $count } Versuche
}
webhooks-next = nächster { $when }
webhooks-replay = Wiederholen
webhooks-replay-failed = Gescheiterte wiederholen
webhooks-replay-since = Ereignisse seit
webhooks-pages = Seiten
webhooks-first = Neueste
webhooks-older = Frühere

webhooks-done-created = Der Webhook ist angelegt.
webhooks-done-saved = Der Webhook ist geändert.
webhooks-done-enabled = Der Webhook ist an.
webhooks-done-disabled = Der Webhook ist aus.
webhooks-done-removed = Der Webhook ist entfernt.
webhooks-done-tested = Ein Test ist unterwegs.
webhooks-done-rotated = Das Geheimnis ist ersetzt.
webhooks-done-replayed = Es wird wiederholt.

webhooks-problem-url = Die Adresse muss mit https beginnen, weder Benutzernamen noch Fragment enthalten und höchstens 2.048 Bytes lang sein.
webhooks-problem-reach = An diese Adresse sendet der Server nicht: Sie ist nicht öffentlich.
webhooks-problem-description = Die Beschreibung muss eine Zeile von höchstens 200 Zeichen sein.
webhooks-problem-events = Eines der Ereignisse ist weder eine Aktion des Protokolls noch eine Gruppe davon.
webhooks-problem-since = Wählen Sie einen Tag.
webhooks-problem-unknown = Das Formular wurde nicht verstanden. Es wurde nichts geändert.
webhooks-problem-many = Es gibt so viele Webhooks, wie es geben darf.
