//! Orgs send, propose, edit, revoke and transfer.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::ids::{MeritEditId, MeritTemplateId};
use sigma_core::merits::{
    FieldType, FieldValue, MeritProblem, Move, OrgPermission, PageRequest, PersonName, RequestFault, SettingChange,
    Standing, Status,
};
use sigma_core::org::QuotaChange;
use sigma_core::time::Clock as _;
use sigma_store::merits::edit::{self, NewValue};
use sigma_store::merits::send::{Manner, Sending, To};
use sigma_store::merits::step::{self, Transfer};
use sigma_store::merits::template::{self, TemplateChange};
use sigma_store::merits::{field, issuer, link};
use sigma_store::on_both_engines;
use sigma_store::org::quotas;
use sigma_store::testing::{decide, insist};

use super::{Issuer, Often, add_app, address, next_merit, person, text};

fn approve(issuer: &Issuer<'_>, merit: &sigma_store::merits::Merit) -> Result<Status, MeritProblem> {
    let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), merit.id.clone(), issuer.store.clock.now());
    decide(issuer.store, move |tx| step::approve(tx, &org, &actor, &id, now)).map(|merit| merit.status)
}

pub(super) fn revoke(issuer: &Issuer<'_>, merit: &sigma_store::merits::Merit) -> Result<Status, MeritProblem> {
    let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), merit.id.clone(), issuer.store.clock.now());
    decide(issuer.store, move |tx| step::revoke(tx, &org, &actor, &id, "late", now)).map(|merit| merit.status)
}

pub(super) fn transferring(issuer: &Issuer<'_>, merit: &sigma_store::merits::Merit, to: &str) -> Transfer {
    Transfer {
        org_id: issuer.org.clone(),
        actor: issuer.actor(),
        id: merit.id.clone(),
        new_id: next_merit(issuer.store),
        to: To::Email(address(to)),
        daily_budget: 1_000,
        now: issuer.store.clock.now(),
    }
}

fn set(enabled: bool, required: bool, value_for_all: Option<&str>) -> SettingChange {
    SettingChange { enabled, required, value_for_all: value_for_all.map(|text| FieldValue::Text(text.to_owned())) }
}

