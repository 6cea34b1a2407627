//! Limits concurrent connections, and decides which one ends when there is no room.
//!
//! An address has a share of all places, so that it cannot take them all. If its share or all places are taken, the
//! connection that has been idle longest makes room; busy ones never do.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::activity::Activity;
use crate::client::TrustedProxies;

/// Connection limits.
#[derive(Debug)]
pub(super) struct Shares {
    /// In total.
    pub(super) total: usize,
    /// Per IPv4 address or IPv6 /64.
    pub(super) address: usize,
    /// Per IPv6 /48, which contains 65,536 of those.
    pub(super) site: usize,
    /// Addresses that speak for many clients and have no share.
    pub(super) proxies: TrustedProxies,
}

/// Clients that share a number of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    V4([u8; 4]),
    V6Net([u16; 4]),
    V6Site([u16; 3]),
}

/// Why a connection got no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// Its address has its share, and all of them are busy.
    OfAddress,
    /// Every connection is busy.
    AtAll,
}

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    shares: Shares,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    open: HashMap<u64, Open>,
    groups: HashMap<Group, Vec<u64>>,
    /// The longest idle connections at the last scan, longest first: scanning all for each newcomer would make a flood
    /// expensive.
    longest: VecDeque<(u64, Instant)>,
}

#[derive(Debug)]
struct Open {
    activity: Arc<Activity>,
    groups: [Option<Group>; 2],
}

impl Places {
    pub(super) fn new(shares: Shares) -> Arc<Self> {
        Arc::new(Self { shares, taken: Mutex::default(), freed: Notify::new() })
    }

    /// Gets a place for a connection from `address`, ending another one if necessary.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr, activity: &Arc<Activity>) -> Result<Place, NoPlace> {
        let groups = self.groups(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for group in groups.into_iter().flatten() {
            let share = if matches!(group, Group::V6Site(_)) { self.shares.site } else { self.shares.address };
            if taken.groups.get(&group).map_or(0, Vec::len) >= share.max(1) {
                taken.end_longest_of(group).ok_or(NoPlace::OfAddress)?;
            }
        }
        if taken.open.len() >= self.shares.total.max(1) {
            taken.end_longest().ok_or(NoPlace::AtAll)?;
        }
        let id = taken.next;
        taken.next += 1;
        for group in groups.into_iter().flatten() {
            taken.groups.entry(group).or_default().push(id);
        }
        taken.open.insert(id, Open { activity: Arc::clone(activity), groups });
        Ok(Place { places: Arc::clone(self), id })
    }

    /// Ends the connection that has been idle longest; returns whether there was one.
    pub(super) fn end_longest(&self) -> bool {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).end_longest().is_some()
    }

    /// Makes every connection finish its requests and take no more.
    pub(super) fn finish_all(&self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).open.values().for_each(|open| open.activity.finish());
    }

    /// Ends every connection.
    pub(super) fn end_all(&self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).open.values().for_each(|open| open.activity.end());
    }

    /// Resolves when a place may have become free.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Resolves when no place is taken.
    pub(super) async fn all_free(&self) {
        while self.in_use() > 0 {
            self.freed().await;
        }
    }

    /// Taken places.
    pub(super) fn in_use(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).open.len()
    }

    fn groups(&self, address: IpAddr) -> [Option<Group>; 2] {
        if self.shares.proxies.include(address) {
            return [None, None];
        }
        match address {
            IpAddr::V4(v4) => [Some(Group::V4(v4.octets())), None],
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                [Some(Group::V6Net([a, b, c, d])), Some(Group::V6Site([a, b, c]))]
            }
        }
    }
}

impl Taken {
    fn end_longest_of(&mut self, group: Group) -> Option<()> {
        let waiting = |id: &u64| Some((*id, self.open.get(id)?.activity.waits_since()?));
        let longest = self.groups.get(&group)?.iter().filter_map(waiting).min_by_key(|(_, since)| *since);
        self.end(longest?.0)
    }

    fn end_longest(&mut self) -> Option<()> {
        /// How many connections to remember from a scan.
        const REMEMBERED: usize = 64;
        let since = |taken: &Self, id: u64| taken.open.get(&id).and_then(|open| open.activity.waits_since());
        while let Some((id, waited)) = self.longest.pop_front() {
            // It may have ended or been used meanwhile. No other has been idle longer: time only moves on.
            if since(self, id) == Some(waited) {
                return self.end(id);
            }
        }
        let mut waiting: Vec<_> =
            self.open.iter().filter_map(|(id, open)| Some((*id, open.activity.waits_since()?))).collect();
        if waiting.len() > REMEMBERED {
            waiting.select_nth_unstable_by_key(REMEMBERED, |(_, since)| *since);
            waiting.truncate(REMEMBERED);
        }
        waiting.sort_unstable_by_key(|(_, since)| *since);
        self.longest = waiting.into();
        let (id, _) = self.longest.pop_front()?;
        self.end(id)
    }

