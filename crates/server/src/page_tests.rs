//! What pages of all surfaces have in common: they escape what they show, and load nothing from elsewhere.

use axum::body::to_bytes;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use sigma_core::time::Timestamp;

use crate::account::view::*;
use crate::backup::view::*;
use crate::front_door::SignInMethod;
use crate::front_door::view::*;
use crate::i18n::Language;
use crate::oauth::view::*;
use crate::pages::view::*;
use crate::settings::ProviderKind;
use crate::workspace::pages::view::{AcceptInvitation, InvitationForm};

const CONTEXT: PageContext<'static> = PageContext::new("https://id.example.org");

fn app() -> AppView {
    AppView {
        name: "<b>Play</b>".into(),
        host: "app.example.org".into(),
        logo_url: None,
        terms_url: None,
        privacy_url: None,
        unverified: true,
        described_at: None,
    }
}

fn person() -> PersonView {
    PersonView {
        name: "Ada <i>".into(),
        bap_id: Some("2mS7r1dhavg17CtduUWA5rY3dCLc".into()),
        pubkey: Some("029200b6".into()),
        picture: None,
    }
}

fn identity(name: &str, selected: bool) -> IdentityChoice {
    IdentityChoice { bap_id: format!("id-{name}"), name: name.into(), picture: None, selected }
}

fn consent() -> Consent {
    Consent {
        returns_to_device: false,
        app: app(),
        scopes: vec![ScopeLine::of(Language::English, "openid"), ScopeLine::of(Language::English, "x\"><script>")],
        identities: vec![identity("Ada", true)],
        person: person(),
        org: Some("org_1\"><script>".into()),
        interaction: "int_1".into(),
        shown_to: "user_1".to_owned(),
        switch_url: Some("/login?again=1".into()),
        offers_passkey: true,
    }
}

fn select_org() -> SelectOrg {
    let orgs = vec![OrgChoice { id: "org_1\"><script>".into(), name: "<script>Bakery".into() }];
    SelectOrg { person: person(), app: app(), orgs, interaction: "int_1".into(), shown_to: "user_1".into() }
}

fn device() -> ApproveDevice {
    ApproveDevice {
        app: app(),
        user_code: "WDJB-MJH7".into(),
        scopes: consent().scopes,
        device: "<script>".into(),
        address: "<script>".into(),
        is_near: false,
        asked_at: Timestamp::from_seconds(1_800_000_000),
        identities: consent().identities,
        person: person(),
        shown_to: "user_1".to_owned(),
        switch_url: "/login?again=1".into(),
    }
}

fn provider_button(kind: ProviderKind) -> ProviderButton {
    let icon = (kind == ProviderKind::OpenId).then(|| "/logos/a.png".to_owned());
    ProviderButton { id: "google".into(), label: "\"><script>".into(), icon, kind }
}

fn link_question() -> LinkQuestion {
    LinkQuestion {
        provider: "<script>\"'>".into(),
        account: "<script>\"'>".into(),
        refusal: None,
        link_url: "/signup/provider?interaction=int_1".into(),
        continue_url: "/".into(),
    }
}

fn sign_in(methods: &[SignInMethod]) -> SignInPage {
    let hostile = || "\"><script>".to_owned();
    let line = QuickLoginLine { user_id: hostile(), name: hostile(), role: hostile() };
    SignInPage {
        aim: Aim::App(app()),
        again: None,
        methods: methods.to_vec(),
        providers: ProviderKind::ALL.map(provider_button).to_vec(),
        passkey: passkey_hints(),
        quick: vec![QuickLoginGroup { workspace_id: hostile(), name: hostile(), people: vec![line] }],
        email: hostile(),
        refusal: Some(hostile()),
        key: KeyHints {
            login_hint: Some(hostile()),
            bap_id: None,
            continue_url: "/oauth2/authorize?interaction=int_1".into(),
        },
        sign_up_url: "/signup?interaction=int_1".into(),
        restore_url: "/oauth-restore?interaction=int_1".into(),
        email_sign_up_url: Some("/signup/email".into()),
        switch_url: "/login?interaction=int_1&switch=1".into(),
        provider_url: "/login/provider?interaction=int_1".into(),
        password_url: "/login/password?interaction=int_1".into(),
        forgot_url: "/password/forgot?interaction=int_1".into(),
        quick_url: "/login/quick?interaction=int_1".into(),
    }
}

fn passkey_hints() -> PasskeyHints {
    let at = |path: &str| format!("{path}?interaction=int_1");
    PasskeyHints { options_url: at("/login/passkey/options"), url: at("/login/passkey") }
}

