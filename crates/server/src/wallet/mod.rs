//! Wallets that a user connects, and the subscription: `/api/wallet/…` and `/api/subscription/…`, each also below `/api/auth`
//! (`docs/spec/wallets.md`).

mod subscription;

use crate::error::API;
use crate::extract::Area;
use crate::http::policy::CorsPolicy;
use crate::http::{Policy, Surface};
use crate::state::AppState;

/// What apps read from their own pages, with an access token: published ones do.
const READ: Policy = Policy { cors: CorsPolicy::Anyone, ..API };

/// Reads, which published clients make with `openid profile`.
#[derive(Clone, Copy, Debug)]
pub struct WalletReads;

impl Area for WalletReads {
    const SCOPE: Option<&'static str> = Some("sigma:wallet");
    const OPENID_PROFILE: bool = true;
}

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(subscription::endpoint())
}
