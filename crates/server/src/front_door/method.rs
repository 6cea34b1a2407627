//! The sign-in methods that the page offers, in order.

use crate::extract::Browser;
use crate::settings::SignInMethod;
use crate::state::AppState;

/// The cookie with the method that last worked in a browser. It does not identify anyone, and scripts may read and
/// write it.
const COOKIE: &str = "sigma.method";
/// How long it is kept, in seconds: a year.
const REMEMBERED: u32 = 31_536_000;

/// The method that last worked in `browser`.
pub fn last_used(browser: &Browser) -> Option<SignInMethod> {
    let name = browser.cookie(COOKIE)?;
    SignInMethod::ALL.into_iter().find(|method| method.as_str() == name)
}

/// `Set-Cookie` for a browser in which `method` worked.
pub fn remember_method(method: SignInMethod, sigma: &AppState) -> String {
    let secure = if sigma.is_https() { "; Secure" } else { "" };
    format!("{COOKIE}={}; Path=/; Max-Age={REMEMBERED}; SameSite=Lax{secure}", method.as_str())
}

/// The methods to offer, in order: of those `configured` the ones that the account `has`, if the account is known;
/// among them `first` comes first, the one that was tried or worked last. An account with none of them is offered all,
/// so that the page is never a dead end.
pub fn offered(
    configured: &[SignInMethod],
    has: Option<&[SignInMethod]>,
    first: Option<SignInMethod>,
) -> Vec<SignInMethod> {
    let of_account = |method: &SignInMethod| has.is_none_or(|has| has.contains(method));
    let mut methods: Vec<_> = configured.iter().copied().filter(of_account).collect();
    if methods.is_empty() {
        methods = configured.to_vec();
    }
    // A stable sort: the others keep the configured order.
    methods.sort_by_key(|method| Some(*method) != first);
    methods
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn methods() -> impl Strategy<Value = Vec<SignInMethod>> {
        prop::sample::subsequence(SignInMethod::ALL.to_vec(), 1..=SignInMethod::ALL.len()).prop_shuffle()
    }

    proptest! {
        #[test]
        fn each_configured_method_is_offered_once_and_never_none(
            configured in methods(),
            has in proptest::option::of(methods()),
            first in proptest::option::of(prop::sample::select(SignInMethod::ALL.to_vec())),
        ) {
            let offered = offered(&configured, has.as_deref(), first);
            prop_assert!(!offered.is_empty());
            prop_assert!(offered.iter().all(|method| configured.contains(method)));
            let mut once = offered.clone();
            once.dedup();
            prop_assert_eq!(&once, &offered);
            if let Some(first) = first.filter(|first| offered.contains(first)) {
                prop_assert_eq!(offered[0], first);
            }
        }
    }

    #[test]
    fn methods_keep_the_configured_order_until_one_worked() {
        use SignInMethod::{Key, Password};
        assert_eq!(offered(&[Password, Key], None, None), [Password, Key]);
        assert_eq!(offered(&[Password, Key], None, Some(Key)), [Key, Password]);
        assert_eq!(offered(&[Key, Password], Some(&[Password]), Some(Key)), [Password]);
        assert_eq!(offered(&[Key], Some(&[Password]), None), [Key], "never a dead end");
    }
}
