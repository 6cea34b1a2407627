## The frame of every page

layout-skip = Skip to main content
layout-server = Server:
layout-about = About this server
layout-home = Home
layout-reference = API reference
layout-licences = Licences
layout-terms = Terms of service
layout-privacy = Privacy
layout-support = Support
app-unverified = <strong>This app is unverified.</strong> Continue only if you trust <span class="nowrap">{ $host }</span>.
app-described = <strong>This app is not registered here.</strong> Its name is what <span class="nowrap">{ $host }</span> says. Continue only if you trust <span class="nowrap">{ $host }</span>.

## Times

# After "within".
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
duration-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
moment = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year } at { $time } UTC
