## Ein Gerät einlassen

login-title-device = Anmelden, um ein Gerät zu verbinden
device-enter-title = Gerät verbinden
device-enter-lede = Geben Sie den Code ein, den Ihr Fernseher, Terminal oder anderes Gerät anzeigt.
device-code = Code
device-code-hint = Acht Buchstaben und Ziffern. Groß- und Kleinschreibung ist gleich.
device-continue = Weiter
device-unknown = Dieser Code ist nicht gültig. Vergleichen Sie ihn mit der Anzeige des Geräts; nach 15 Minuten braucht es einen neuen.
device-only-yours = Fahren Sie nur fort, wenn Sie das selbst an einem Gerät vor Ihnen begonnen haben. Niemand sonst sollte Sie nach einem Code fragen.
device-approve-title = { $app } verbinden?
device-approve-heading = Auf einem Gerät bei { $app } anmelden?
device-compare = Prüfen Sie, ob das Gerät diesen Code anzeigt:
device-from = Angefragt von
device-place = { $device }, { $address }
device-elsewhere = Die Anfrage kam aus einem anderen Netz als dem, in dem Sie sind. Wenn Ihnen jemand diesen Code oder Link geschickt hat, lehnen Sie ab.
device-approved-title = Gerät verbunden
device-approved = { $app } macht gleich auf Ihrem Gerät weiter. Sie können dieses Fenster schließen.
device-denied-title = Gerät nicht verbunden
device-denied = { $app } hat keinen Zugriff auf Ihr Konto bekommen. Sie können dieses Fenster schließen.
device-apps = Apps mit Zugriff
