## Der Rahmen jeder Seite

layout-skip = Zum Inhalt springen
layout-server = Server:
layout-about = Über diesen Server
layout-home = Startseite
layout-reference = API-Referenz
layout-licences = Lizenzen
layout-terms = Nutzungsbedingungen
layout-privacy = Datenschutz
layout-support = Hilfe
app-unverified = <strong>Diese App ist nicht überprüft.</strong> Fahren Sie nur fort, wenn Sie <span class="nowrap">{ $host }</span> vertrauen.
app-described = <strong>Diese App ist hier nicht registriert.</strong> Ihr Name ist eine Angabe von <span class="nowrap">{ $host }</span>. Fahren Sie nur fort, wenn Sie <span class="nowrap">{ $host }</span> vertrauen.

## Zeiten

# Nach „innerhalb von“.
duration-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
duration-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
duration-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tagen
}
moment = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year } um { $time } UTC
