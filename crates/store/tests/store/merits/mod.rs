//! Merits on both engines.

mod attachments;
mod batches;
mod consents;
mod credentials;
mod holders;
mod issuing;
mod lists;
mod pages;
mod people;
mod pictures;
mod races;
mod trail;
mod waiting;

use std::time::Duration;

use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{AppId, ClientId, FieldId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{
    FieldType, MemberPermissions, MeritProblem, Move, OrgPermission, OrgPermissions, PersonName, SettingChange,
    SiteUrl, Standing, Status,
};
use sigma_core::org::Refusal;
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::merits::access::{self, Agreement};
use sigma_store::merits::request::{self, Asked, Request};
use sigma_store::merits::send::{self, Manner, Recipient, Sending, To};
use sigma_store::merits::template::{self, NewTemplate};
use sigma_store::merits::{Merit, field, issuer, link, member};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, NewOrg};
use sigma_store::testing::{TestStore, decide, insist};
use sigma_store::{MasterKey, Store, app, user};

/// An org with an admin, an app of its own and a template.
pub(super) struct Issuer<'a> {
    pub(super) store: &'a TestStore,
    pub(super) org: OrgId,
    pub(super) admin: UserId,
    pub(super) app: AppId,
    pub(super) template: MeritTemplateId,
}