fn second_factor() -> SecondFactorPage {
    SecondFactorPage {
        app: Some(app()),
        person: person(),
        passkey: Some(passkey_hints()),
        has_totp: true,
        has_recovery: true,
        is_recovery: true,
        refusal: Some("\"><script>".to_owned()),
        url: "/login/second-factor?interaction=int_1".into(),
        switch_url: "/login?interaction=int_1&switch=1".into(),
    }
}

fn add_second_factor() -> AddSecondFactor {
    AddSecondFactor {
        app: Some(app()),
        person: person(),
        passkeys_url: Some("/account/passkeys".into()),
        totp_url: "/account/authenticator?interaction=int_1".into(),
        continue_url: "/oauth2/authorize?interaction=int_1".into(),
        switch_url: "/login?interaction=int_1&switch=1".into(),
    }
}

fn session(user_agent: Option<&str>) -> SessionLine {
    SessionLine {
        id: "ses_1".into(),
        current: false,
        user_agent: user_agent.map(str::to_owned),
        address: Some("192.0.2.1".into()),
        created_at: Timestamp::from_seconds(1_795_327_199),
    }
}

fn sign_up() -> SignUp {
    SignUp { app: None, continue_url: "/".into(), sign_in_url: "/login".into(), email_url: None }
}

/// The pages of a sign-up by e-mail.
fn email_sign_up_pages() -> Vec<Response> {
    let hostile = || "<script>\"'>".to_owned();
    let form = EmailSignUpForm {
        app: Some(app()),
        action: "/signup/email?interaction=int_1".into(),
        sign_in_url: "/login?interaction=int_1".into(),
        key_url: Some("/signup?interaction=int_1".into()),
        name: hostile(),
        email: hostile(),
        refusal: Some(hostile()),
    };
    let check = |takes_codes| EmailSignUpCheck {
        email: hostile(),
        life: "1 hour".into(),
        takes_codes,
        again_url: "/signup/email".into(),
        refusal: Some(hostile()),
    };
    let confirm = |state| ConfirmEmail { token: hostile(), email: hostile(), name: hostile(), state };
    let mut pages = vec![form.render(StatusCode::OK, &CONTEXT)];
    pages.extend([true, false].map(|takes_codes| check(takes_codes).render(StatusCode::OK, &CONTEXT)));
    let states = [ConfirmState::Here, ConfirmState::Elsewhere, ConfirmState::Done];
    pages.extend(states.map(|state| confirm(state).render(StatusCode::OK, &CONTEXT)));
    pages
}

/// The pages of backups.
fn backup_pages() -> Vec<Response> {
    let hostile = || "<script>\"'>".to_owned();
    let at = Timestamp::from_seconds(1_795_327_199);
    let version = || VersionLine { id: hostile(), hash: hostile(), stored_at: at, first_stored_at: at };
    let account = |done, refused, sign_in_url| AccountBackups {
        lines: vec![
            BackupLine { bap_id: hostile(), name: hostile(), versions: vec![version(), version()] },
            BackupLine { bap_id: hostile(), name: "Ada".into(), versions: Vec::new() },
        ],
        done,
        refused,
        sign_in_url,
    };
    let choice = || RestoreChoice { bap_id: hostile(), name: hostile(), stored_at: at };
    let proven = |email| OauthRestore {
        account: Some(ProvenAccount { oauth_id: hostile(), email }),
        providers: Vec::new(),
        refused: None,
        url: "/oauth-restore?interaction=int_1".into(),
        continue_url: "/api/auth/oauth2/authorize?interaction=int_1".into(),
        use_key_url: "/login?interaction=int_1&switch=1".into(),
    };
    let unproven =
        |providers| OauthRestore { account: None, providers, refused: Some("provider-access-denied"), ..proven(None) };
    vec![
        account(Some("backup-done-stored"), None, None).render(StatusCode::OK, &CONTEXT),
        account(None, Some("backup-refused-old"), Some("/login".into())).render(StatusCode::OK, &CONTEXT),
        Restore { choices: Vec::new() }.render(&CONTEXT),
        Restore { choices: vec![choice()] }.render(&CONTEXT),
        Restore { choices: vec![choice(), choice()] }.render(&CONTEXT),
        proven(Some(hostile())).render(&CONTEXT),
        proven(None).render(&CONTEXT),
        unproven(Vec::new()).render(&CONTEXT),
        unproven(vec![ProviderButton { id: hostile(), label: hostile(), icon: None, kind: ProviderKind::GitHub }])
            .render(&CONTEXT),
    ]
}

