//! Decides what an authorization request needs next: sign-in, sign-up, account selection, consent, or nothing more.

use sigma_bitcoin::BapId;

use crate::app::App;
use crate::authentication::{
    AccountCredentials, Acr, Authentication, CredentialKind, Methods, Progress, Requirement, progress,
};
use crate::ids::{OrgId, SessionId, UserId};
use crate::person::Identity;
use crate::time::Timestamp;

use super::{AuthorizationRequest, AuthorizeError, Consents, ErrorResponse, OrgStanding, PromptValue};

/// Facts about the browser's session.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    /// The session.
    pub id: SessionId,
    /// The signed-in user.
    pub user_id: UserId,
    /// The last authentication.
    pub auth_time: Timestamp,
    /// The methods of that authentication.
    pub methods: Methods,
    /// The identity chosen last.
    pub bap_id: Option<BapId>,
}

impl SessionFacts {
    /// The authentication that the session stands for.
    pub fn authentication(&self) -> Authentication {
        Authentication::stored(self.user_id.clone(), self.methods.clone(), self.auth_time)
    }
}

/// The progress of a request, bound to one browser.
#[derive(Clone, Debug, Default)]
pub struct Interaction {
    /// When the request arrived.
    pub started_at: Timestamp,
    /// The user who chose and consented; choices of other users do not count.
    pub user_id: Option<UserId>,
    /// The chosen identity.
    pub bap_id: Option<BapId>,
    /// The org that they chose to act for.
    pub org_id: Option<OrgId>,
    /// Whether the account was chosen.
    pub account_chosen: bool,
    /// Consent was given.
    pub consented: bool,
}

/// The browser's user, as far as one app is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The browser's session.
    pub session: &'a SessionFacts,
    /// The kinds of credentials that the user can use.
    pub credentials: &'a [CredentialKind],
    /// Earlier consents for this app.
    pub consents: &'a Consents,
    /// The identity that the app would see, from [`choose_identity`].
    pub bap_id: Option<&'a BapId>,
    /// The org that they act for, from [`choose_org`](super::choose_org).
    pub org: &'a OrgStanding,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Sign in, or sign in again.
    SignIn,
    /// Prove one of these as well: the session is recent enough, and lacks a factor.
    StepUp(Vec<CredentialKind>),
    /// Add one of these: the app requires a second factor, and the account has none.
    Enrol(Vec<CredentialKind>),
    /// Create an account.
    SignUp,
    /// Choose the account.
    SelectAccount,
    /// Choose the org to act for, or learn that it is not one of theirs.
    SelectOrg,
    /// Ask for consent and for the identity.
    Consent,
    /// Issue the code.
    Issue,
}

/// Decides the next step for `request` of `app`. `visitor` is the signed-in user, `subject_hint` the subject of a valid
/// `id_token_hint`.
///
/// An app that the visitor never consented to learns nothing about them before they act: neither whether somebody is
/// signed in nor who. A silent request is answered as if nobody were signed in; where another request would fail
/// because of who they are, they are asked to sign in.
///
/// # Errors
/// The [`ErrorResponse`] for the app: a page that `prompt=none` forbids, or a requirement that cannot be met.
pub fn next_step(
    request: &AuthorizationRequest,
    app: &App,
    visitor: Option<&Visitor<'_>>,
    interaction: &Interaction,
    subject_hint: Option<&str>,
    now: Timestamp,
) -> Result<NextStep, ErrorResponse> {
    let silent = request.prompt.asks(PromptValue::None);
    let or_refuse = |step: NextStep, error: AuthorizeError, description: &str| {
        if silent { Err(ErrorResponse::new(error, description)) } else { Ok(step) }
    };
    let sign_in = || or_refuse(NextStep::SignIn, AuthorizeError::LoginRequired, "the user is not signed in");
    let Some(Visitor { session, credentials, consents, bap_id, org }) = visitor else {
        return if request.prompt.asks(PromptValue::Create) { Ok(NextStep::SignUp) } else { sign_in() };
    };
    let is_theirs = interaction.user_id.as_ref() == Some(&session.user_id);
    let consented = interaction.consented && is_theirs;
    let is_stranger = consents.is_empty() && !consented;
    if silent && is_stranger {
        return sign_in();
    }
    let is_fresh = session.auth_time >= interaction.started_at;
    let refuse = |error: AuthorizeError, description: &str| {
        if is_stranger && !is_fresh { Ok(NextStep::SignIn) } else { Err(ErrorResponse::new(error, description)) }
    };
    if request.prompt.asks(PromptValue::Create) && !is_fresh {
        return Ok(NextStep::SignUp);
    }
    let authentication = session.authentication();
    let requirement = Requirement { since: since(request, interaction, now), ..Requirement::ONE_FACTOR };
    if !requirement.accepts_time_of(&authentication) {
        return sign_in();
    }
    let is_other = |subject: &str| subject != session.user_id.as_str();
    let subjects = &request.claims.sub;
    if subject_hint.is_some_and(is_other) || (!subjects.is_empty() && subjects.iter().all(|subject| is_other(subject)))
    {
        return refuse(AuthorizeError::LoginRequired, "a different user is signed in");
    }
    let unmet = "the requested authentication context class cannot be met";
    match class_progress(request, app, &authentication, credentials, requirement) {
        Progress::Done => {}
        Progress::NeedsFactor(factors) => {
            return or_refuse(NextStep::StepUp(factors), AuthorizeError::LoginRequired, "the user is not signed in");
        }
        Progress::NeedsEnrolment(kinds) => {
            return or_refuse(
                NextStep::Enrol(kinds),
                AuthorizeError::InteractionRequired,
                "a second factor is required",
            );
        }
        Progress::OutOfReach => {
            return refuse(AuthorizeError::UnmetAuthenticationRequirements, unmet);
        }
    }
    let chosen = (interaction.account_chosen && is_theirs) || is_fresh;
    if request.prompt.asks(PromptValue::SelectAccount) && !chosen {
        return Ok(NextStep::SelectAccount);
    }
    match org {
        OrgStanding::NotAsked | OrgStanding::Acts(_) => {}
        OrgStanding::Open => {
            let description = "the user has to choose an organization";
            return or_refuse(NextStep::SelectOrg, AuthorizeError::InteractionRequired, description);
        }
        // The same as for an org of theirs that the app has not seen: it learns nothing without the user.
        OrgStanding::NoMember => {
            return or_refuse(NextStep::SelectOrg, AuthorizeError::ConsentRequired, "the user has not consented");
        }
    }
    // A hinted identity without consent always shows the page, theirs or not: otherwise an app could try identities and
    // learn from an immediate response which ones are the visitor's.
    let tries = request.bap_id.as_ref().is_some_and(|hint| !silent && consents.of(Some(hint)).is_none());
    let must_ask = request.prompt.asks(PromptValue::Consent) || app.always_asks() || tries;
    let is_remembered = || consents.of(*bap_id).is_some_and(|consent| consent.covers(&request.wanted(org.org_id())));
    if !consented && (must_ask || !is_remembered()) {
        return or_refuse(NextStep::Consent, AuthorizeError::ConsentRequired, "the user has not consented");
    }
    Ok(NextStep::Issue)
}

