## Registrierung mit einer E-Mail-Adresse

sign-up-title = Registrieren
sign-up-title-app = Für { $app } registrieren
sign-up-heading = Konto erstellen
sign-up-lede = Wir senden Ihnen einen Code, mit dem Sie Ihre Adresse bestätigen.
sign-up-name = Ihr Name
sign-up-submit = Konto erstellen
sign-up-have-account = Sie haben schon ein Konto?
sign-up-no-password = Lieber ohne Passwort?
sign-up-bad-name = Geben Sie einen Namen mit höchstens { $most } sichtbaren Zeichen ein.
sign-up-bad-email = Das ist keine E-Mail-Adresse.
sign-up-ended = Diese Registrierung ist beendet
sign-up-link-ended = Dieser Link gilt nicht mehr
sign-up-ended-explained = Er wurde bereits verwendet oder ist abgelaufen. Wenn Ihre Adresse bestätigt ist, melden Sie sich an; andernfalls registrieren Sie sich erneut.
sign-up-taken = Sie haben bereits ein Konto
sign-up-taken-explained = Inzwischen wurde ein Konto mit dieser Adresse erstellt. Melden Sie sich damit an.

check-heading = Sehen Sie in Ihrem Postfach nach
check-sent-code = Wir haben eine Nachricht an <strong>{ $email }</strong> gesendet. Geben Sie den Code daraus ein, oder öffnen Sie den Link.
check-sent-link = Wir haben eine Nachricht an <strong>{ $email }</strong> gesendet. Öffnen Sie den Link darin.
check-code = Code
check-code-hint = Acht Ziffern. Code und Link gelten einmal, innerhalb von { $life }.
check-submit = Weiter
check-wrong = { $left ->
    [0] Dieser Code ist falsch, wie die vorherigen.
    [one] Dieser Code ist falsch. Sie haben noch einen Versuch.
   *[other] Dieser Code ist falsch. Sie haben noch { $left } Versuche.
}
check-too-many = Es wurden zu viele falsche Codes eingegeben. Der Link gilt weiterhin.
check-other-device = Wenn Sie den Link auf einem anderen Gerät öffnen, bestätigen Sie dort; diese Seite geht dann von selbst weiter.
check-confirmed = Ich habe auf einem anderen Gerät bestätigt
check-no-message = Nach einigen Minuten noch keine Nachricht? Sehen Sie im Spam-Ordner nach, oder
check-again = beginnen Sie neu

confirm-title = Bestätigen Sie Ihre E-Mail-Adresse
confirm-done = Ihre Adresse ist bestätigt
confirm-done-explained = Kehren Sie zu dem Browser zurück, in dem Sie begonnen haben: dort geht es von selbst weiter. Wenn Sie ihn geschlossen haben, melden Sie sich mit Ihrem Passwort an.
confirm-sign-in = Hier anmelden
confirm-who = <strong>{ $name }</strong> erstellt auf { $host } ein Konto als <strong>{ $email }</strong>.
confirm-elsewhere = <strong>Bestätigen Sie nur, wenn Sie das sind.</strong> Die Registrierung wurde in einem anderen Browser begonnen, der dann bei dem Konto angemeldet ist.
confirm-here-submit = Bestätigen und weiter
confirm-submit = Adresse bestätigen
confirm-not-you = Nicht Sie? Schließen Sie diese Seite: Ohne Ihre Bestätigung wird kein Konto erstellt.

## Ein neues Passwort

password-label = Passwort
password-new = Neues Passwort
password-hint = Mindestens 8 Zeichen. Besser sind 12 oder mehr, zum Beispiel vier Wörter ohne Zusammenhang.
password-again = Passwort wiederholen
password-differs = Die Passwörter stimmen nicht überein.
password-too-short = Das Passwort ist zu kurz: mindestens 8 Zeichen.
password-too-long = Das Passwort ist zu lang: höchstens 128 Zeichen.
password-control = Das Passwort darf keine Steuerzeichen enthalten.
password-common = Das ist eines der häufigsten Passwörter und leicht zu erraten. Wählen Sie ein anderes.
