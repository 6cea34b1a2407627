//! What has to be there before the timed part: codes, signed messages, and answers to compare with.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::flow::{self, authorize_path, code_of, path};
use crate::handler::Seen;
use crate::http::{Connection, get};
use crate::load::{Extent, Measured, once_each, run, watched};
use crate::people::{Person, Timestamps};
use crate::process::Process;
use crate::run::Plan;
use crate::sigma::App;
use crate::system::Failure;

/// One answer of each kind that the bare handler sends too.
pub async fn see_answers(
    connection: &mut Connection,
    person: &Person,
    app: &App,
    timestamps: &mut Timestamps,
) -> Result<Vec<Seen>, Failure> {
    let asked = connection.send(&get(&authorize_path(app), &[("Cookie", &person.cookie)])).await?;
    let code = code_of(&asked).ok_or_else(|| format!("no code but {} {}", asked.status, asked.text()))?;
    let answer = connection.send(&flow::exchange(app, &code, timestamps)?).await?;
    let token = answer.json_text("access_token").map(str::to_owned);
    let token = token.ok_or_else(|| format!("no token but {} {}", answer.status, answer.text()))?;
    let requests = [
        (path::DISCOVERY, get(path::DISCOVERY, &[]).into()),
        (path::JWKS, get(path::JWKS, &[]).into()),
        (path::USERINFO, flow::userinfo(path::USERINFO, &token)),
        (path::INTROSPECT, flow::introspect(path::INTROSPECT, app.basic(), &token)),
    ];
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

/// Codes for `app` of everybody in turn, and how fast they were made.
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

/// Requests that sign everybody in by turns, good once each.
pub fn sign_in_requests(people: &[Person], count: usize, timestamps: &mut Timestamps) -> Result<Vec<Bytes>, Failure> {
    people.iter().cycle().take(count).map(|person| Ok(person.sign_in(timestamps)?.into())).collect()
}