/// Every page, with hostile text wherever input from outside can appear.
fn every_page() -> Vec<Response> {
    let error = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: "No".into(),
        code: Some("invalid_client".into()),
        description: "<script>".into(),
        request_id: Some("req_1".into()),
        links: vec![Link { href: "/".into(), label: "Home".into() }],
    };
    let sign_up = SignUp { app: Some(app()), email_url: Some("/signup/email".into()), ..sign_up() };
    let select = SelectAccount { person: person(), app: app(), interaction: "int_1".into(), shown_to: "user_1".into() };
    let fields = vec![("state".to_owned(), "\"><script>".to_owned())];
    let log_out =
        LogOutConfirm { app: Some("<b>".into()), fault: None, person: None, has_key: true, fields: fields.clone() };
    let hostile = || "<script>\"'>".to_owned();
    let forgot = ForgotPassword {
        sent: false,
        email: hostile(),
        refusal: true,
        interaction: Some("int_1".into()),
        life: "1 hour".into(),
    };
    let reset = ResetPassword { token: hostile(), email: hostile(), refusal: Some(hostile()) };
    let account = |state| AccountPassword {
        email: hostile(),
        state,
        saved: true,
        refusal: Some(hostile()),
        sign_in_url: "/login?interaction=int_1".into(),
    };
    let invitation = |form| AcceptInvitation {
        token: hostile(),
        workspace: hostile(),
        app: None,
        email: hostile(),
        form,
        refusal: Some(hostile()),
    };
    let states = [
        PasswordState::Set,
        PasswordState::None,
        PasswordState::SignInAgain,
        PasswordState::ByMail,
        PasswordState::NoAddress,
    ]
    .map(account);
    let sign_in_first =
        InvitationForm::SignInFirst { url: "/login?interaction=int_1".into(), signed_in_as: Some(hostile()) };
    let forms = [InvitationForm::SetPassword { name: hostile() }, InvitationForm::Agree, sign_in_first].map(invitation);
    let mut pages: Vec<Response> = states.iter().map(|page| page.render(StatusCode::OK, &CONTEXT)).collect();
    pages.extend(forms.iter().map(|page| page.render(StatusCode::OK, &CONTEXT)));
    pages.extend(email_sign_up_pages());
    pages.extend(backup_pages());
    pages.extend([forgot.render(StatusCode::OK, &CONTEXT), reset.render(StatusCode::OK, &CONTEXT)]);
    pages.extend([
        Welcome { signed_in: None, email: None, sessions: vec![] }.render(&CONTEXT),
        Welcome { signed_in: Some(person()), email: Some("ada@example.org".to_owned()), sessions: vec![session(None)] }
            .render(&CONTEXT),
        sign_in(&[SignInMethod::Key, SignInMethod::Password]).render(StatusCode::OK, &CONTEXT),
        sign_in(&[SignInMethod::Password, SignInMethod::Key]).render(StatusCode::OK, &CONTEXT),
        sign_in(&[SignInMethod::Provider, SignInMethod::Key]).render(StatusCode::OK, &CONTEXT),
        link_question().render(StatusCode::OK, &CONTEXT),
        SignInPage { again: Some(person()), quick: vec![], aim: Aim::Account, ..sign_in(&[SignInMethod::Password]) }
            .render(StatusCode::OK, &CONTEXT),
        sign_in(&[SignInMethod::Passkey]).render(StatusCode::OK, &CONTEXT),
        second_factor().render(StatusCode::UNAUTHORIZED, &CONTEXT),
        add_second_factor().render(&CONTEXT),
        sign_up.render(&CONTEXT),
        consent().render(&CONTEXT),
        device().render(&CONTEXT),
        EnterUserCode { typed: "\"><script>".into(), refused: true }.render(StatusCode::BAD_REQUEST, &CONTEXT),
        DeviceDecided { app: "<b>".into(), approved: true }.render(&CONTEXT),
        DeviceDecided { app: "<b>".into(), approved: false }.render(&CONTEXT),
        select.render(&CONTEXT),
        select_org().render(&CONTEXT),
        SelectOrg { orgs: Vec::new(), ..select_org() }.render(&CONTEXT),
        error.render(&CONTEXT),
        FormPost { action: "https://app.example.org/cb".into(), fields }.render(&CONTEXT),
        log_out.render(&CONTEXT),
        SignedOut { app: Some("<b>".into()), fault: None }.render(&CONTEXT),
        Reference.render(&CONTEXT),
    ]);
    pages
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn policy(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap()
}

#[test]
fn a_page_is_never_cached_framed_or_sniffed_and_runs_only_our_scripts() {
    let response = SignedOut { app: None, fault: None }.render(&CONTEXT);
    insta::assert_debug_snapshot!((response.status(), response.headers()), @r#"
    (
        200,
        {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "cache-control": "no-store",
            "referrer-policy": "strict-origin",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        },
    )
    "#);
}

#[tokio::test]
async fn no_page_has_inline_script_or_style_nor_loads_anything_from_elsewhere() {
    for page in every_page() {
        assert!(!policy(page.headers()).contains("unsafe"));
        let html = text(page).await;
        for forbidden in ["<style", " style=", "javascript:", " onclick=", " onload=", " src=\"http", " href=\"http"] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches("<script type=\"module\" src=\"/assets/").count(), "{html}");
    }
}

