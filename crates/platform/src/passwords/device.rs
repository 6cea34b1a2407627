//! The device cookie: evidence that somebody signed in from this browser with the right password before. It
//! authenticates nobody; it only spares its browser the delays and hashing queues that strangers' failures on the
//! account cause.
//!
//! It holds a few marks, newest first. A mark is bound to one account and to its password at that time, and names the
//! browser, whose failures are counted under that name. A password reset voids it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::random::bytes;
use sigma_core::time::Timestamp;
use sigma_store::password::Device;

use crate::extract::{Browser, cookie};
use crate::state::AppState;

/// Its names, over https and http.
pub const DEVICE_COOKIES: [&str; 2] = ["__Host-sigma.device", "sigma.device"];

/// How long a browser stays known without a password being entered, in seconds: 180 days.
const LIFETIME: u64 = 180 * 86_400;
/// Accounts that one browser is known for.
const MOST_MARKS: usize = 5;
/// Bytes of a browser's name.
const NAME: usize = 16;
/// Bytes of a tag: HMAC-SHA-256-128 (RFC 4868 §2.1).
const TAG: usize = 16;

/// Length of a mark.
const LENGTH: usize = (NAME + 8 + 8 + TAG) / 3 * 4;

/// A mark as parsed, before it is compared with the account's current password.
#[derive(Clone, Copy)]
struct Mark {
    name: [u8; NAME],
    chosen_at: i64,
    given_at: i64,
}

impl Mark {
    /// The tag of this mark for an account.
    fn tag(&self, sigma: &AppState, email: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&sigma.cookie_key);
        context.update(b"device\n");
        context.update(&self.name);
        context.update(&self.chosen_at.to_be_bytes());
        context.update(&self.given_at.to_be_bytes());
        context.update(email.as_bytes());
        context.sign()
    }

    fn write(&self, sigma: &AppState, email: &str) -> String {
        let tag = self.tag(sigma, email);
        let tag = tag.as_ref().get(..TAG).unwrap_or_default();
        URL_SAFE_NO_PAD
            .encode([&self.name[..], &self.chosen_at.to_be_bytes(), &self.given_at.to_be_bytes(), tag].concat())
    }

    /// The mark in `text`, if we issued it for that account and it has not expired.
    fn read(sigma: &AppState, text: &str, email: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (name, rest) = bytes.split_first_chunk::<NAME>()?;
        let (chosen_at, rest) = rest.split_first_chunk::<8>()?;
        let (given_at, tag) = rest.split_first_chunk::<8>()?;
        let mark =
            Self { name: *name, chosen_at: i64::from_be_bytes(*chosen_at), given_at: i64::from_be_bytes(*given_at) };
        let expected = mark.tag(sigma, email);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref().get(..TAG)?, tag).ok()?;
        let age = sigma.now().since(Timestamp::from_seconds(mark.given_at)).as_secs();
        (age <= LIFETIME).then_some(mark)
    }
}

/// The marks that a browser sent; the number considered is limited.
fn sent(browser: &Browser) -> impl Iterator<Item = &str> {
    let value = DEVICE_COOKIES.iter().find_map(|name| browser.cookie(name)).unwrap_or_default();
    value.split('.').filter(|text| text.len() == LENGTH).take(MOST_MARKS)
}

/// The browser, if it carries a mark of the account at `email`, folded.
pub fn shown(sigma: &AppState, browser: &Browser, email: &str) -> Option<Device> {
    sent(browser).find_map(|text| Mark::read(sigma, text, email)).map(|mark| Device {
        name: URL_SAFE_NO_PAD.encode(mark.name),
        chosen_at: Timestamp::from_micros(mark.chosen_at),
    })
}

/// `Set-Cookie` that makes the browser known: it entered, or set, the password of the account at `email` (folded),
/// chosen at that time. The name stays, so that a success does not reset the browser's failures; a new password brings
/// a new name, since the holder of a copied old mark would fail under it.
pub fn remember(sigma: &AppState, browser: &Browser, email: &str, chosen_at: Timestamp) -> String {
    let known = sent(browser).find_map(|text| Mark::read(sigma, text, email));
    let known = known.filter(|mark| mark.chosen_at == chosen_at.micros());
    let name = known.map_or_else(|| bytes::<NAME>(&*sigma.rng), |mark| mark.name);
    let mark = Mark { name, chosen_at: chosen_at.micros(), given_at: sigma.now().seconds() };
    let mut marks = vec![mark.write(sigma, email)];
    let others = sent(browser).filter(|text| Mark::read(sigma, text, email).is_none());
    marks.extend(others.take(MOST_MARKS - 1).map(str::to_owned));
    let [secure, plain] = DEVICE_COOKIES;
    cookie(sigma, if sigma.is_https() { secure } else { plain }, &marks.join("."), LIFETIME)
}
