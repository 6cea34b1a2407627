use ApplicationType::{Native, Web};
use Registrar::{Administrator, Anyone};
use proptest::prelude::*;

use super::*;

#[test]
fn a_redirect_uri_that_differs_by_one_byte_is_not_found() {
    let text = "https://app.example/auth/callback?tenant=1";
    let uris = registered(&[text]);
    assert_eq!(uris.find(text, Native).unwrap().as_str(), text);
    for at in 0..text.len() {
        let mut shorter = text.to_owned();
        shorter.remove(at);
        assert_eq!(uris.find(&shorter, Native), None, "{shorter}");
        for new in ["x", "/", "@", "%", ".", "\0", " ", "\\"] {
            let (mut other, mut longer) = (text.to_owned(), text.to_owned());
            other.replace_range(at..=at, new);
            longer.insert_str(at, new);
            assert!(other == text || uris.find(&other, Native).is_none(), "{other}");
            assert_eq!(uris.find(&longer, Native), None, "{longer}");
        }
    }
}

#[test]
fn a_redirect_uri_that_differs_by_case_slash_userinfo_or_encoding_is_not_found() {
    let uris = registered(&["https://app.example/cb", "https://app.example", "com.example.app:/cb"]);
    for text in [
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "https://app.example/cb/",
        "https://app.example/",
        "https://app.example//cb",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/c%62",
        "https://app.example/%63b",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example./cb",
        "https://app.example@evil.example/cb",
        "https://app.example%2f@evil.example/cb",
        "https://app.example.evil.example/cb",
        "https://evil.example/https://app.example/cb",
        "https://evil.example\\@app.example/cb",
        "https://user@app.example/cb",
        "http://app.example/cb",
        "https://app.example/cb\0",
        "https://app.example/cb\n",
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://app.example\t/cb",
        "https:/app.example/cb",
        "https:\\\\app.example\\cb",
        "//app.example/cb",
        "/cb",
        "",
        "COM.EXAMPLE.APP:/cb",
        "com.example.app://cb",
        "com.example.app:cb",
        "com.example.app2:/cb",
    ] {
        assert_eq!(uris.find(text, Native), None, "{text:?}");
    }
}

#[test]
fn a_web_app_is_found_on_the_port_that_it_registered_and_no_other() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for port in ["", ":3000"] {
            let text = format!("http://{host}{port}/cb");
            let uris = registered(&[&text]);
            assert!(uris.find(&text, Web).is_some(), "{text}");
            for other in
                ["", ":1", ":80", ":3000", ":3001", ":03000", ":65535"].into_iter().filter(|other| *other != port)
            {
                assert_eq!(uris.find(&format!("http://{host}{other}/cb"), Web), None, "{text} {other}");
            }
        }
    }
}

#[test]
fn on_http_loopback_only_the_port_of_a_native_app_may_differ() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for (port, path) in [("", "/cb"), (":3000", "/cb"), (":3000", ""), ("", "?x=1"), (":3000", "/cb?x=1")] {
            let uris = registered(&[&format!("http://{host}{port}{path}")]);
            for port in ["", ":1", ":80", ":443", ":3000", ":65535"] {
                let text = format!("http://{host}{port}{path}");
                assert_eq!(uris.find(&text, Native).map(|found| found.as_str().to_owned()), Some(text));
            }
            for port in
                [":", ":0", ":00080", ":080", ":65536", ":99999999999999999999", ":-1", ":+80", ": 80", ":8o", ":١"]
            {
                assert_eq!(uris.find(&format!("http://{host}{port}{path}"), Native), None, "{port}");
            }
            for front in [
                format!("https://{host}:3000"),
                format!("HTTP://{host}:3000"),
                format!("http://user@{host}:3000"),
                format!("http://{host}:3000@evil.example"),
                format!("http://{host}:80:80"),
                format!("http://{host}.evil.example"),
                format!("http://{host}.evil.example:3000"),
                format!("http://{host}:3000\\@evil.example"),
                format!("http://{host}:3000/."),
                format!("http://{host}:3000\0"),
            ] {
                assert_eq!(uris.find(&format!("{front}{path}"), Native), None, "{front}{path}");
            }
            for back in ["/", "#x", "?", "&x=1", "/cb", "%20", "\0"] {
                assert_eq!(uris.find(&format!("http://{host}:4000{path}{back}"), Native), None, "{path}{back}");
            }
        }
    }
}

#[test]
fn one_loopback_host_is_not_another() {
    let hosts = ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "127.1", "127.0.0.2", "0.0.0.0", "[0:0:0:0:0:0:0:1]"];
    for registered_host in &hosts[..3] {
        let uris = registered(&[&format!("http://{registered_host}:3000/cb")]);
        for host in hosts.iter().filter(|host| *host != registered_host) {
            assert_eq!(uris.find(&format!("http://{host}:3000/cb"), Native), None, "{registered_host} {host}");
        }
    }
}

