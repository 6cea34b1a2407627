//! Prerequisites of the timed part: codes, signed messages, and answers to compare with.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::flow::{self, authorize_path, code_of, path};
use crate::handler::Seen;
use crate::http::{Connection, get};
use crate::load::{Extent, Measured, once_each, run, watched};
use crate::org::BenchOrg;
use crate::people::{Person, Timestamps};
use crate::process::Process;
use crate::run::Plan;
use crate::sigma::App;
use crate::system::Failure;
use crate::workspace_flow::{self as ask, handler_path};

/// Where the bare handler gives a token to an app itself; at the path of the server's it exchanges codes.
pub const BARE_CLIENT_CREDENTIALS: &str = "/client-credentials";

/// One answer of each kind that the bare handler also sends.
pub async fn see_answers(
    connection: &mut Connection,
    person: &Person,
    app: &App,
    timestamps: &mut Timestamps,
) -> Result<Vec<Seen>, Failure> {
    let asked = connection.send(&get(&authorize_path(app), &[("Cookie", &person.cookie)])).await?;
    let code = code_of(&asked).ok_or_else(|| format!("no code but {} {}", asked.status, asked.text()))?;
    let answer = connection.send(&flow::exchange(app, &code, timestamps)?).await?;
    let exchanged = Seen::of(path::TOKEN, &answer);
    let token = answer.json_text("access_token").map(str::to_owned);
    let token = token.ok_or_else(|| format!("no token but {} {}", answer.status, answer.text()))?;
    let requests = [
        (path::DISCOVERY, get(path::DISCOVERY, &[]).into()),
        (path::JWKS, get(path::JWKS, &[]).into()),
        (path::USERINFO, flow::userinfo(path::USERINFO, &token)),
        (path::INTROSPECT, flow::introspect(path::INTROSPECT, app.basic(), &token)),
        (BARE_CLIENT_CREDENTIALS, flow::client_credentials(path::TOKEN, app.basic())),
    ];
    let mut seen = see_each(connection, requests).await?;
    seen.push(exchanged);
    Ok(seen)
}

/// One answer of each kind of check, for the bare handler at paths of their own.
pub async fn see_checks(connection: &mut Connection, org: &BenchOrg, token: &str) -> Result<Vec<Seen>, Failure> {
    let (service_key, key) = (&org.service_key, org.keys.first().ok_or("no key")?);
    let requests = [
        (handler_path::VERIFY_TOKEN, ask::verify_token(ask::path::VERIFY, service_key, token)),
        (handler_path::VERIFY_KEY, ask::verify_key(ask::path::VERIFY, service_key, key)),
        (handler_path::FORWARD_TOKEN, ask::forward_token(ask::path::FORWARD, token)),
        (handler_path::FORWARD_KEY, ask::forward_key(ask::path::FORWARD, key)),
    ];
    see_each(connection, requests).await
}

async fn see_each<const N: usize>(
    connection: &mut Connection,
    requests: [(&str, Bytes); N],
) -> Result<Vec<Seen>, Failure> {
    let mut seen = Vec::new();
    for (path, request) in requests {
        let answer = connection.send(&request).await?;
        if answer.status != 200 {
            return Err(format!("{path}: {} {}", answer.status, answer.text()).into());
        }
        seen.push(Seen::of(path, &answer));
    }
    Ok(seen)
}

/// The tokens of all members of a workspace.
pub async fn log_everybody_in(connection: &mut Connection, org: &BenchOrg) -> Result<Vec<String>, Failure> {
    let mut tokens = Vec::new();
    for email in &org.emails {
        let answer = connection.send(&ask::login(email)).await?;
        let token = answer.json_text("token").map(str::to_owned);
        tokens.push(token.ok_or_else(|| format!("no login: {} {}", answer.status, answer.text()))?);
    }
    Ok(tokens)
}

/// Codes for `app` of all users in turn, and how fast they were issued.
pub async fn make_codes(
    sigma: &Process,
    plan: &Plan,
    app: &App,
    people: &[Person],
) -> Result<(Vec<String>, Measured), Failure> {
    let path = authorize_path(app);
    let requests = people.iter().map(|person| Bytes::from(get(&path, &[("Cookie", &person.cookie)])));
    let requests: Vec<Bytes> = requests.cycle().take(plan.codes).collect();
    let codes = Rc::new(RefCell::new(Vec::with_capacity(plan.codes)));
    let found = Rc::clone(&codes);
    let scripts = watched(once_each(requests), move |answer| found.borrow_mut().extend(code_of(answer)));
    let extent = Extent { time: Duration::from_mins(5), ..plan.extent };
    let measured = run(sigma, extent, scripts).await?;
    Ok((codes.take(), measured))
}

/// Requests that sign all users in by turns, valid once each.
pub fn sign_in_requests(people: &[Person], count: usize, timestamps: &mut Timestamps) -> Result<Vec<Bytes>, Failure> {
    people.iter().cycle().take(count).map(|person| Ok(person.sign_in(timestamps)?.into())).collect()
}
