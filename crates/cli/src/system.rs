//! The only place that uses real time and randomness.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};

/// The system clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else takes as a parameter")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator. Small amounts are drawn in advance, a few hundred bytes per thread, because a
/// system call costs as much for a few bytes as for all of them.
#[derive(Debug)]
pub struct SystemRng;

/// Bytes drawn at once.
const AHEAD: usize = 256;
/// Requests of at least this length are drawn directly.
const LARGE: usize = 64;

/// Unused random bytes; each is handed out once and then overwritten.
struct Drawn {
    bytes: [u8; AHEAD],
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; AHEAD], left: 0 }) };
}

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        let taken = bytes.len() < LARGE && DRAWN.try_with(|drawn| drawn.borrow_mut().take(bytes)).is_ok();
        // A thread that is ending has no buffer.
        if !taken {
            draw(bytes);
        }
    }
}

impl Drawn {
    fn take(&mut self, wanted: &mut [u8]) {
        if self.left < wanted.len() {
            draw(&mut self.bytes);
            self.left = AHEAD;
        }
        let unused = self.bytes.iter_mut().take(self.left).rev();
        wanted.iter_mut().zip(unused).for_each(|(wanted, unused)| *wanted = std::mem::take(unused));
        self.left -= wanted.len();
    }
}

fn draw(bytes: &mut [u8]) {
    #[expect(clippy::disallowed_methods, reason = "this is the generator that everything else takes as a parameter")]
    let filled = getrandom::fill(bytes);
    if filled.is_err() {
        // Never continue with bytes that are not random.
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sigma_core::random::bytes;

    use super::*;

    #[test]
    fn no_random_bytes_are_handed_out_twice() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    let mut seen = HashSet::new();
                    for _ in 0..10_000 {
                        seen.insert(bytes::<16>(&SystemRng).to_vec());
                        seen.insert(bytes::<17>(&SystemRng)[..16].to_vec());
                        seen.insert(bytes::<300>(&SystemRng)[284..].to_vec());
                    }
                    seen
                })
            })
            .collect();
        let seen: HashSet<Vec<u8>> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(seen.len(), 4 * 3 * 10_000);
    }

    #[test]
    fn every_length_is_filled_to_its_end() {
        for length in 0..200 {
            let mut or = vec![0; length];
            for _ in 0..64 {
                let mut bytes = vec![0; length];
                SystemRng.fill(&mut bytes);
                or.iter_mut().zip(bytes).for_each(|(or, byte)| *or |= byte);
            }
            assert_eq!(or, vec![0xff; length], "each bit is set in one of 64");
        }
    }

    #[test]
    fn handed_out_bytes_are_wiped() {
        let mut drawn = Drawn { bytes: [0; AHEAD], left: 0 };
        drawn.take(&mut [0; 32]);
        assert_eq!(drawn.left, AHEAD - 32);
        assert_eq!(drawn.bytes[AHEAD - 32..], [0; 32]);
    }
}
