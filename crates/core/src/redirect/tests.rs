mod matching;
mod registration;

use proptest::prelude::*;

use super::*;

fn registered(texts: &[&str]) -> RegisteredRedirectUris {
    texts
        .iter()
        .map(|text| RedirectUri::register(text, ApplicationType::Native, Registrar::Administrator).unwrap())
        .collect()
}

/// Texts similar to redirect URIs.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("http"),
        Just("https"),
        Just("com.example.app"),
        Just(":"),
        Just("//"),
        Just("/"),
        Just("localhost"),
        Just("127.0.0.1"),
        Just("[::1]"),
        Just("app.example"),
        Just("@"),
        Just("80"),
        Just("?"),
        Just("#"),
        Just("%2e"),
        Just(".."),
        Just("cb"),
        Just("\\"),
        Just("\0"),
        Just(" "),
        Just("é"),
        Just("%"),
        Just("[")
    ];
    prop_oneof![prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()), "\\PC{0,60}"]
}
