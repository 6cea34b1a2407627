//! A day in small: each connection signs someone in by key, has a code made and exchanged, asks four times who signed in
//! and twice what the token says, reads discovery and keys, and has the app ask for a token of its own. Then anew.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;

use crate::flow::{self, authorize_path, code_of, path};
use crate::http::{Answer, get};
use crate::load::Script;
use crate::people::Timestamps;
use crate::sigma::App;

/// What is done with a token, in order.
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

/// How far a connection is.
enum State {
    Begin,
    SigningIn,
    Authorizing,
    Exchanging,
    Using { token: String, done: usize },
}

/// Scripts that begin with `sign_ins`, one each, and end when there are none left.
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

/// What comes after `state`; an answer that does not lead on begins anew.
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

/// The next step with a token, unless all are done.
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
