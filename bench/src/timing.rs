//! Whether a wrong password takes as long for an address with an account as for one without: many of both in random
//! order over one connection, compared by the Mann-Whitney test.

use sigma_core::random::{alphanumeric, bytes};

use crate::http::Connection;
use crate::process::Process;
use crate::system::{Failure, SystemRng, instant};
use crate::workspace_flow::login_with;

/// What was found.
pub struct Timing {
    /// Wrong passwords of each kind.
    pub each: u32,
    /// The median for known addresses, in milliseconds.
    pub known: f64,
    /// The median for unknown ones.
    pub unknown: f64,
    /// Mann-Whitney's U in standard deviations: beyond ±3 the two differ.
    pub z: f64,
    /// Whether status, headers and body were the same, apart from the request id.
    pub same_answer: bool,
}

/// Measures `each` of both kinds.
pub async fn measure(server: &Process, emails: &[String], each: u32) -> Result<Timing, Failure> {
    let mut connection = Connection::open(server.port()).await?;
    let mut known_addresses = emails.iter().cycle();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let (mut answer_known, mut answer_unknown) = (None, None);
    let enough = |times: &[f64]| u32::try_from(times.len()).is_ok_and(|length| length >= each);
    while !enough(&known) || !enough(&unknown) {
        let [coin] = bytes::<1>(&SystemRng);
        let is_known = if enough(&known) { false } else { enough(&unknown) || coin & 1 == 0 };
        let account = known_addresses.next().ok_or("nobody")?;
        let stranger = strangers_address(account);
        let email = if is_known { account } else { &stranger };
        let request = login_with(email, &alphanumeric(&SystemRng, 20));
        let sent = instant();
        let answer = connection.send(&request).await?;
        let took = sent.elapsed().as_secs_f64() * 1_000.0;
        if answer.status != 401 {
            return Err(format!("a wrong password: {} {}", answer.status, answer.text()).into());
        }
        let names: Vec<String> = answer.headers().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let said = Some((names, answer.text()));
        let (times, first) =
            if is_known { (&mut known, &mut answer_known) } else { (&mut unknown, &mut answer_unknown) };
        times.push(took);
        *first = first.take().or(said);
    }
    Ok(Timing {
        each,
        known: median(&known),
        unknown: median(&unknown),
        z: mann_whitney(&known, &unknown),
        same_answer: answer_known == answer_unknown,
    })
}

/// An address of the same length that nobody has.
fn strangers_address(account: &str) -> String {
    let (local, domain) = account.split_once('@').unwrap_or((account, ""));
    format!("{}@{domain}", alphanumeric(&SystemRng, local.len()).to_lowercase())
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Mann-Whitney's U, standardised; equal times share their rank.
fn mann_whitney(left: &[f64], right: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = left.iter().map(|time| (*time, true)).collect();
    all.extend(right.iter().map(|time| (*time, false)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut before, mut rank_sum) = (0.0, 0.0);
    for equal in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let rank = before + f64::midpoint(count(equal.len()), 1.0);
        rank_sum += rank * count(equal.iter().filter(|(_, is_left)| *is_left).count());
        before += count(equal.len());
    }
    let (lefts, rights) = (count(left.len()), count(right.len()));
    let u = rank_sum - lefts * (lefts + 1.0) / 2.0;
    let deviation = (lefts * rights * (lefts + rights + 1.0) / 12.0).sqrt();
    (u - lefts * rights / 2.0) / deviation
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_deviate_by_nothing_and_apart_ones_by_what_the_tables_say() {
        assert!(mann_whitney(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).abs() < 1e-9);
        // U is 0 of 25, expected 12.5, deviation √(25 × 11 / 12).
        let apart = mann_whitney(&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0]);
        assert!((apart + 12.5 / (275.0_f64 / 12.0).sqrt()).abs() < 1e-9);
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
