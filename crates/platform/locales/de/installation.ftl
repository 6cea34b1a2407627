# Seiten der Konsole über die Installation selbst.

console-mail-about = E-Mails, die noch nicht zugestellt sind. Was ein Mailserver ablehnt, bleibt hier bis zum Ablauf stehen, höchstens einen Tag. Den Inhalt sieht niemand.
console-mail-only-failing = Nur fehlgeschlagene
console-mail-none = Es wartet keine E-Mail.
console-mail-none-failing = Keine E-Mail ist fehlgeschlagen.
console-mail-to = An
console-mail-since = Seit
console-mail-do = Aktionen
console-mail-waiting = Wartet
console-mail-sending = Wird gesendet
console-mail-failing = Fehlgeschlagen
console-mail-given-up = Aufgegeben
console-mail-unreadable = Diese E-Mail lässt sich mit dem jetzigen Hauptschlüssel nicht lesen.
console-mail-attempts = { $count ->
    [one] { $count } Versuch
   *[other] { $count } Versuche
}
console-mail-again = erneut um { $when }
console-mail-resend = Jetzt senden
console-mail-drop = Verwerfen
console-mail-test = Test
console-mail-test-about = Sendet eine E-Mail an Ihre eigene Adresse. Steht sie oben nicht mehr, wurde sie zugestellt.
console-mail-test-now = Testmail senden
console-mail-confirm = Bevor Sie E-Mails senden oder verwerfen, melden Sie sich noch einmal an.
console-mail-no-address = Ihr Konto hat keine bestätigte E-Mail-Adresse, an die eine Testmail gehen könnte.
console-mail-gone = Diese E-Mail gibt es nicht: Sie wurde zugestellt oder ist abgelaufen.
console-mail-sending-now = Diese E-Mail wird gerade gesendet. Es wurde nichts geändert.
console-done-mail-tested = Eine Testmail an Ihre Adresse ist eingereiht.
console-done-mail-resent = Die E-Mail wird als Nächstes gesendet.
console-done-mail-dropped = Die E-Mail wurde ungesendet gelöscht.

console-sessions-about = Browser, in denen jemand angemeldet ist, die neuesten zuerst. Zuletzt benutzt ist die letzte Anmeldung oder der Tag, an dem eine App zuletzt etwas bekam.
console-sessions-none = Niemand ist angemeldet.
console-sessions-confirm = Bevor Sie Sitzungen anderer beenden, melden Sie sich noch einmal an.
console-sessions-all = Alle Sitzungen mit ihren Apps
console-session-person = Person
console-session-began = Begonnen
console-session-used = Zuletzt benutzt
console-session-end = Beenden
console-done-session-ended = Die Sitzung ist beendet.

console-account = Wiederherstellung und Löschung
console-reset = Link senden
console-reset-about = Sendet der Person einen Link, mit dem sie ein neues Passwort setzt. Sonst ändert sich nichts.
console-reset-to = An
console-recover = Alles beenden, womit sie sich anmeldet
console-recover-about = Entfernt Passwort, Schlüssel, Passkeys, verknüpfte Konten und zweite Faktoren, beendet jede Sitzung und sendet den Link. Nur damit kommt die Person wieder hinein: Wählen Sie eine Adresse, die sicher ihre ist. Schlüssel, die hier entfernt wurden, lassen sich diesem Konto nicht wieder hinzufügen.
console-recover-now = Beenden und Link senden
console-unreachable = Das Konto hat keine bestätigte Adresse für einen Link.
console-too-many-links = An diese Person gingen in einer Stunde drei Links. Es wurde nichts geändert.
console-link-refused = Es ging kein Link: Die Adresse ist keine bestätigte dieser Person, das Konto ist gesperrt, oder Passwörter werden hier nicht angenommen.
console-delete = Konto löschen
console-delete-about = Das Konto und alles, was über die Person gespeichert ist, wird nach { $grace } gelöscht. Bis dahin kann sie sich anmelden und es behalten.
console-delete-now = Löschen
console-keep = Konto behalten
console-only-administrator = Es wurde nichts geändert: Niemand sonst verwaltet { $workspaces }.
console-deleting = Die Löschung ist fällig und hat vielleicht schon begonnen.
console-done-link-sent = Der Link ist unterwegs.
console-done-credentials-ended = Alles, womit sich die Person anmeldete, ist beendet, und der Link ist unterwegs.
console-done-deletes = Das Konto wird gelöscht.
console-done-kept = Das Konto wird behalten.

console-ndjson = Als NDJSON herunterladen
console-live = Live verfolgen
console-live-stop = Nicht mehr verfolgen
console-live-about = Neue Ereignisse erscheinen von selbst.

console-settings = Einstellungen
console-settings-about = Was auf der antwortenden Instanz gilt, und woher jede Einstellung kommt. Geheimnisse werden nie gezeigt. Geändert wird in der Datei oder in der Umgebung; es gilt ab dem nächsten Start.
console-settings-policies = Registrierung und Regeln
console-settings-others = Alles andere
console-settings-server = Server
console-setting = Einstellung
console-setting-value = Wert
console-setting-from = Woher
console-setting-none = nicht gesetzt
console-setting-default = Standard
console-setting-file = Datei
console-setting-environment = Umgebung

console-providers = Anbieter
console-providers-about = Server anderswo, mit denen sich Personen anmelden, wie sie eingestellt sind. Die Callback-URL muss dort jeweils eingetragen sein.
console-providers-none = Kein Anbieter ist eingestellt.
console-providers-confirm = Bevor Sie Anbieter testen, melden Sie sich noch einmal an.
console-provider-issuer = Aussteller
console-provider-callback = Callback-URL
console-provider-sign-up = Ein Konto, das niemand verknüpft hat,
console-provider-sign-up-off = meldet niemanden an
console-provider-sign-up-key = wird ein Konto mit einem Schlüssel
console-provider-sign-up-on = wird ein Konto
console-provider-asked = Zuletzt gefragt
console-provider-unknown = Noch nicht gefragt
console-provider-answers = Antwortet
console-provider-fails = Antwortet nicht
console-provider-test = Anmeldung testen
console-provider-check = Fragen, ob er antwortet
console-trial = Was { $provider } mitgeteilt hat
console-trial-about = Die Anmeldung funktioniert. Daraus wurde weder ein Konto noch eine Sitzung.
console-trial-subject = Kennung
console-trial-email = E-Mail-Adresse
console-trial-verified = bestätigt
console-trial-groups = Gruppen
console-trial-more = und { $count } weitere
console-trial-auth-time = Dort angemeldet
