//! What merits cost in the store: `cargo run --release -p sigma-store --example merits [MERITS]`.
//!
//! Sends a batch of 10,000 recipients durably, then single merits, then fills the org up to MERITS (100,000) and compares
//! the first page of its list with the last one. Everything goes to a fresh file in the current directory.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss)]
#![allow(clippy::as_conversions)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{MeritBatchId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{Cursor, Direction, PageRequest, PersonName, Standing, Status};
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_store::email::EmailProof;
use sigma_store::merits::batch::{self, BatchState, Line, NewBatch};
use sigma_store::merits::list::{self, Filter};
use sigma_store::merits::send::{self, Manner, Recipient, Sending, To};
use sigma_store::merits::template::{self, NewTemplate};
use sigma_store::merits::{Merit, Slice, issuer};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, NewOrg};
use sigma_store::testing::decide;
use sigma_store::{MasterKey, Store, StoreOptions, user};

struct World {
    store: Store,
    rng: Arc<SeededRng>,
    org: OrgId,
    admin: UserId,
    template: MeritTemplateId,
    now: Timestamp,
}

fn main() {
    let wanted: usize = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    let directory = tempfile::tempdir_in(".").unwrap();
    let url = format!("sqlite:{}", directory.path().join("sigma.sqlite").display());
    let world = prepare(&url);
    send_batch(&world);
    send_singly(&world);
    fill(&world, wanted);
    compare_pages(&world);
    world.store.close();
}

fn prepare(url: &str) -> World {
    let rng = Arc::new(SeededRng::new(std::process::id().into()));
    let now = Timestamp::from_seconds(1_772_366_400);
    let store = Store::open(&StoreOptions::serve(url), Arc::new(ManualClock::at(now)), rng.clone()).unwrap();
    let (org, admin) = (OrgId::new(now, &*rng), UserId::new(now, &*rng));
    let template = MeritTemplateId::new(now, &*rng);
    let key = MasterKey::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let new = NewOrg::new(org.clone(), "Bakery".to_owned(), &key, now, &*rng).unwrap();
    let role_id = new.admin_role.clone();
    let _org = decide(&store, move |tx| org::add(tx, &new)).unwrap();
    let (org_id, user_id) = (org.clone(), admin.clone());
    decide(&store, move |tx| {
        let email = Email::parse("admin@example.org").unwrap();
        user::add_with_email(tx, &user_id, &email, EmailProof::Verified, "Admin", now)?;
        let member =
            NewMember { user_id: user_id.clone(), role_id: role_id.clone(), state: State::Active, quick_login: false };
        membership::add(tx, &org_id, &Actor::Operator, &member, now)
    })
    .unwrap();
    let (org_id, id) = (org.clone(), template.clone());
    decide(&store, move |tx| {
        issuer::set_standing(tx, &org_id, Standing::Verified, now)?;
        let new = NewTemplate {
            id: id.clone(),
            title: "Baker".to_owned(),
            description: "Bakes".to_owned(),
            once: true,
            cover: None,
        };
        template::add(tx, &org_id, &Actor::Operator, &new, now)
    })
    .unwrap();
    World { store, rng, org, admin, template, now }
}

impl World {
    fn merit_id(&self, number: usize) -> MeritId {
        MeritId::new(self.now.plus(Duration::from_millis(number as u64)), &*self.rng)
    }
}

