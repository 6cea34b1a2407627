//! An org that issues merits, an app that acts for it, and a person who lets the app see theirs. Many merits are written by SQL: sending
//! them would take longer than the measurement is worth.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rusqlite::params;
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::merits::{Cursor, Scope};
use sigma_core::org::Refusal;
use sigma_core::time::Clock as _;
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::role;

use crate::http::{Connection, form, get, post_body, post_json};
use crate::people::{Person, Timestamps};
use crate::sigma::Installation;
use crate::system::{Failure, SystemClock};

/// How many merits of the org are older than those of the member.
const FIRST_HELD: u32 = 200;
/// Where the app's users return to.
const SITE: &str = "https://bench.example.org";
const LOGIN_PATH: &str = "/login-with-sigma";

/// The org and its app.
pub struct BenchIssuer {
    /// The digits of the org's id.
    pub org: String,
    /// The digits of the app's id.
    app: String,
    basic: String,
    /// The `Authorization` header of the app acting for the org.
    bearer: String,
    /// The digits of a template.
    template: String,
}

/// The person.
pub struct Holder {
    person: Person,
    /// The digits of their id.
    pub id: String,
}

impl BenchIssuer {
    /// A verified org with an app of its own.
    pub fn make(installation: &Installation) -> Result<Self, Failure> {
        let org = installation.admin(&["workspace", "add", "--name", "Bench"])?;
        let org = text(&org, "id")?;
        installation.admin(&["workspace", "set", org, "--verified"])?;
        let app = installation.admin(&["app", "add", "--name", "Badges", "--workspace", org, "--site-url", SITE])?;
        let (id, secret) = (digits(text(&app, "id")?), text(&app, "client_secret")?);
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        Ok(Self {
            org: digits(org).to_owned(),
            app: id.to_owned(),
            basic,
            bearer: String::new(),
            template: String::new(),
        })
    }

