//! Codes of authenticator apps and recovery codes, taken from the pages as users take them.

use http::StatusCode;
use sigma_core::totp::TotpSecret;

use super::{Answer, Browser, World};

/// An authenticator app, and the recovery codes that came with it.
pub struct App {
    pub secret: TotpSecret,
    pub recovery_codes: Vec<String>,
}

/// What `text` has between the first `from` after which it goes on, and the next `to`.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1;
    rest.split_once(to).unwrap().0
}

/// The secret that the page shows for typing.
pub fn shown_secret(page: &str) -> TotpSecret {
    let letters: Vec<u8> = between(page, "<p class=\"mono\">", "</p>").bytes().filter(|byte| *byte != b' ').collect();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = letters
        .iter()
        .flat_map(|letter| {
            let value = alphabet.iter().position(|known| known == letter).unwrap();
            (0..5).rev().map(move |place| u8::try_from((value >> place) & 1).unwrap())
        })
        .collect();
    let bytes: Vec<u8> = bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| (byte << 1) | bit)).collect();
    TotpSecret::new(&bytes).unwrap()
}

/// The sealed secret in the page's form.
pub fn pending(page: &str) -> String {
    between(page, "name=\"pending\" value=\"", "\"").to_owned()
}

/// The recovery codes on a page.
pub fn recovery_codes(page: &str) -> Vec<String> {
    page.split("<li>")
        .skip(1)
        .map(|rest| rest.split_once("</li>").unwrap().0.to_owned())
        .filter(|code| code.len() == 14)
        .collect()
}

impl App {
    /// The code that it shows now.
    pub fn code(&self, world: &World) -> String {
        self.secret.code(world.now())
    }
}

impl Browser<'_> {
    /// Adds an authenticator app to the signed-in account. The clock moves on to its next code.
    pub async fn add_app(&self, world: &World) -> App {
        let page = self.get("/account/authenticator").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let secret = shown_secret(&page.body);
        let code = secret.code(world.now());
        let form = [("pending", pending(&page.body)), ("code", code)];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let added = self.post_form("/account/authenticator", &form).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.body);
        world.advance(30);
        App { secret, recovery_codes: recovery_codes(&added.body) }
    }

    /// Enters a code as the second factor; `query` names the interaction.
    pub async fn enter_code(&self, query: &str, kind: &str, code: &str) -> Answer {
        self.post_form(&format!("/login/second-factor{query}"), &[("kind", kind), ("code", code)]).await
    }
}
