//! What `sigma-edge` does with the bytes of a server that it asks, and what must hold of whatever it accepts.
//! Each function returns whether it accepted the input.
#![allow(dead_code, clippy::indexing_slicing)]

use sigma_edge::shared::resp::{Malformed, Reply, first_reply};

/// More than any reply has: 64 lines of 4 KiB.
const LONGEST: usize = 64 * (4 * 1024 + 3) + 64;

/// What a server answers that is taken for Redis: it is read the same however it arrives, in bounded memory.
pub fn redis_reply(input: &[u8]) -> bool {
    let whole = first_reply(input);
    let taken = match &whole {
        Ok(Some((reply, rest))) => {
            assert!(input.ends_with(rest));
            match reply {
                Reply::Text(text) => assert!(text.len() <= 64 * 1024),
                Reply::Numbers(numbers) => assert!(numbers.len() <= 64),
                Reply::Error(said) => assert!(said.chars().count() <= 200 && !said.contains(char::is_control)),
                Reply::Number(_) | Reply::Nil => {}
            }
            input.len() - rest.len()
        }
        // It waits for the rest of a reply, not for ever.
        Ok(None) => {
            assert!(input.len() < LONGEST);
            input.len()
        }
        Err(Malformed) => input.len(),
    };
    // Every cut of what is short, and some of what is long.
    for end in (0..taken).step_by(taken / 256 + 1) {
        match first_reply(&input[..end]) {
            Ok(None) => {}
            Err(Malformed) => assert_eq!(whole, Err(Malformed)),
            Ok(Some(_)) => unreachable!("found before its end"),
        }
    }
    whole.is_ok_and(|found| found.is_some_and(|(_, rest)| rest.is_empty()))
}