    /// Gets a token, and a template on the first call.
    pub async fn begin(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let path = format!("/v2/orgs/{}/access", self.org);
        let answer = connection.send(&post_json(&path, &[("Authorization", &self.basic)], "{}")).await?;
        let token = answer.json_text("orgAccessToken").ok_or_else(|| format!("no token: {}", answer.text()))?;
        self.bearer = format!("Bearer {token}");
        if self.template.is_empty() {
            let body = format!(r#"{{"orgId":"{}","title":"Bench","description":"A badge"}}"#, self.org);
            let request = self.post("/v2/merittemplates", &body);
            let answer = connection.send(&request).await?;
            let id = answer.json_text("id").ok_or_else(|| format!("no template: {}", answer.text()))?;
            id.clone_into(&mut self.template);
        }
        Ok(())
    }

    fn post(&self, path: &str, body: &str) -> Bytes {
        post_json(path, &[("Authorization", &self.bearer)], body).into()
    }

    /// Reads something for the org.
    pub fn get(&self, path: &str) -> Bytes {
        get(path, &[("Authorization", &self.bearer)]).into()
    }

    /// Sends a merit to one of many addresses.
    pub fn send(&self, number: usize) -> Bytes {
        let body = format!(
            r#"{{"recipientEmail":"person-{number}@example.org","meritTemplateId":"{}","recipientName":"Ada Lovelace"}}"#,
            self.template
        );
        self.post("/v2/merits/send", &body)
    }

    /// Agrees, as `holder`, that the app sees their merits; the token that the app exchanges.
    pub async fn agree(&self, connection: &mut Connection, origin: &str, holder: &Holder) -> Result<String, Failure> {
        let path = format!("/v2/orgs/{}/request_loginwithsigma_url", self.org);
        let body = r#"{"requestedPermissions":[{"permissionType":"CanViewAllStandardMerits"}],"successUrl":"/in","failureUrl":"/out"}"#;
        let answer = connection.send(&self.post(&path, body)).await?;
        let url = answer.json_text("request_loginwithsigma_url").unwrap_or_default();
        let token = url.split_once("token=").map(|(_, token)| token.to_owned());
        let token = token.ok_or_else(|| format!("no request: {}", answer.text()))?;
        let shown_to = format!("user_{}", holder.id);
        let fields = [("token", token.as_str()), ("shown_to", &shown_to), ("accept", "true")];
        let headers = [("Cookie", holder.person.cookie.as_str()), ("Origin", origin)];
        let answer = connection.send(&post_body(LOGIN_PATH, &headers, &form(&fields))).await?;
        let location = answer.header("location").unwrap_or_default();
        let handle = location.split_once("memberIdToken=").and_then(|(_, rest)| rest.split('&').next());
        handle.map(str::to_owned).ok_or_else(|| format!("no consent: {} {location}", answer.status).into())
    }

    /// The id of the template.
    pub fn template(&self) -> String {
        format!("mtp_{}", self.template)
    }

    /// Makes somebody an admin of the org.
    pub fn appoint(&self, installation: &Installation, somebody: &Holder) -> Result<(), Failure> {
        let (org_id, now) = (OrgId::from_text(format!("org_{}", self.org)), SystemClock.now());
        let user_id = UserId::from_text(format!("user_{}", somebody.id));
        let store = installation.open_store()?;
        let appointed = store.decide_blocking(move |tx| {
            let role = role::find_by_name(tx, &org_id, "Admin")?.ok_or_else(|| Refusal::not_found("Role", "Admin"))?;
            let (user_id, role_id) = (user_id.clone(), role.id);
            let new = NewMember { user_id, role_id, state: State::Active, quick_login: false };
            membership::add(tx, &org_id, &Actor::Operator, &new, now)
        });
        store.close();
        appointed.map(drop).map_err(Into::into)
    }

    /// The page of the org's merits that begins after the merit of that number.
    pub fn page_after(&self, number: u32) -> Bytes {
        let scope = Scope::of(&["merits", &format!("org_{}", self.org), "", ""]);
        let after = Cursor::of(&merit_id(number)).encode(scope);
        self.get(&format!("/v2/orgs/{}/merits?limit=50&starting_after={after}", self.org))
    }

    /// The page of a member's merits that begins after their merit of that number.
    pub fn page_of_member_after(&self, holder: &Holder, number: u32) -> Bytes {
        let parts = [format!("user_{}", holder.id), format!("org_{}", self.org), format!("app_{}", self.app)];
        let [user, org, app] = parts.each_ref();
        let after = Cursor::of(&merit_id(FIRST_HELD + number)).encode(Scope::of(&["member", user, org, app, ""]));
        self.get(&format!("/v2/members/{}/merits?limit=50&starting_after={after}", holder.id))
    }

    /// Adds merits of the org: `held` are accepted by `holder`, those before and after them wait for nobody in particular, so that
    /// both ends of the org's list are alike.
    pub fn fill(&self, database: &Path, holder: &Holder, held: u32, count: u32) -> Result<(), Failure> {
        let connection = rusqlite::Connection::open(database)?;
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")?;
        connection.execute(
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
             INSERT INTO merits (org_id, id, template_id, access, status, email, email_folded, user_id, first_name, last_name,
                field_values, is_public, sent_at, updated_at)
             SELECT 'org_' || ?2, printf('mrt_00%022x', n), 'mtp_' || ?3, 0, CASE WHEN n > ?6 AND n <= ?6 + ?4 THEN 'Accepted' ELSE 'Pending' END,
                printf('many-%d@example.org', n), printf('many-%d@example.org', n),
                CASE WHEN n > ?6 AND n <= ?6 + ?4 THEN 'user_' || ?5 END, 'Ada', 'Lovelace', '{}', 1, n, n FROM numbers",
            params![count, self.org, self.template, held, holder.id, FIRST_HELD],
        )?;
        connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }
}

impl Holder {
    /// The `Cookie` header of their browser.
    pub fn cookie(&self) -> &str {
        &self.person.cookie
    }

    /// A new person.
    pub async fn sign_up(connection: &mut Connection, timestamps: &mut Timestamps) -> Result<Self, Failure> {
        let person = Person::sign_up(connection, timestamps).await?;
        let answer = connection.send(&get("/api/auth/get-session", &[("Cookie", &person.cookie)])).await?;
        let id = answer.json_text("userId").map(|id| digits(id).to_owned());
        let id = id.ok_or_else(|| format!("no session: {}", answer.text()))?;
        Ok(Self { person, id })
    }
}

/// The digits of the id of a merit that was written by SQL.
fn merit_id(number: u32) -> String {
    format!("00{number:022x}")
}

fn digits(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, digits)| digits)
}

fn text<'a>(printed: &'a serde_json::Value, name: &str) -> Result<&'a str, Failure> {
    printed.get(name).and_then(serde_json::Value::as_str).ok_or_else(|| format!("no {name} in {printed}").into())
}