on_both_engines! {
    fn a_merit_goes_the_way_that_is_drawn(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let ada = person(&store, "ada");
        let proposed = issuer.recipient("ada@example.org", Vec::new());
        let proposed = issuer.try_send(Sending { manner: Manner::Propose, ..issuer.sending(vec![proposed]) }).unwrap();
        assert_eq!(proposed.status, Status::Unapproved);
        assert_eq!(issuer.answer(&ada, &proposed.id, Move::Accept), Err(MeritProblem::InvalidStatusTransition));
        assert_eq!(approve(&issuer, &proposed), Ok(Status::Pending));
        assert_eq!(approve(&issuer, &proposed), Err(MeritProblem::InvalidStatusTransition));
        let accepted = issuer.answer(&ada, &proposed.id, Move::Accept).unwrap();
        assert_eq!((accepted.status, accepted.user_id.as_ref()), (Status::Accepted, Some(&ada)));
        assert_eq!(issuer.find(&proposed.id).unwrap(), accepted);
        assert_eq!(issuer.answer(&ada, &proposed.id, Move::Forfeit).unwrap().status, Status::Forfeited);
        assert_eq!(revoke(&issuer, &proposed), Err(MeritProblem::InvalidStatusTransition));
        let other = issuer.send("ada@example.org");
        assert_eq!(revoke(&issuer, &other), Ok(Status::Revoked));
        assert_eq!(issuer.find(&other.id).unwrap().reason.as_deref(), Some("late"));
    }

    fn a_transferred_merit_is_sent_to_another_address(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let merit = issuer.send("ada@example.org");
        let transfer = transferring(&issuer, &merit, "grace@example.org");
        let new = decide(&store, move |tx| step::transfer(tx, &transfer)).unwrap();
        assert_eq!((new.status, new.email.as_str(), new.name.full().as_str()), (Status::Pending, "grace@example.org", "Ada Lovelace"));
        let old = issuer.find(&merit.id).unwrap();
        assert_eq!((old.status, old.successor_id), (Status::Transferred, Some(new.id)));
    }

    fn an_org_that_is_not_verified_sends_what_nobody_can_accept(store: TestStore) {
        let issuer = Issuer::of_standing(&store, "bakery", Standing::Unverified);
        let ada = person(&store, "ada");
        let merit = issuer.send("ada@example.org");
        assert_eq!(merit.status, Status::Unverified);
        assert_eq!(issuer.answer(&ada, &merit.id, Move::Accept), Err(MeritProblem::InvalidStatusTransition));
        let many = (0..250).map(|number| issuer.recipient(&format!("n{number}@example.org"), Vec::new())).collect();
        assert_eq!(issuer.try_send(issuer.sending(many)), Err(RequestFault::TooMany.into()), "few of them wait");
        let transfer = transferring(&issuer, &merit, "grace@example.org");
        let new = decide(&store, move |tx| step::transfer(tx, &transfer)).unwrap();
        assert_eq!((issuer.status(&merit.id), new.status), (Status::TransferredUnverified, Status::Unverified));
        issuer.set_standing(Standing::Verified);
        assert_eq!(issuer.status(&new.id), Status::Pending);
        assert_eq!(issuer.status(&merit.id), Status::TransferredUnverified);
        let org = issuer.org.clone();
        let found = store.read_blocking(move |tx| issuer::find(tx, &org)).unwrap().unwrap();
        assert_eq!(found.standing(), Standing::Verified);
        let search = |text: &'static str| {
            store.read_blocking(move |tx| issuer::search(tx, text, 10)).unwrap().into_iter().map(|org| org.name).collect::<Vec<_>>()
        };
        assert_eq!(search("AKER"), ["bakery"]);
        assert!(search("%%%").is_empty() && search("b_k").is_empty());
    }

    fn only_the_own_and_linked_apps_act_and_only_as_permitted(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let other = Issuer::new(&store, "mill");
        let send_as = |actor: Actor, manner: Manner| {
            let recipient = issuer.recipient("ada@example.org", Vec::new());
            issuer.try_send(Sending { actor, manner, ..issuer.sending(vec![recipient]) }).map(|merit| merit.status)
        };
        let foreign = || Actor::App(other.app.clone());
        assert_eq!(send_as(foreign(), Manner::Send), Err(MeritProblem::Forbidden));
        issuer.link(&other.app, OrgPermission::Propose);
        assert_eq!(send_as(foreign(), Manner::Send), Err(MeritProblem::Forbidden));
        assert_eq!(send_as(foreign(), Manner::Propose), Ok(Status::Unapproved));
        issuer.link(&other.app, OrgPermission::Send);
        assert_eq!(send_as(foreign(), Manner::Send), Ok(Status::Pending));
        let (org, app, admin, now) = (issuer.org.clone(), other.app.clone(), issuer.admin.clone(), store.clock.now());
        decide(&store, move |tx| link::remove(tx, &org, &app, &Actor::User(admin.clone()), now)).unwrap();
        assert_eq!(send_as(foreign(), Manner::Send), Err(MeritProblem::Forbidden), "an app that was unlinked");
        assert_eq!(send_as(Actor::User(issuer.admin.clone()), Manner::Send), Ok(Status::Pending));
        assert_eq!(send_as(Actor::User(other.admin.clone()), Manner::Send), Err(MeritProblem::Forbidden));
        assert_eq!(send_as(Actor::Anonymous, Manner::Send), Err(MeritProblem::Forbidden));
        let unknown = add_app(&store, &other.org);
        assert_eq!(send_as(Actor::App(unknown), Manner::Propose), Err(MeritProblem::Forbidden));
    }

    fn templates_and_merits_of_another_org_are_not_found(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let recipient = issuer.recipient("ada@example.org", Vec::new());
        let foreign = Sending { template_id: other.template.clone(), ..issuer.sending(vec![recipient]) };
        assert_eq!(issuer.try_send(foreign), Err(MeritProblem::NotFound));
        let merit = other.send("ada@example.org");
        assert_eq!(revoke(&issuer, &merit), Err(MeritProblem::NotFound));
        assert_eq!(issuer.find(&merit.id), None);
    }

    fn a_template_that_is_sent_once_reaches_each_recipient_once(store: TestStore) {
        let mut issuer = Issuer::new(&store, "bakery");
        issuer.template = issuer.add_template("Master", Often::Once);
        person(&store, "ada");
        let send = |email: &str| {
            let recipient = issuer.recipient(email, Vec::new());
            issuer.try_send(issuer.sending(vec![recipient]))
        };
        let first = send("ada@example.org").unwrap();
        assert_eq!(send("ADA@example.org"), Err(MeritProblem::TemplateAlreadySent));
        let twice = vec![issuer.recipient("eve@example.org", Vec::new()), issuer.recipient("eve@example.org", Vec::new())];
        let sending = issuer.sending(twice);
        let sent = decide(&store, move |tx| sigma_store::merits::send::many(tx, &sending)).unwrap();
        assert!(sent[0].is_ok());
        assert_eq!(sent[1], Err(MeritProblem::TemplateAlreadySent));
        revoke(&issuer, &first).unwrap();
        let again = send("ada@example.org").unwrap();
        let transfer = transferring(&issuer, &again, "eve@example.org");
        assert_eq!(decide(&store, move |tx| step::transfer(tx, &transfer)), Err(MeritProblem::TemplateAlreadySent));
        assert_eq!(issuer.status(&again.id), Status::Pending, "nothing changed");
    }

    fn values_follow_the_fields_of_the_template(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let (grade, day) = (issuer.add_field("Grade", FieldType::ShortText), issuer.add_field("Day", FieldType::Date));
        let send = |values: Vec<_>| {
            let recipient = issuer.recipient("ada@example.org", values);
            issuer.try_send(issuer.sending(vec![recipient]))
        };
        assert_eq!(send(vec![(grade.clone(), text("A"))]), Err(RequestFault::Field.into()));
        issuer.set_field(&grade, set(true, true, None)).unwrap();
        store.advance(Duration::from_millis(1));
        issuer.set_field(&day, set(true, false, None)).unwrap();
        assert_eq!(send(Vec::new()), Err(MeritProblem::FieldEmpty));
        assert_eq!(send(vec![(grade.clone(), text("A")), (day.clone(), text("soon"))]), Err(RequestFault::Value.into()));
        let merit = send(vec![(grade.clone(), text(" A "))]).unwrap();
        assert_eq!(merit.values.get(&grade), Some(&FieldValue::Text("A".to_owned())));
        assert_eq!(issuer.set_field(&grade, set(false, false, None)), Err(MeritProblem::RequiredFieldStays));
        assert_eq!(issuer.set_field(&grade, set(true, true, Some("B"))), Err(MeritProblem::ValuesDiffer));
        assert_eq!(issuer.set_field(&grade, set(true, true, Some("A"))), Ok(()));
        send(vec![(grade.clone(), text("A")), (day.clone(), text("2026-01-01"))]).unwrap();
        assert_eq!(issuer.set_field(&day, set(true, true, None)), Err(MeritProblem::OptionalInUse));
        let (org, template) = (issuer.org.clone(), issuer.template.clone());
        let fields = store.read_blocking(move |tx| template::fields(tx, &org, &template)).unwrap();
        let names: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.setting.in_use)).collect();
        assert_eq!(names, [("Recipient Name", true), ("Grade", true), ("Day", true)]);
        let (org, actor, now) = (issuer.org.clone(), issuer.actor(), store.clock.now());
        let again = field::NewField { id: grade, name: "GRADE".to_owned(), description: String::new(), kind: FieldType::Date };
        assert_eq!(decide(&store, move |tx| field::add(tx, &org, &actor, &again, now)), Err(MeritProblem::FieldNameTaken));
    }

    fn archived_templates_are_neither_sent_nor_changed(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let grade = issuer.add_field("Grade", FieldType::ShortText);
        let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), issuer.template.clone(), store.clock.now());
        let change = TemplateChange { archived: Some(true), ..TemplateChange::default() };
        decide(&store, move |tx| template::change(tx, &org, &actor, &id, &change, now)).unwrap();
        let recipient = issuer.recipient("ada@example.org", Vec::new());
        assert_eq!(issuer.try_send(issuer.sending(vec![recipient])), Err(RequestFault::Archived.into()));
        assert_eq!(issuer.set_field(&grade, set(true, false, None)), Err(MeritProblem::FieldSettingsFixed));
        let unknown = MeritTemplateId::new(now, &*store.rng);
        let recipient = issuer.recipient("ada@example.org", Vec::new());
        let sending = Sending { template_id: unknown, ..issuer.sending(vec![recipient]) };
        assert_eq!(issuer.try_send(sending), Err(MeritProblem::NotFound));
    }

    fn edits_are_kept_and_ended_merits_are_not_edited(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let grade = issuer.add_field("Grade", FieldType::ShortText);
        issuer.set_field(&grade, set(true, true, None)).unwrap();
        let recipient = issuer.recipient("ada@example.org", vec![(grade.clone(), text("A"))]);
        let merit = issuer.try_send(issuer.sending(vec![recipient])).unwrap();
        let edit = |value: &str| {
            let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), merit.id.clone(), store.clock.now());
            let edit_id = MeritEditId::from_text(format!("med_{}", next_merit(&store).digits()));
            let change = NewValue { edit_id, field_id: grade.clone(), value: text(value) };
            decide(&store, move |tx| edit::set_values(tx, &org, &actor, &id, std::slice::from_ref(&change), now))
        };
        assert_eq!(edit("B").unwrap().values.get(&grade), Some(&FieldValue::Text("B".to_owned())));
        assert_eq!(edit(""), Err(MeritProblem::FieldEmpty));
        edit("B").unwrap();
        let (org, id) = (issuer.org.clone(), merit.id.clone());
        let edits = store.read_blocking(move |tx| edit::list_of_merit(tx, &org, &id, &PageRequest::default())).unwrap();
        assert_eq!(edits.items.len(), 1, "what changes nothing is no edit");
        assert_eq!(edits.items[0].old_value, Some(FieldValue::Text("A".to_owned())));
        revoke(&issuer, &merit).unwrap();
        assert_eq!(edit("C"), Err(MeritProblem::MeritNotEditable));
    }

    fn a_used_up_budget_is_told_and_nobody_else_notices(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let send = |issuer: &Issuer<'_>, count: usize| {
            let to = (0..count).map(|number| issuer.recipient(&format!("n{number}@example.org"), Vec::new())).collect();
            let sending = Sending { daily_budget: 3, ..issuer.sending(to) };
            decide(&store, move |tx| sigma_store::merits::send::many(tx, &sending)).map(|sent| sent.len())
        };
        assert_eq!(send(&issuer, 2), Ok(2));
        assert!(matches!(send(&issuer, 2), Err(MeritProblem::RateLimit(86_000..=86_400))), "two do not fit");
        assert_eq!(send(&issuer, 1), Ok(1));
        assert!(matches!(send(&issuer, 1), Err(MeritProblem::RateLimit(_))));
        assert_eq!(send(&other, 3), Ok(3));
        store.advance(Duration::from_hours(24));
        assert_eq!(send(&issuer, 3), Ok(3));
        let (org, quotas, now) = (issuer.org.clone(), QuotaChange::new([("merits_per_day", Some(4))]), store.clock.now());
        let quotas = quotas.unwrap();
        insist(&store, move |tx| quotas::change(tx, &org, &quotas, now));
        assert_eq!(send(&issuer, 1), Ok(1), "its own quota counts");
        assert!(matches!(send(&issuer, 1), Err(MeritProblem::RateLimit(_))));
    }

    fn members_are_reached_by_id_only_by_orgs_that_know_them(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let ada = person(&store, "ada");
        let send = |issuer: &Issuer<'_>| {
            let recipient = sigma_store::merits::send::Recipient {
                merit_id: next_merit(&store),
                to: To::Member(ada.clone()),
                name: PersonName::of_text("Ada").unwrap(),
                values: Vec::new(),
            };
            issuer.try_send(issuer.sending(vec![recipient]))
        };
        issuer.send("ada@example.org");
        let merit = send(&issuer).unwrap();
        assert_eq!((merit.email.as_str(), merit.user_id), ("", Some(ada.clone())), "the address is not told");
        assert_eq!(send(&other), Err(MeritProblem::NotFound));
    }
}
