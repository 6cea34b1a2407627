//! Lists by page, in both directions and with filters.

use sigma_core::ids::MeritId;
use sigma_core::merits::{Cursor, Direction, Move, PageRequest, Status};
use sigma_store::merits::list::{self, Filter};
use sigma_store::merits::{Merit, Slice};
use sigma_store::on_both_engines;

use super::issuing::revoke;
use super::{Issuer, Often, person};

fn page(issuer: &Issuer<'_>, filter: &Filter, page: PageRequest) -> Slice<Merit> {
    let (org, filter) = (issuer.org.clone(), filter.clone());
    issuer.store.read_blocking(move |tx| list::of_org(tx, &org, &filter, &page)).unwrap()
}

fn from(direction: Direction, id: &MeritId) -> PageRequest {
    PageRequest { from: Some(Cursor::of(id.digits())), direction, ..PageRequest::first(4) }
}

/// Walks a list forward and back again; the ids, newest first.
fn walked(issuer: &Issuer<'_>, filter: &Filter) -> Vec<MeritId> {
    let (mut ids, mut request) = (Vec::new(), PageRequest::first(4));
    loop {
        let slice = page(issuer, filter, request);
        assert_eq!(slice.has_previous, !ids.is_empty());
        ids.extend(slice.items.iter().map(|merit| merit.id.clone()));
        if !slice.has_next {
            break;
        }
        request = from(Direction::Older, ids.last().unwrap());
    }
    let mut back = ids.last().cloned().into_iter().collect::<Vec<_>>();
    while let Some(first) = back.first().cloned() {
        let slice = page(issuer, filter, from(Direction::Newer, &first));
        assert!(slice.has_next);
        back = slice.items.iter().map(|merit| merit.id.clone()).chain(back).collect();
        if !slice.has_previous {
            break;
        }
    }
    assert_eq!(back, ids);
    ids
}

on_both_engines! {
    fn lists_go_forth_and_back_whatever_the_filter(store: TestStore) {
        let mut issuer = Issuer::new(&store, "bakery");
        let other = Issuer::new(&store, "mill");
        other.send("ada@example.org");
        let ada = person(&store, "ada");
        let baker = issuer.template.clone();
        let mut all = Vec::new();
        for number in 0..9 {
            let merit = issuer.send(if number % 2 == 0 { "ada@example.org" } else { "eve@example.org" });
            match number % 3 {
                0 => drop(revoke(&issuer, &merit).unwrap()),
                1 if number % 2 == 0 => drop(issuer.answer(&ada, &merit.id, Move::Accept).unwrap()),
                _ => {}
            }
            all.push(merit.id);
        }
        issuer.template = issuer.add_template("Master", Often::Always);
        all.push(issuer.send("ada@example.org").id);
        all.reverse();
        assert_eq!(walked(&issuer, &Filter::default()), all);
        let keep = |wanted: &dyn Fn(&Merit) -> bool| -> Vec<MeritId> {
            all.iter().filter(|id| wanted(&issuer.find(id).unwrap())).cloned().collect()
        };
        let revoked = Filter { status: Some(Status::Revoked), ..Filter::default() };
        assert_eq!(walked(&issuer, &revoked), keep(&|merit| merit.status == Status::Revoked));
        let of_baker = Filter { template_id: Some(baker.clone()), ..Filter::default() };
        assert_eq!(walked(&issuer, &of_baker), keep(&|merit| merit.template_id == baker));
        let both = Filter { template_id: Some(baker.clone()), status: Some(Status::Pending), ..Filter::default() };
        assert_eq!(walked(&issuer, &both), keep(&|merit| merit.template_id == baker && merit.status == Status::Pending));
        let people = vec!["ada@example.org".to_owned(), "eve@example.org".to_owned(), "ada@example.org".to_owned()];
        let recipients = Filter { recipients: people.clone(), ..Filter::default() };
        assert_eq!(walked(&issuer, &recipients), all);
        let narrow = Filter { recipients: people[..1].to_vec(), ..both };
        assert_eq!(walked(&issuer, &narrow), keep(&|merit| {
            merit.template_id == baker && merit.status == Status::Pending && merit.email == "ada@example.org"
        }));
        let nobody = Filter { recipients: vec!["nobody@example.org".to_owned()], ..Filter::default() };
        let empty = page(&issuer, &nobody, PageRequest::first(4));
        assert!(empty.items.is_empty() && !empty.has_next && !empty.has_previous);
    }

    fn every_list_of_merits_is_read_by_an_index(store: TestStore) {
        if store.engine != sigma_store::testing::Engine::Sqlite {
            return;
        }
        let issuer = Issuer::new(&store, "bakery");
        issuer.send("ada@example.org");
        // The planner of SQLite says how it would go: a sort would read the whole list for each page.
        for filter in [
            "m.org_id = 'o'",
            "m.org_id = 'o' AND m.status = 's'",
            "m.org_id = 'o' AND m.template_id = 't'",
            "m.org_id = 'o' AND m.template_id = 't' AND m.status = 's'",
            "m.org_id = 'o' AND m.email_folded = 'e'",
            "m.user_id = 'u' AND m.access = 0 AND m.status = 's'",
            "m.user_id = 'u' AND m.org_id = 'o' AND m.access = 0 AND m.status = 'Accepted'",
            "m.user_id = 'u' AND m.template_id = 't' AND m.status = 'Accepted' AND m.access = 0",
        ] {
            let sql = format!("EXPLAIN QUERY PLAN SELECT m.id FROM merits m WHERE {filter} AND m.id < 'x' ORDER BY m.id DESC LIMIT 9");
            let sql: &'static str = Box::leak(sql.into_boxed_str());
            let rows = store.read_blocking(move |tx| tx.query_all(sql, &[])).unwrap();
            let plan: Vec<_> = rows.iter().map(|row| row.text(3).unwrap()).collect();
            assert!(plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")), "{filter}: {plan:?}");
        }
    }
}
