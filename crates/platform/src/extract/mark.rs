//! The mark of a browser: a cookie by which it is recognized at its next sign-in, whoever signs in. It authenticates nobody: a
//! sign-in from a browser without it is mailed to the user.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::random::bytes;
use sigma_store::session::Device;

use crate::extract::{Browser, cookie};
use crate::http::RequestContext;
use crate::pages::view::device;
use crate::state::AppState;

/// Its names, over https and http.
pub const MARK_COOKIES: [&str; 2] = ["__Host-sigma.browser", "sigma.browser"];

/// How long a browser keeps it, in seconds: 180 days.
const LIFETIME: u64 = 180 * 86_400;
/// Bytes of a mark.
const LENGTH: usize = 16;

/// Where a sign-in comes from, and `Set-Cookie` with the mark: its life begins anew with each sign-in.
pub(super) fn of(sigma: &AppState, context: &RequestContext, browser: &Browser) -> (Device, Option<String>) {
    let [secure, plain] = MARK_COOKIES;
    let name = if sigma.is_https() { secure } else { plain };
    let is_mark = |value: &&str| URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == LENGTH);
    let sent = browser.cookie(name).filter(is_mark).map(str::to_owned);
    let mark = sent.clone().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(bytes::<LENGTH>(&*sigma.rng)));
    let kind = device::name(&browser.user_agent());
    let device = Device {
        sent: sent.map(|sent| digest(sigma, "mark", &sent)),
        mark: digest(sigma, "mark", &mark),
        network: digest(sigma, "network", &format!("{kind}\n{}", context.client().network())),
    };
    (device, Some(cookie(sigma, name, &mark, LIFETIME)))
}

/// Keyed: nobody who reads the database learns a network, or can make a mark.
fn digest(sigma: &AppState, kind: &str, text: &str) -> String {
    let tag = hmac::sign(&sigma.cookie_key, format!("known-device\n{kind}\n{text}").as_bytes());
    URL_SAFE_NO_PAD.encode(tag.as_ref().get(..LENGTH).unwrap_or_default())
}
