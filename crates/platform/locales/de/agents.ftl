### Who acts for a user: agents, and people who act as them.

agents-title = In Ihrem Namen
agents-explained = Ein Agent ist eine App, die für Sie handelt, etwa ein Assistent oder ein Skript. Er darf, was Sie hier erlauben, und sonst nichts, und jedes seiner Tokens nennt ihn. Wenn Sie ihn anhalten, gelten seine Tokens sofort nicht mehr.
agents-new = Neuer Agent
agents-name = Name
agents-may = Was er darf
agents-create = Agent anlegen
agents-made = Der Agent wurde angelegt
agents-made-explained = Kopieren Sie das Geheimnis jetzt. Es wird nicht noch einmal angezeigt.
agents-client-id = Client-ID
agents-secret = Client-Geheimnis
agents-user-id = Ihre Benutzer-ID
agents-until = bis
agents-stop = Anhalten
agents-stopped = Der Agent wurde angehalten.
agents-acting = { $actor } handelt als Sie
agents-acting-at = In { $app }, mit dem, was Sie dieser App erlaubt haben. An Ihrem Konto und Ihrer Anmeldung lässt sich so nichts ändern.
agents-end = Jetzt beenden
agents-ended = Es wurde beendet. Was in Ihrem Namen ausgestellt wurde, gilt nicht mehr.
agents-unknown = Diesen Agenten gibt es nicht, oder er wurde schon beendet.
agents-bad-name = Geben Sie einen Namen mit höchstens 60 Zeichen ein.
agents-too-many = Sie haben so viele Agenten, wie Sie haben dürfen. Halten Sie zuerst einen an.
agents-over = Sein Zugang ist beendet.
agents-remove = Entfernen
agents-old = Melden Sie sich erneut an, um einen Agenten anzulegen: Ihre letzte Anmeldung liegt einige Zeit zurück oder war weniger sicher, als Ihr Konto es erlaubt.
agents-acting-now = Jemand handelt gerade als Sie.
agents-acting-look = Ansehen, wer es ist, und beenden