    fn end(&mut self, id: u64) -> Option<()> {
        self.remove(id)?.end();
        metrics::counter!("sigma_http_connections_closed_total", "reason" => "room").increment(1);
        Some(())
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Activity>> {
        let open = self.open.remove(&id)?;
        for group in open.groups.into_iter().flatten() {
            if let Some(members) = self.groups.get_mut(&group) {
                members.retain(|member| *member != id);
                if members.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        Some(open.activity)
    }
}

/// A place, taken until this is dropped or given to another connection.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(self.id);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::*;

    struct Room {
        places: Arc<Places>,
        start: Instant,
    }

    /// A test connection.
    struct Guest {
        activity: Arc<Activity>,
        _place: Place,
    }

    impl Guest {
        fn had_to_go(&self) -> bool {
            self.activity.must_end(&Context::from_waker(Waker::noop()))
        }
    }

    impl Room {
        fn new(total: usize, address: usize, site: usize) -> Self {
            let proxies = TrustedProxies::new(&["10.0.0.1/32".parse().unwrap()]);
            let start = Instant::now().checked_sub(Duration::from_secs(1_000)).unwrap();
            Self { places: Places::new(Shares { total, address, site, proxies }), start }
        }

        /// A connection opened at that second.
        fn open(&self, address: &str, second: u64) -> Result<Guest, NoPlace> {
            let activity = Activity::new(self.start + Duration::from_secs(second));
            let place = self.places.take(address.parse().unwrap(), &activity)?;
            Ok(Guest { activity, _place: place })
        }
    }

    #[test]
    fn an_address_has_its_share_and_its_longest_idle_connection_goes_first() {
        let room = Room::new(100, 3, 100);
        let first = room.open("192.0.2.1", 2).unwrap();
        let longest = room.open("192.0.2.1", 1).unwrap();
        let third = room.open("192.0.2.1", 3).unwrap();
        let other = room.open("192.0.2.2", 0).unwrap();
        let fourth = room.open("192.0.2.1", 4).unwrap();
        assert!(longest.had_to_go());
        assert!([&first, &third, &fourth, &other].iter().all(|guest| !guest.had_to_go()));
        assert_eq!(room.places.in_use(), 4);
        drop(longest);
        assert_eq!(room.places.in_use(), 4, "its place is another's by now");
    }

    #[test]
    fn a_connection_whose_request_is_being_answered_never_makes_room() {
        let room = Room::new(2, 2, 2);
        let (one, two) = (room.open("192.0.2.1", 1).unwrap(), room.open("192.0.2.1", 2).unwrap());
        let busy = (one.activity.request(false), two.activity.request(false));
        assert_eq!(room.open("192.0.2.1", 3).err(), Some(NoPlace::OfAddress));
        assert_eq!(room.open("192.0.2.9", 3).err(), Some(NoPlace::AtAll));
        drop(busy.1);
        let newcomer = room.open("192.0.2.9", 4).unwrap();
        assert!(two.had_to_go() && !one.had_to_go());
        drop((busy.0, newcomer));
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_site_has_a_share_of_its_own() {
        let room = Room::new(100, 2, 3);
        let _guests = [room.open("2001:db8::1", 1).unwrap(), room.open("2001:db8::2", 2).unwrap()];
        let _third = room.open("2001:db8::ffff:1", 3).unwrap();
        assert_eq!(room.places.in_use(), 2, "a /64 has two");
        let others: Vec<_> =
            (1..9).map(|net| room.open(&format!("2001:db8:0:{net:x}::1"), 10 + net).unwrap()).collect();
        assert_eq!(room.places.in_use(), 3, "a /48 has three");
        let elsewhere = room.open("2001:db8:1::1", 30).unwrap();
        assert_eq!(room.places.in_use(), 4);
        drop((others, elsewhere));
    }

    #[test]
    fn a_trusted_proxy_has_no_share_but_only_what_is_there() {
        let room = Room::new(10, 1, 1);
        let guests: Vec<_> = (0..10).map(|second| room.open("10.0.0.1", second).unwrap()).collect();
        assert!(guests.iter().all(|guest| !guest.had_to_go()));
        let newcomer = room.open("192.0.2.1", 20).unwrap();
        assert!(guests.first().unwrap().had_to_go());
        drop(newcomer);
    }

    #[test]
    fn a_flood_of_newcomers_ends_the_longest_idle_one_by_one() {
        let room = Room::new(200, 1_000, 1_000);
        let guests: Vec<_> = (0..200).map(|second| room.open("192.0.2.1", second).unwrap()).collect();
        // The longest idle one is used again.
        drop(guests.first().unwrap().activity.request(false));
        let newcomers: Vec<_> = (0..150).map(|second| room.open("192.0.2.9", 500 + second).unwrap()).collect();
        let gone: Vec<_> = guests.iter().enumerate().filter(|(_, guest)| guest.had_to_go()).map(|(at, _)| at).collect();
        assert_eq!(gone, (1..=150).collect::<Vec<_>>());
        assert!(newcomers.iter().all(|guest| !guest.had_to_go()));
        assert_eq!(room.places.in_use(), 200);
        drop((guests, newcomers));
        assert_eq!(room.places.in_use(), 0);
        let taken = room.places.taken.lock().unwrap();
        assert!(taken.groups.is_empty());
    }

    #[test]
    fn connections_that_only_send_bodies_slowly_make_room_too() {
        let room = Room::new(1, 1, 1);
        let slow = room.open("192.0.2.1", 1).unwrap();
        let _request = (slow.activity.request(false), slow.activity.body());
        let _newcomer = room.open("192.0.2.2", 2).unwrap();
        assert!(slow.had_to_go());
    }
}
