//! Why a redirect URI of a request is not a registered one, for whoever has to make the two agree. Nothing here decides anything:
//! matching compares bytes ([`super::RegisteredRedirectUris::find`]).

/// What differs between two URIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// `http` and `https`, or another scheme.
    Scheme,
    /// Another host.
    Host,
    /// The same host in upper and lower case, which a browser writes in lower case.
    HostCase,
    /// Another port, or one of them names none.
    Port,
    /// Another path.
    Path,
    /// The same path in upper and lower case: paths are compared byte for byte.
    PathCase,
    /// One of them ends in `/`.
    TrailingSlash,
    /// Another query.
    Query,
    /// A fragment, which no redirect URI has.
    Fragment,
    /// It is no URI with a host.
    NoUri,
}

impl Difference {
    /// How far two URIs are apart by it: what is a slip of the pen weighs least.
    const fn weight(self) -> u32 {
        match self {
            Self::TrailingSlash | Self::HostCase | Self::PathCase | Self::Fragment => 1,
            Self::Scheme | Self::Port | Self::Query => 2,
            Self::Path => 4,
            Self::Host => 8,
            Self::NoUri => 16,
        }
    }

    /// The name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::HostCase => "host_case",
            Self::Port => "port",
            Self::Path => "path",
            Self::PathCase => "path_case",
            Self::TrailingSlash => "trailing_slash",
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::NoUri => "no_uri",
        }
    }
}

/// The parts of a URI as they are written.
struct Parts<'u> {
    scheme: &'u str,
    host: &'u str,
    port: &'u str,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

impl<'u> Parts<'u> {
    fn of(uri: &'u str) -> Option<Self> {
        let (rest, fragment) = uri.split_once('#').map_or((uri, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (scheme, rest) = rest.split_once(':')?;
        let Some(rest) = rest.strip_prefix("//") else {
            // A scheme of a device, such as `org.example.app:/callback`.
            return Some(Self { scheme, host: "", port: "", path: rest, query, fragment });
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // The colons of an IPv6 address are within brackets.
        let end = authority.rfind(']').map_or(0, |end| end.saturating_add(1));
        let (front, back) = authority.split_at_checked(end)?;
        let (name, port) = back.split_once(':').unwrap_or((back, ""));
        let host = authority.get(..front.len().saturating_add(name.len()))?;
        Some(Self { scheme, host, port, path, query, fragment })
    }
}

/// What differs between the URI of a request and a registered one; nothing if they are equal.
pub fn differences(asked: &str, registered: &str) -> Vec<Difference> {
    if asked == registered {
        return Vec::new();
    }
    let (Some(one), Some(other)) = (Parts::of(asked), Parts::of(registered)) else { return vec![Difference::NoUri] };
    let mut found = Vec::new();
    if one.scheme != other.scheme {
        found.push(Difference::Scheme);
    }
    if !one.host.eq_ignore_ascii_case(other.host) {
        found.push(Difference::Host);
    } else if one.host != other.host {
        found.push(Difference::HostCase);
    }
    if one.port != other.port {
        found.push(Difference::Port);
    }
    if one.path != other.path {
        found.push(if one.path.trim_end_matches('/') == other.path.trim_end_matches('/') {
            Difference::TrailingSlash
        } else if one.path.eq_ignore_ascii_case(other.path) {
            Difference::PathCase
        } else {
            Difference::Path
        });
    }
    if one.query != other.query {
        found.push(Difference::Query);
    }
    if one.fragment != other.fragment {
        found.push(Difference::Fragment);
    }
    found
}

/// The registered URI that is nearest to the one of a request, and what differs.
pub fn nearest<'r>(asked: &str, registered: impl IntoIterator<Item = &'r str>) -> Option<(&'r str, Vec<Difference>)> {
    let compared = registered.into_iter().map(|uri| (uri, differences(asked, uri)));
    compared.min_by_key(|(_, differences)| differences.iter().map(|it| it.weight()).sum::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        use Difference::{Fragment, Host, HostCase, NoUri, Path, PathCase, Port, Query, Scheme, TrailingSlash};
        let registered = "https://shop.example.org/callback";
        for (asked, expected) in [
            (registered, vec![]),
            ("http://shop.example.org/callback", vec![Scheme]),
            ("https://shop.example.org/callback/", vec![TrailingSlash]),
            ("https://shop.example.org/Callback", vec![PathCase]),
            ("https://Shop.example.org/callback", vec![HostCase]),
            ("https://shop.example.org:8443/callback", vec![Port]),
            ("https://shop.example.org/callback?next=1", vec![Query]),
            ("https://shop.example.org/callback#", vec![Fragment]),
            ("https://shop.example.org/other", vec![Path]),
            ("http://www.example.org:80/callback/", vec![Scheme, Host, Port, TrailingSlash]),
            ("callback", vec![NoUri]),
            ("", vec![NoUri]),
        ] {
            assert_eq!(differences(asked, registered), expected, "{asked}");
        }
        assert_eq!(differences("http://[::1]:80/x", "http://[::1]:81/x"), [Port]);
        assert_eq!(differences("org.example.app:/Back", "org.example.app:/back"), [PathCase]);
        assert_eq!(differences("https://a.example", "https://a.example/"), [TrailingSlash]);
    }

    #[test]
    fn the_nearest_is_the_one_that_was_probably_meant() {
        let registered = ["https://a.example/callback", "https://b.example/callback", "http://localhost:3000/callback"];
        let found = |asked: &str| nearest(asked, registered).unwrap();
        assert_eq!(found("https://b.example/callback/"), (registered[1], vec![Difference::TrailingSlash]));
        assert_eq!(found("http://localhost:3001/callback"), (registered[2], vec![Difference::Port]));
        assert_eq!(nearest("https://a.example", []), None);
    }
}