#[tokio::test]
async fn names_chosen_by_others_are_shown_as_text() {
    for page in every_page() {
        let html = text(page).await;
        assert!(!html.contains("<b>") && !html.contains("<i>") && !html.contains("\"><script>"), "{html}");
    }
}

#[tokio::test]
async fn fields_of_the_wallet_have_no_name_to_be_submitted_by() {
    let sign_in = SignInPage { quick: vec![], ..sign_in(&[SignInMethod::Key]) };
    for page in [sign_in.render(StatusCode::OK, &CONTEXT), sign_up().render(&CONTEXT)] {
        let html = text(page).await;
        assert!(html.contains("type=\"password\""));
        assert_eq!(html.matches(" name=\"").count(), html.matches("<meta name=\"").count(), "{html}");
        assert!(!html.contains("<form method") && !html.contains(" action="), "{html}");
    }
}

#[tokio::test]
async fn one_identity_is_shown_and_several_are_asked_for() {
    let one = text(consent().render(&CONTEXT)).await;
    assert!(one.contains("<input type=\"hidden\" name=\"bap_id\" value=\"id-Ada\">"));
    assert!(!one.contains("type=\"radio\""));

    let several = Consent { identities: vec![identity("Ada", false), identity("Bob", true)], ..consent() };
    let html = text(several.render(&CONTEXT)).await;
    assert!(html.contains("<input type=\"radio\" name=\"bap_id\" value=\"id-Ada\" required>"));
    assert!(html.contains("<input type=\"radio\" name=\"bap_id\" value=\"id-Bob\" required checked>"));
}

#[test]
fn only_pages_that_lead_to_an_app_let_their_form_leave_this_origin() {
    let form_post = FormPost { action: "com.example.app:/cb".into(), fields: vec![] };
    let select = SelectAccount { person: person(), app: app(), interaction: "int_1".into(), shown_to: "user_1".into() };
    let mut leaving = vec![consent().render(&CONTEXT), select.render(&CONTEXT), form_post.render(&CONTEXT)];
    leaving.push(select_org().render(&CONTEXT));
    leaving.push(SelectOrg { orgs: Vec::new(), ..select_org() }.render(&CONTEXT));
    // Five in the list of all pages.
    leaving.push(second_factor().render(StatusCode::OK, &CONTEXT));
    leaving.extend((0..5).map(|_| sign_in(&SignInMethod::ALL).render(StatusCode::OK, &CONTEXT)));
    // Those that lead to a provider.
    leaving.push(link_question().render(StatusCode::OK, &CONTEXT));
    // All but the first, which leads to the second.
    leaving.extend(email_sign_up_pages().into_iter().skip(1));
    // Those whose form leads to a provider.
    leaving.extend(backup_pages().into_iter().skip(7));
    for page in &leaving {
        assert!(!policy(page.headers()).contains("form-action"));
    }
    let strict = every_page().iter().filter(|page| policy(page.headers()).contains("form-action 'self';")).count();
    assert_eq!(strict, every_page().len() - leaving.len());
}

#[test]
fn scopes_are_described_in_plain_words_and_unknown_ones_by_name() {
    for scope in sigma_core::scope::KNOWN {
        let line = ScopeLine::of(Language::English, scope);
        assert_eq!(line.scope, scope);
        assert_ne!(line.title, scope);
    }
    assert_eq!(ScopeLine::of(Language::English, "bsv:tools").title, "bsv:tools");
}

#[tokio::test]
async fn a_session_is_described_by_device_and_time() {
    let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1";
    let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0";
    for (agent, words) in [
        (Some(safari), "Safari on iPhone"),
        (Some(edge), "Edge on Windows"),
        (Some("curl/8.5.0"), "curl"),
        (Some("<script>"), "Unknown device"),
        (None, "Unknown device"),
    ] {
        let page = Welcome { signed_in: Some(person()), email: None, sessions: vec![session(agent)] };
        let html = text(page.render(&CONTEXT)).await;
        assert!(html.contains(&format!("<strong>{words}</strong>")), "{words}");
        assert!(html.contains("2026-11-22 05:59 UTC</time> from 192.0.2.1"), "{html}");
    }
}

#[test]
fn an_initial_is_the_first_letter_or_digit_of_a_name() {
    assert_eq!(initial("  ärger"), "Ä");
    assert_eq!(initial("«1Kp…»"), "1");
    assert_eq!(initial("…"), "?");
}
