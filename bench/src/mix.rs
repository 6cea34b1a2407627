//! A mix: each connection signs a user in by key, issues and exchanges a code, requests userinfo four times and
//! introspection twice, reads discovery and keys, and gets a token for the app itself; then repeats.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;

use crate::flow::{self, authorize_path, code_of, path};
use crate::http::{Answer, get};
use crate::load::Script;
use crate::people::Timestamps;
use crate::sigma::App;

/// The uses of a token, in order.
const WITH_TOKEN: [Step; 9] = [
    Step::Userinfo,
    Step::Introspect,
    Step::Userinfo,
    Step::Discovery,
    Step::Userinfo,
    Step::Introspect,
    Step::Jwks,
    Step::Userinfo,
    Step::ClientCredentials,
];

#[derive(Clone, Copy)]
enum Step {
    Userinfo,
    Introspect,
    Discovery,
    Jwks,
    ClientCredentials,
}

/// The progress of a connection.
enum State {
    Begin,
    SigningIn,
    Authorizing,
    Exchanging,
    Using { token: String, done: usize },
}

/// Scripts that start with one of `sign_ins` each, and end when none are left.
pub fn scripts(sign_ins: Vec<Bytes>, app: &Rc<App>) -> impl FnMut(u32) -> Script {
    let sign_ins = Rc::new(RefCell::new(sign_ins.into_iter()));
    let app = Rc::clone(app);
    move |_| {
        let (sign_ins, app) = (Rc::clone(&sign_ins), Rc::clone(&app));
        let mut state = State::Begin;
        Box::new(move |answer| {
            let (next, request) = advance(&state, answer, &app, &mut *sign_ins.borrow_mut());
            state = next;
            request
        })
    }
}

/// The step after `state`; an unexpected answer starts over.
fn advance(
    state: &State,
    answer: Option<&Answer<'_>>,
    app: &App,
    sign_ins: &mut impl Iterator<Item = Bytes>,
) -> (State, Option<Bytes>) {
    let led_on = match state {
        State::Begin => None,
        State::SigningIn => answer.and_then(|answer| {
            let cookie = answer.header("set-cookie")?.split(';').next()?;
            Some((State::Authorizing, get(&authorize_path(app), &[("Cookie", cookie)]).into()))
        }),
        State::Authorizing => answer.and_then(code_of).and_then(|code| {
            let request = flow::exchange(app, &code, &mut Timestamps::default()).ok()?;
            Some((State::Exchanging, request))
        }),
        State::Exchanging => {
            answer.and_then(|answer| answer.json_text("access_token")).and_then(|token| using(token, 0, app))
        }
        State::Using { token, done } => using(token, *done, app),
    };
    match led_on {
        Some((state, request)) => (state, Some(request)),
        None => (State::SigningIn, sign_ins.next()),
    }
}

/// The next use of a token, until all are done.
fn using(token: &str, done: usize, app: &App) -> Option<(State, Bytes)> {
    let basic = app.basic();
    let request = match WITH_TOKEN.get(done)? {
        Step::Userinfo => flow::userinfo(path::USERINFO, token),
        Step::Introspect => flow::introspect(path::INTROSPECT, basic, token),
        Step::Discovery => get(path::DISCOVERY, &[]).into(),
        Step::Jwks => get(path::JWKS, &[]).into(),
        Step::ClientCredentials => flow::client_credentials(path::TOKEN, basic),
    };
    Some((State::Using { token: token.to_owned(), done: done + 1 }, request))
}