pub(super) fn address(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// Somebody with a proven address `name@example.org`.
pub(super) fn person(store: &TestStore, name: &str) -> UserId {
    let id = UserId::new(store.clock.now(), &*store.rng);
    let (made, name, now) = (id.clone(), name.to_owned(), store.clock.now());
    let email = address(&format!("{name}@example.org"));
    insist(store, move |tx| user::add_with_email(tx, &made, &email, EmailProof::Verified, &name, now)).unwrap();
    id
}

pub(super) fn next_merit(store: &TestStore) -> MeritId {
    store.advance(Duration::from_millis(1));
    MeritId::new(store.clock.now(), &*store.rng)
}

impl<'a> Issuer<'a> {
    pub(super) fn new(store: &'a TestStore, name: &str) -> Self {
        Self::of_standing(store, name, Standing::Verified)
    }

    pub(super) fn of_standing(store: &'a TestStore, name: &str, standing: Standing) -> Self {
        let now = store.clock.now();
        let org = OrgId::new(now, &*store.rng);
        let key = MasterKey::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let new = NewOrg::new(org.clone(), name.to_owned(), &key, now, &*store.rng).unwrap();
        let (admin, role) = (person(store, &format!("admin-{name}")), new.admin_role.clone());
        decide(store, move |tx| org::add(tx, &new)).unwrap();
        let (org_id, user_id) = (org.clone(), admin.clone());
        decide::<_, Refusal>(store, move |tx| {
            let new =
                NewMember { user_id: user_id.clone(), role_id: role.clone(), state: State::Active, quick_login: false };
            membership::add(tx, &org_id, &Actor::Operator, &new, now)
        })
        .unwrap();
        let app = add_app(store, &org);
        let mut issuer = Self { store, org, admin, app, template: MeritTemplateId::from_text(String::new()) };
        issuer.set_standing(standing);
        issuer.template = issuer.add_template("Baker", Often::Always);
        issuer
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        let (org, now) = (self.org.clone(), self.store.clock.now());
        decide(self.store, move |tx| issuer::set_standing(tx, &org, standing, now)).unwrap();
    }

    pub(super) fn add_template(&self, title: &str, often: Often) -> MeritTemplateId {
        let now = self.store.clock.now();
        let new = NewTemplate {
            id: MeritTemplateId::new(now, &*self.store.rng),
            title: title.to_owned(),
            description: format!("{title} of the year"),
            once: often == Often::Once,
            cover: None,
        };
        let (org, id, actor) = (self.org.clone(), new.id.clone(), self.actor());
        decide(self.store, move |tx| template::add(tx, &org, &actor, &new, now)).unwrap();
        id
    }

    pub(super) fn add_field(&self, name: &str, kind: FieldType) -> FieldId {
        let now = self.store.clock.now();
        let id = FieldId::new(now, &*self.store.rng);
        let new = field::NewField { id: id.clone(), name: name.to_owned(), description: String::new(), kind };
        let (org, actor) = (self.org.clone(), self.actor());
        decide(self.store, move |tx| field::add(tx, &org, &actor, &new, now)).unwrap();
        id
    }

    pub(super) fn set_field(&self, field: &FieldId, change: SettingChange) -> Result<(), MeritProblem> {
        let (org, actor, now) = (self.org.clone(), self.actor(), self.store.clock.now());
        let (template, field) = (self.template.clone(), field.clone());
        decide(self.store, move |tx| {
            template::set_field(tx, &org, &actor, (&template, &field), |_| Ok(change.clone()), now)
        })
        .map(drop)
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::App(self.app.clone())
    }

    pub(super) fn sending(&self, recipients: Vec<Recipient>) -> Sending {
        Sending {
            org_id: self.org.clone(),
            actor: self.actor(),
            template_id: self.template.clone(),
            manner: Manner::Send,
            recipients,
            daily_budget: 100_000,
            now: self.store.clock.now(),
        }
    }

    pub(super) fn recipient(&self, email: &str, values: Vec<(FieldId, Value)>) -> Recipient {
        Recipient {
            merit_id: next_merit(self.store),
            to: To::Email(address(email)),
            name: PersonName::of_text("Ada Lovelace").unwrap(),
            values,
        }
    }

    pub(super) fn try_send(&self, sending: Sending) -> Result<Merit, MeritProblem> {
        try_send(self.store, sending)
    }

    pub(super) fn send(&self, email: &str) -> Merit {
        let recipient = self.recipient(email, Vec::new());
        self.try_send(self.sending(vec![recipient])).unwrap()
    }

    pub(super) fn status(&self, id: &MeritId) -> Status {
        self.find(id).unwrap().status
    }

    pub(super) fn find(&self, id: &MeritId) -> Option<Merit> {
        let (org, id) = (self.org.clone(), id.clone());
        self.store.read_blocking(move |tx| sigma_store::merits::find(tx, &org, &id)).unwrap()
    }

    pub(super) fn answer(&self, user: &UserId, id: &MeritId, step: Move) -> Result<Merit, MeritProblem> {
        let (org, user, id, now) = (self.org.clone(), user.clone(), id.clone(), self.store.clock.now());
        decide(self.store, move |tx| member::answer(tx, &user, (&org, &id), step, now))
    }

    pub(super) fn link(&self, app: &AppId, permission: OrgPermission) {
        let (org, app, now) = (self.org.clone(), app.clone(), self.store.clock.now());
        let actor = Actor::User(self.admin.clone());
        let permissions = OrgPermissions::NONE.with(permission);
        decide(self.store, move |tx| link::put(tx, &org, &app, permissions, &actor, now)).unwrap();
    }

    /// Asks for access on behalf of the org; the digest of the request's token.
    pub(super) fn ask(&self, app: &AppId, permissions: MemberPermissions) -> Digest {
        let site = SiteUrl::parse("https://shop.example").unwrap();
        let request = Request {
            app_id: app.clone(),
            asked: Asked::Login(self.org.clone(), permissions),
            success_url: site.resolve("/done").unwrap(),
            failure_url: site.resolve("/failed").unwrap(),
            state: Some("&x".to_owned()),
        };
        let hash = Digest::of(next_merit(self.store).as_str());
        let now = self.store.clock.now();
        decide(self.store, move |tx| request::begin(tx, &hash, &request, now)).unwrap();
        hash
    }

    pub(super) fn agreement(&self, user: &UserId, request: Digest) -> Agreement {
        let now = self.store.clock.now();
        Agreement {
            request,
            user_id: user.clone(),
            merit_id: next_merit(self.store),
            template_id: MeritTemplateId::new(now, &*self.store.rng),
            name: PersonName::of_text("Ada Lovelace").unwrap(),
            now: self.store.clock.now(),
        }
    }

    pub(super) fn agree(&self, user: &UserId, permissions: MemberPermissions) -> Result<Merit, MeritProblem> {
        let agreement = self.agreement(user, self.ask(&self.app, permissions));
        decide(self.store, move |tx| access::agree(tx, &agreement))
    }
}

pub(super) fn try_send(store: &Store, sending: Sending) -> Result<Merit, MeritProblem> {
    decide(store, move |tx| send::one(tx, &sending))
}

/// Whether a template is sent once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Often {
    Once,
    Always,
}

/// A confidential app of that org.
pub(super) fn add_app(store: &TestStore, org: &OrgId) -> AppId {
    let id = AppId::from_text(format!("app_{}", next_merit(store).digits()));
    let app = App {
        client_id: ClientId::of(&id),
        id: id.clone(),
        org_id: org.clone(),
        auth_method: AuthMethod::ClientSecret,
        secret: Some(Digest::of("secret")),
        site_url: Some(SiteUrl::parse("https://shop.example").unwrap()),
        ..App::sigma()
    };
    insist(store, move |tx| app::add(tx, &app));
    id
}

pub(super) fn profile() -> MemberPermissions {
    MemberPermissions { profile: true, ..MemberPermissions::default() }
}

pub(super) fn text(text: &str) -> Value {
    json!(text)
}