#[test]
fn other_hosts_must_match_their_port() {
    let uris = registered(&["https://localhost:3000/cb", "https://app.example/cb"]);
    assert!(uris.find("https://localhost:3000/cb", Native).is_some());
    for text in
        ["https://localhost:3001/cb", "https://localhost/cb", "http://localhost:3000/cb", "https://app.example:1/cb"]
    {
        assert_eq!(uris.find(text, Native), None, "{text}");
    }
}

#[test]
fn hosts_that_only_start_like_loopback_get_no_port_exception() {
    // Such a URI cannot be registered; even if it were stored, only its exact bytes would match.
    let uris = RegisteredRedirectUris::from_stored(["http://localhost.evil.example/cb".to_owned()]);
    assert_eq!(uris.find("http://localhost:80.evil.example/cb", Native), None);
    assert_eq!(uris.find("http://localhost/cb", Native), None);
}

#[test]
fn response_parameters_are_added_to_the_registered_query() {
    for (text, expected) in [
        ("https://app.example/cb", "https://app.example/cb?code=a%26b+c&state="),
        ("https://app.example", "https://app.example?code=a%26b+c&state="),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=1&code=a%26b+c&state="),
        ("https://app.example/cb?", "https://app.example/cb?code=a%26b+c&state="),
        ("https://app.example/cb?x=1&", "https://app.example/cb?x=1&code=a%26b+c&state="),
        ("com.example.app:/cb", "com.example.app:/cb?code=a%26b+c&state="),
        ("com.example.app:cb", "com.example.app:cb?code=a%26b+c&state="),
    ] {
        let found = registered(&[text]).find(text, Native).unwrap();
        assert_eq!(found.with_params([("code", "a&b c"), ("state", "")]), expected);
        assert_eq!(found.with_params([]), text);
    }
}

#[test]
fn a_state_cannot_leave_its_parameter() {
    let found = registered(&["https://app.example/cb"]).find("https://app.example/cb", Native).unwrap();
    let answer = found.with_params([("state", "a&code=evil#\r\nLocation: x\u{0}é%")]);
    assert_eq!(answer, "https://app.example/cb?state=a%26code%3Devil%23%0D%0ALocation%3A+x%00%C3%A9%25");
}

#[test]
fn consent_shows_the_host_or_scheme_of_the_redirect() {
    for (text, host) in [
        ("https://app.example/cb?x=https://evil.example/", "app.example"),
        ("https://app.example:8443", "app.example:8443"),
        ("https://app.example?x=/", "app.example"),
        ("http://127.0.0.1:53211/cb", "127.0.0.1:53211"),
        ("http://localhost", "localhost"),
        ("http://[::1]:3000/cb", "[::1]:3000"),
        ("com.example.app://callback/x", "com.example.app"),
        ("com.example.app:/cb", "com.example.app"),
        ("com.example.app:x", "com.example.app"),
    ] {
        let found = registered(&[text]).find(text, Native).unwrap();
        assert_eq!(found.display_host(), host, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_found_goes_to_the_registered_host(text in texts(), stored in texts()) {
        for (application, registrar) in [(Web, Anyone), (Web, Administrator), (Native, Anyone), (Native, Administrator)] {
            let _ = RedirectUri::register(&text, application, registrar);
        }
        let uris = RegisteredRedirectUris::from_stored([stored]);
        if let Some(found) = uris.find(&text, Native) {
            let _ = (found.with_params([("a", "b")]), found.display_host().len());
        }
    }

    #[test]
    fn registered_uris_match_and_lead_to_the_same_place(text in texts(), requested in texts()) {
        let Ok(uri) = RedirectUri::register(&text, Native, Administrator) else { return Ok(()) };
        let uris: RegisteredRedirectUris = [uri].into_iter().collect();
        prop_assert!(uris.find(&text, Native).is_some());
        let Some(found) = uris.find(&requested, Native) else { return Ok(()) };
        let (ours, theirs) = (Url::parse(&text).unwrap(), Url::parse(found.as_str()).unwrap());
        prop_assert_eq!(ours.host(), theirs.host());
        prop_assert_eq!((ours.scheme(), ours.path(), ours.query()), (theirs.scheme(), theirs.path(), theirs.query()));
        prop_assert_eq!((theirs.username(), theirs.password(), theirs.fragment()), ("", None, None));
    }

    #[test]
    fn the_port_of_a_loopback_request_is_free(port in 1u16.., path in "(/[a-z]{0,5}){0,3}") {
        let uris = registered(&[&format!("http://localhost{path}")]);
        let requested = format!("http://localhost:{port}{path}");
        prop_assert!(uris.find(&requested, Native).is_some());
    }
}
