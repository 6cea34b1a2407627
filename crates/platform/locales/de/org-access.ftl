# Was anderen Zugang zu einer Organisation gibt, in der Konsole.

console-problem-permission = Wählen Sie mindestens ein Recht.

## API keys

console-api-keys-about = Mit API-Schlüsseln rufen Server die API der Organisation ohne Benutzer auf.
console-api-key-new = Neuer API-Schlüssel
console-api-key-about = Der Schlüssel wird einmal gezeigt. Er gehört niemandem in der Organisation; in ihrem Protokoll steht, wer ihn erstellt hat.
console-api-key-fresh = Der API-Schlüssel
console-api-key-once = Kopieren Sie ihn jetzt: Er wird nicht noch einmal gezeigt.
console-api-key-past = Das Ablaufdatum darf nicht in der Vergangenheit liegen.
console-done-api-key-deactivated = Der Schlüssel ist deaktiviert, ebenso alle, die mit ihm erstellt wurden.
console-done-api-key-removed = Der Schlüssel ist gelöscht.
console-refused-many-api-keys = Diese Organisation hat so viele API-Schlüssel, wie ihr Kontingent erlaubt. Es wurde nichts erstellt.

## Linked apps

console-links-about = Fremde Apps, die für diese Organisation handeln.
console-link-new = App verknüpfen
console-link-app-hint = Die Client-ID einer registrierten App oder ihre ID. Eine App, die schon verknüpft ist, bekommt stattdessen diese Rechte.
console-link-add = App verknüpfen
console-link-change = Rechte ändern
console-link-change-about = Die Tokens, die die App für die Organisation hat, gelten danach nicht mehr.
console-link-no-app = Diese App gibt es nicht, oder sie ist gesperrt.
console-done-app-linked = Die App ist verknüpft.
console-done-app-unlinked = Die App handelt nicht mehr für diese Organisation.
console-refused-many-links = Diese Organisation hat so viele Apps verknüpft, wie sie darf. Es wurde nichts geändert.
console-refused-own-app = Die App gehört der Organisation und darf auch ohne Verknüpfung alles für sie tun.

## Directories

console-directories-about = Ein Verzeichnis wie Entra ID oder Okta nimmt Personen in die Organisation auf und entzieht ihnen den Zugang, wenn sie ausscheiden (SCIM 2.0).
console-directories-own = Die eigene Organisation des Betreibers verwaltet kein Verzeichnis: Ihre Mitglieder betreiben die Installation.
console-directory-about = Das Token wird einmal gezeigt. Wer es hat, kann mit den Mitgliedern dasselbe tun wie ein Administrator der Organisation.
console-directory-name-hint = Wie das Verzeichnis heißt, zum Beispiel Entra ID
console-directory-fresh = Das Token des Verzeichnisses
console-directory-rotated = Zuletzt neues Token
console-done-directory-ended = Das Verzeichnis ist getrennt. Die Personen daraus bleiben Mitglieder.
console-refused-many-directories = Diese Organisation ist mit so vielen Verzeichnissen verbunden, wie sie sein darf. Es wurde nichts verbunden.

## People who act as others

console-impersonators = Handeln als andere
console-impersonators-about = Diese Personen können in den Apps dieser Organisation als andere Personen handeln, nie als Mitglieder mit mehr Rechten.
console-impersonators-everywhere = Diese Personen können in jeder App als jede andere Person handeln.
console-impersonators-none = Niemand darf hier als andere handeln.
console-impersonator-new = Jemandem erlauben, als andere zu handeln
console-impersonator-hint = Wer so vertreten wird, sieht es unter den letzten Aktivitäten, und es steht im Protokoll.
console-impersonator-add = Erlauben
console-impersonator-remove = Entziehen
console-impersonator-remove-about = Die Person kann hier nicht mehr als andere handeln. Was sie gerade als jemand anderes tut, endet sofort, in jeder App.
console-impersonator-remove-now = Jetzt entziehen
console-done-impersonator-allowed = Die Person darf jetzt als andere handeln.
console-done-impersonator-denied = Die Person darf hier nicht mehr als andere handeln. Was sie als jemand anderes tat, ist beendet.
console-refused-many-impersonators = Hier dürfen schon so viele Personen als andere handeln, wie es sein dürfen. Es wurde nichts geändert.
