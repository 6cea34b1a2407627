//! The people who hold merits of an org.

use sigma_core::ids::UserId;
use sigma_core::merits::{Cursor, Direction, Move, PageRequest, Status};
use sigma_store::merits::holder::{self, Holder};
use sigma_store::merits::list::{self, Filter};
use sigma_store::merits::{Merit, Slice};
use sigma_store::on_both_engines;

use super::{Issuer, Often, person, profile};

fn page(issuer: &Issuer<'_>, page: PageRequest) -> Slice<Holder> {
    let org = issuer.org.clone();
    issuer.store.read_blocking(move |tx| holder::of_org(tx, &org, &page)).unwrap()
}

fn held(issuer: &Issuer<'_>, filter: Filter) -> Vec<Merit> {
    let org = issuer.org.clone();
    issuer.store.read_blocking(move |tx| list::of_org(tx, &org, &filter, &PageRequest::first(10))).unwrap().items
}

fn ids(slice: &Slice<Holder>) -> Vec<UserId> {
    slice.items.iter().map(|holder| holder.user_id.clone()).collect()
}

on_both_engines! {
    fn everybody_who_holds_merits_of_an_org_is_one_entry(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let people: Vec<_> = ["ada", "ben", "cy", "dora", "eve"]
            .map(|name| {
                store.advance(std::time::Duration::from_secs(1));
                (name, person(&store, name))
            })
            .into();
        let take = |issuer: &Issuer<'_>, (name, user): &(&str, UserId), step: Move| {
            let merit = issuer.send(&format!("{name}@example.org"));
            issuer.answer(user, &merit.id, step).unwrap();
            merit
        };
        for one in &people[..4] {
            take(&issuer, one, Move::Accept);
        }
        let latest = take(&issuer, &people[0], Move::Accept);
        // What is no longer held, never was, or is another org's, counts for nobody.
        take(&issuer, &people[4], Move::Reject);
        issuer.send("ada@example.org");
        let given_up = take(&issuer, &people[1], Move::Accept);
        issuer.answer(&people[1].1, &given_up.id, Move::Forfeit).unwrap();
        take(&other, &people[4], Move::Accept);
        issuer.agree(&people[4].1, profile()).unwrap();

        let all = page(&issuer, PageRequest::first(10));
        let newest_first: Vec<_> = people[..4].iter().rev().map(|(_, user)| user.clone()).collect();
        assert_eq!(ids(&all), newest_first);
        let counts: Vec<_> = all.items.iter().map(|holder| holder.count).collect();
        assert_eq!(counts, [1, 1, 1, 2]);
        assert_eq!(all.items[3].latest.id, latest.id);
        assert_eq!((all.has_next, all.has_previous), (false, false));
        assert_eq!(ids(&page(&other, PageRequest::first(10))), [people[4].1.clone()]);

        let first = page(&issuer, PageRequest::first(3));
        assert_eq!((ids(&first), first.has_next), (newest_first[..3].to_vec(), true));
        let from = |user: &UserId, direction| PageRequest { limit: 3, from: Some(Cursor::of(user.digits())), direction };
        let second = page(&issuer, from(&newest_first[2], Direction::Older));
        assert_eq!((ids(&second), second.has_next, second.has_previous), (newest_first[3..].to_vec(), false, true));
        let back = page(&issuer, from(&newest_first[3], Direction::Newer));
        assert_eq!((ids(&back), back.has_next, back.has_previous), (newest_first[..3].to_vec(), true, false));
    }

    fn what_a_member_holds_is_what_they_accepted(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let ada = person(&store, "ada");
        let accepted = issuer.send("ada@example.org");
        issuer.answer(&ada, &accepted.id, Move::Accept).unwrap();
        issuer.send("ada@example.org");
        let cook = issuer.add_template("Cook", Often::Always);
        let of = |template_id| Filter { holder: Some(ada.clone()), template_id, ..Filter::default() };
        let found = held(&issuer, of(None));
        assert_eq!(found.iter().map(|merit| (&merit.id, merit.status)).collect::<Vec<_>>(), [(&accepted.id, Status::Accepted)]);
        assert_eq!(held(&issuer, of(Some(issuer.template.clone()))).len(), 1);
        assert!(held(&issuer, of(Some(cook))).is_empty());
        let other = Issuer::new(&store, "mill");
        assert!(held(&other, of(None)).is_empty());
    }
}