/// The moment before which an authentication does not count (`prompt=login` and `max_age`, OpenID Connect Core §3.1.2.1).
/// One that this request led to is always recent enough.
fn since(request: &AuthorizationRequest, interaction: &Interaction, now: Timestamp) -> Option<Timestamp> {
    if request.prompt.asks(PromptValue::Login) {
        return Some(interaction.started_at);
    }
    let oldest = |max_age: u32| match max_age {
        0 => interaction.started_at,
        _ => Timestamp::from_seconds(now.seconds() - i64::from(max_age)).min(interaction.started_at),
    };
    request.max_age.map(oldest)
}

/// What the session lacks of the authentication classes that are asked for: by the account itself, by the app's
/// registration, by an essential `acr` claim (§5.5.1.1), of which one must be met exactly, or by preference. A second
/// factor is added on the way only where the registration requires one.
fn class_progress(
    request: &AuthorizationRequest,
    app: &App,
    authentication: &Authentication,
    credentials: &[CredentialKind],
    requirement: Requirement,
) -> Progress {
    let (reached, acr) = (authentication.acr(), &request.claims.acr);
    let preferred = request.acr_values.iter().chain(&acr.values).find_map(|value| Acr::parse(value));
    let mut requirement = Requirement { wanted: preferred.unwrap_or(Acr::One), ..requirement };
    if acr.essential && !acr.values.is_empty() {
        let classes = || acr.values.iter().filter_map(|value| Acr::parse(value));
        match classes().find(|class| *class == reached).or_else(|| classes().find(|class| *class > reached)) {
            Some(class) => requirement = Requirement { required: class, wanted: class, ..requirement },
            None => return Progress::OutOfReach,
        }
    }
    let by_registration = if app.require_second_factor { Acr::Two } else { Acr::One };
    requirement.required = requirement.required.max(by_registration).max(Acr::demanded_by(credentials));
    let enrollable: &[_] = if app.require_second_factor { &CredentialKind::SECOND_FACTORS } else { &[] };
    progress(Some(authentication), AccountCredentials { held: credentials, enrollable }, requirement)
}

/// The identity that an app will see: chosen in the interaction, else requested by the app, else the session's, else
/// the primary one. Only the user's own identities count, and in a silent request only those that the app has seen
/// before: otherwise an app could find out whose an identity is.
pub fn choose_identity<'a>(
    identities: &'a [Identity],
    interaction: &Interaction,
    request: &AuthorizationRequest,
    session: &SessionFacts,
    consents: &Consents,
) -> Option<&'a Identity> {
    let theirs = interaction.user_id.as_ref() == Some(&session.user_id);
    let chosen = interaction.bap_id.as_ref().filter(|_| theirs);
    let silent = request.prompt.asks(PromptValue::None);
    let asked_for = request.bap_id.as_ref().filter(|bap_id| !silent || consents.of(Some(bap_id)).is_some());
    [chosen, asked_for, session.bap_id.as_ref()]
        .into_iter()
        .flatten()
        .find_map(|bap_id| identities.iter().find(|identity| identity.bap_id == *bap_id))
        .or_else(|| identities.iter().find(|identity| identity.is_primary))
        .or_else(|| identities.first())
}
