use ApplicationType::{Native, Web};
use Registrar::{Administrator, Anyone};

use super::*;

/// The strictest registration of each kind of app.
fn web(text: &str) -> Result<(), RedirectProblem> {
    RedirectUri::register(text, Web, Anyone).map(|uri| assert_eq!(uri.as_str(), text))
}

fn native(text: &str) -> Result<(), RedirectProblem> {
    RedirectUri::register(text, Native, Anyone).map(|uri| assert_eq!(uri.as_str(), text))
}

#[test]
fn a_web_app_registers_https_except_on_loopback() {
    for text in [
        "https://app.example/callback",
        "https://app.example",
        "https://app.example?tenant=1",
        "https://app.example/auth/sigma/callback?tenant=a%20b&x",
        "https://app.example:8443/cb",
        "https://xn--bcher-kva.example/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]/cb",
        "https://intranet/cb",
        "https://app.example/a/@b/c;d=1,2'!$&()*+~",
    ] {
        assert_eq!(web(text), Ok(()), "{text}");
        assert_eq!(native(text), Ok(()), "a native app may claim it too: {text}");
    }
    for text in [
        "https://localhost/cb",
        "https://127.0.0.1/cb",
        "https://[::1]/cb",
        "https://app.localhost/cb",
        "https://127.8.8.8/cb",
        "https://0.0.0.0/cb",
        "https://[::]/cb",
        "https://[::ffff:7f00:1]/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]/cb",
    ] {
        assert_eq!(web(text), Err(RedirectProblem::Loopback), "{text}");
        assert!(RedirectUri::register(text, Web, Administrator).is_ok(), "for development: {text}");
    }
}

#[test]
fn http_is_only_for_loopback_hosts() {
    for text in [
        "http://localhost/cb",
        "http://localhost:8080/cb",
        "http://127.0.0.1",
        "http://127.0.0.1:1/",
        "http://[::1]:65535/cb?x=1",
    ] {
        assert_eq!(native(text), Ok(()), "{text}");
    }
    for text in [
        "http://app.example/cb",
        "http://localhost.example/cb",
        "http://app.localhost/cb",
        "http://127.0.0.2/cb",
        "http://0.0.0.0/cb",
        "http://192.168.0.1/cb",
        "http://[::ffff:7f00:1]/cb",
        "http://localhost.evil/cb",
    ] {
        for (application, registrar) in [(Web, Anyone), (Web, Administrator), (Native, Anyone), (Native, Administrator)]
        {
            assert_eq!(
                RedirectUri::register(text, application, registrar).unwrap_err(),
                RedirectProblem::PlainHttp,
                "{text}"
            );
        }
    }
}

#[test]
fn a_native_app_registers_a_reverse_domain_scheme() {
    for text in [
        "com.example.app:/oauth2redirect",
        "com.example.app:/oauth2redirect?x=1",
        "com.example.app://callback",
        "com.example.app:callback",
        "io.github.some-one.app2:/cb",
    ] {
        assert_eq!(native(text), Ok(()), "{text}");
        assert_eq!(web(text), Err(RedirectProblem::Scheme), "{text}");
    }
}

#[test]
fn browser_schemes_and_schemes_without_a_domain_are_rejected() {
    for text in [
        "javascript:alert(1)",
        "javascript://app.example/%20alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "vbscript:x",
        "about:blank",
        "blob:https://app.example/x",
        "view-source:https://app.example",
        "ws://app.example/cb",
        "ftp://app.example/cb",
        "intent://cb",
        "mailto:a@app.example",
        "myapp:/cb",
        "com+example:/cb",
        "com..app:/cb",
        "com.:/cb",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        for (application, registrar) in [(Web, Anyone), (Web, Administrator), (Native, Anyone), (Native, Administrator)]
        {
            assert_eq!(
                RedirectUri::register(text, application, registrar).unwrap_err(),
                RedirectProblem::Scheme,
                "{text}"
            );
        }
    }
}

#[test]
fn a_fragment_is_refused() {
    for text in ["https://app.example/cb#", "https://app.example/#/cb", "com.example.app:/cb#x", "#"] {
        assert_eq!(native(text), Err(RedirectProblem::Fragment), "{text}");
    }
}

#[test]
fn a_user_name_or_password_is_refused() {
    for text in [
        "https://app.example@evil.example/cb",
        "https://user:password@app.example/cb",
        "https://@app.example/cb",
        "https://:@app.example/cb",
        "https://app.example%40@evil.example/cb",
        "http://localhost:80@evil.example/cb",
        "com.example.app://user@host/cb",
    ] {
        assert_eq!(native(text), Err(RedirectProblem::Userinfo), "{text}");
    }
}

#[test]
fn control_characters_spaces_and_backslashes_are_refused() {
    for text in [
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://app.example/c b",
        "https://app.example/cb\r\nSet-Cookie: a=b",
        "https://app.example/\0",
        "https://app.example/\tcb",
        "ht\ntps://app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https:\\\\app.example/cb",
        "https://app.example/\u{7f}",
        "https://app.example/\u{a0}",
        "https://app.example/\u{202e}",
        "https://bücher.example/cb",
        "https://app。example/cb",
        "https://app.example/<script>",
        "https://app.example/\"",
        "https://app.example/{id}",
        "https://app.example/a|b^c`d",
        "https://app.example/%0d%0aSet-Cookie",
        "https://app.example/%00",
        "https://app.example/%7F",
        "https://app.example/%",
        "https://app.example/%2",
        "https://app.example/%zz",
        "https://app.example/%+1",
    ] {
        assert_eq!(web(text), Err(RedirectProblem::Character), "{text:?}");
        assert_eq!(native(text), Err(RedirectProblem::Character), "{text:?}");
    }
}

#[test]
fn what_a_browser_would_write_differently_is_refused() {
    for text in [
        "HTTPS://app.example/cb",
        "https://App.Example/cb",
        "https://app.example:443/cb",
        "https://app.example:/cb",
        "https://app.example:0443/cb",
        "http://localhost:80/cb",
        "https:app.example/cb",
        "https:/app.example/cb",
        "https:///app.example/cb",
        "https://app.example/a/../cb",
        "https://app.example/./cb",
        "https://app.example/a/%2e%2e/cb",
        "https://app.example/a/.%2E/cb",
        "http://127.1/cb",
        "http://0x7f.0.0.1/cb",
        "http://2130706433/cb",
        "http://017700000001/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "https://%61pp.example/cb",
        "COM.example.app:/cb",
    ] {
        assert_eq!(native(text), Err(RedirectProblem::NotNormal), "{text}");
    }
}

#[test]
fn hosts_are_names_or_addresses() {
    for text in [
        "https://*.app.example/cb",
        "https://app.example;script-src/cb",
        "https://a,b.example/cb",
        "https://'unsafe-inline'/cb",
        "https://app.example./cb",
        "https://app..example/cb",
        "https://app.example:0/cb",
    ] {
        assert_eq!(web(text), Err(RedirectProblem::Host), "{text}");
    }
}

#[test]
fn only_an_absolute_uri_is_registered() {
    for text in ["", "/cb", "//app.example/cb", "app.example/cb", "cb", "https://", "https:", ":", "https://[::1/cb"] {
        assert_eq!(web(text), Err(RedirectProblem::NotAbsolute), "{text}");
    }
    assert_eq!(web(&format!("https://app.example/{}", "a".repeat(2000))), Err(RedirectProblem::TooLong));
}