fn send_batch(world: &World) {
    let id = MeritBatchId::new(world.now, &*world.rng);
    let name = PersonName::of_text("Ada Lovelace").unwrap();
    let new = NewBatch {
        id: id.clone(),
        template_id: world.template.clone(),
        file_name: "people.csv".to_owned(),
        manner: Manner::Send,
        now: world.now,
    };
    let started = Instant::now();
    let (org, admin, now) = (world.org.clone(), world.admin.clone(), world.now);
    decide(&world.store, move |tx| batch::add(tx, &org, &admin, &new)).unwrap();
    for chunk in 0..20 {
        let lines: Vec<_> = (chunk * 500..(chunk + 1) * 500)
            .map(|number| Line {
                line: number + 1,
                email: format!("batch{number}@example.org"),
                name: name.clone(),
                values: BTreeMap::new(),
            })
            .collect();
        let (org, admin, id) = (world.org.clone(), world.admin.clone(), id.clone());
        decide(&world.store, move |tx| batch::add_lines(tx, &org, &admin, &id, &lines, now)).unwrap();
    }
    let (org, admin, batch) = (world.org.clone(), world.admin.clone(), id.clone());
    decide(&world.store, move |tx| batch::start(tx, &org, &admin, &batch, now)).unwrap();
    let mut number = 0;
    loop {
        let ids: Vec<_> = (0..500).map(|offset| world.merit_id(number + offset)).collect();
        number += 500;
        let (org, id) = (world.org.clone(), id.clone());
        let step = decide(&world.store, move |tx| batch::advance(tx, &org, &id, &ids, 10_000_000, now)).unwrap();
        if step.state == BatchState::Finished {
            assert_eq!((step.done, step.failed), (10_000, 0));
            break;
        }
    }
    println!("batch of 10,000: {:.2} s, uploaded and sent", started.elapsed().as_secs_f64());
}

fn sending(world: &World, first: usize, count: usize, prefix: &str) -> Sending {
    let recipients = (first..first + count).map(|number| Recipient {
        merit_id: world.merit_id(number),
        to: To::Email(Email::parse(&format!("{prefix}{number}@example.org")).unwrap()),
        name: PersonName::of_text("Ada Lovelace").unwrap(),
        values: Vec::new(),
    });
    Sending {
        org_id: world.org.clone(),
        actor: Actor::Operator,
        template_id: world.template.clone(),
        manner: Manner::Send,
        recipients: recipients.collect(),
        daily_budget: 100_000_000,
        now: world.now,
    }
}

/// By 32 callers, so that commits are shared as they are between requests.
fn send_singly(world: &World) {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..32 {
            scope.spawn(move || {
                for number in 0..100 {
                    let sending = sending(world, 20_000 + caller * 100 + number, 1, "single");
                    decide(&world.store, move |tx| send::one(tx, &sending)).unwrap();
                }
            });
        }
    });
    let each = started.elapsed().as_secs_f64() * 1e6 / 3_200.0;
    println!("single sends by 32 callers: {each:.0} µs each, durable");
}

fn fill(world: &World, wanted: usize) {
    for chunk in 0..wanted.div_ceil(500) {
        let sending = sending(world, 30_000 + chunk * 500, 500, "fill");
        decide(&world.store, move |tx| send::many(tx, &sending)).unwrap();
    }
}

fn page(world: &World, filter: &Filter, request: PageRequest) -> Slice<Merit> {
    let (org, filter) = (world.org.clone(), filter.clone());
    world.store.read_blocking(move |tx| list::of_org(tx, &org, &filter, &request)).unwrap()
}

fn compare_pages(world: &World) {
    let filters = [
        ("all", Filter::default()),
        ("status", Filter { status: Some(Status::Pending), ..Filter::default() }),
        ("template", Filter { template_id: Some(world.template.clone()), ..Filter::default() }),
    ];
    for (name, filter) in filters {
        let oldest = PageRequest { direction: Direction::Newer, ..PageRequest::first(100) };
        let oldest = page(world, &filter, PageRequest { from: Some(Cursor::of("")), ..oldest });
        let from = oldest.items.first().map(|merit| Cursor::of(merit.id.digits()));
        let last = PageRequest { from, ..PageRequest::first(100) };
        let time = |request: &PageRequest| {
            let started = Instant::now();
            for _ in 0..200 {
                page(world, &filter, request.clone());
            }
            started.elapsed().as_secs_f64() * 1e6 / 200.0
        };
        let first = PageRequest::first(100);
        time(&first);
        let (first, last) = (time(&first), time(&last));
        println!("list of {name}: first page {first:.0} µs, last {last:.0} µs, ratio {:.2}", last / first);
    }
}
