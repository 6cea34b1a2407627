use axum::body::to_bytes;
use axum::response::Response;
use http::{StatusCode, header};
use secrecy::SecretString;
use sigma_core::time::Timestamp;

use super::*;
use sigma_platform::pages::view::PageContext;

const CONTEXT: PageContext<'static> = PageContext::new("https://id.example.org");
const HOSTILE: &str = "\"><script>alert(1)</script><b>";

fn link(id: &str, name: &str) -> WorkspaceLink {
    WorkspaceLink { id: id.into(), name: name.into() }
}

fn frame(current: Tab) -> Frame {
    Frame {
        workspace: link("org_0192f3c1a2b3c4d5e6f70811", "Acme Research"),
        logo_url: Some("/logos/acme.png".into()),
        others: vec![link("org_2", HOSTILE)],
        person: "Ada Lovelace".into(),
        role: "Admin".into(),
        issues_merits: true,
        tabs: vec![Tab::People, Tab::Roles, Tab::Keys, Tab::Settings],
        current,
        notice: None,
    }
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_327_199 + day * 86_400)
}

fn member(name: &str, email: &str, role: &str, status: MemberStatus) -> MemberLine {
    MemberLine {
        user_id: format!("user_{}", name.len()),
        name: name.into(),
        email: Some(email.into()),
        role: role.into(),
        status,
        quick_login: status == MemberStatus::Active,
        is_self: name == "Ada Lovelace",
        created_at: at(-40),
    }
}

fn paging() -> Paging {
    Paging { offset: 50, limit: 50, total: 1_234 }
}

fn people() -> People {
    let people = vec![
        member("Ada Lovelace", "ada@example.org", "Admin", MemberStatus::Active),
        member(HOSTILE, "grace@example.org", "Member", MemberStatus::Invited),
        member("Alan Turing", "alan@example.org", "Editor", MemberStatus::Inactive),
    ];
    People { search: None, people, paging: paging() }
}

fn roles() -> Vec<RoleOption> {
    let role = |id: &str, name: &str, selected| RoleOption { id: id.into(), name: name.into(), selected };
    vec![role("role_1", "Admin", false), role("role_2", "Member", true)]
}

fn member_page(status: MemberStatus) -> MemberPage {
    MemberPage {
        user_id: "user_1".into(),
        name: "Grace Hopper".into(),
        email: Some("grace@example.org".into()),
        role: "Member".into(),
        status,
        created_at: at(-3),
        is_self: false,
        locked: None,
        roles: roles(),
        quick_login: QuickLoginSwitch { on: true, hint: "Gets in without a password.".into() },
        keys: 2,
    }
}

fn role_form(editing: Editing) -> RoleForm {
    let mut switches = SwitchLine::all();
    for switch in &mut switches {
        switch.on = switch.field == "canExport";
        switch.locked = switch.field == "canManageRoles";
    }
    let attribute = |name: &str, level: &str| AttributeRow { name: name.into(), level: level.into() };
    RoleForm {
        id: Some("role_3".into()),
        name: "Editor".into(),
        description: HOSTILE.into(),
        switches,
        schemas: vec![SchemaRow {
            id: "invoices".into(),
            default: "write".into(),
            attributes: vec![attribute("margin", "hidden"), attribute("number", "read")],
        }],
        catalogs: vec![CatalogRow { id: "spare-parts".into(), can_view: true, can_assign: false }],
        names: "invoices:approve".into(),
        editing,
    }
}

fn key_line(state: KeyState) -> KeyLine {
    KeyLine {
        id: "key_1".into(),
        name: "Nightly import".into(),
        permissions: vec!["read".into(), "update-data".into()],
        state,
        made_by: Some(HOSTILE.into()),
        created_at: at(-90),
        last_used_at: (state == KeyState::Active).then(|| at(0)),
        expires_at: Some(at(30)),
    }
}

fn settings(on: bool, allowed: bool) -> WorkspaceSettings {
    WorkspaceSettings {
        name: "Acme Research".into(),
        quick_logins: QuickLoginsSetting { on, allowed },
        require_second_factor: false,
        kid: Some("wk_7f3a".into()),
        locked: None,
    }
}

fn made() -> KeyMade {
    KeyMade { name: "Nightly import".into(), key: SecretString::from("sigma_sk_live_once") }
}

/// Every page of a workspace, with hostile text wherever input from outside can appear.
fn every_page() -> Vec<Response> {
    let (ok, people_tab) = (StatusCode::OK, frame(Tab::People));
    let line = |name: &str, description: &str, on| RoleLine {
        id: "role_1".into(),
        name: name.into(),
        description: description.into(),
        switches: SwitchLine::all().into_iter().map(|line| SwitchLine { on, ..line }).collect(),
        schemas: 2,
        catalogs: 1,
    };
    let chooser = Chooser {
        person: HOSTILE.into(),
        workspaces: vec![WorkspaceLine { workspace: link("org_1", "Acme"), role: HOSTILE.into() }],
    };
    let refused = Frame { notice: Some(Notice::Refused(HOSTILE.into())), ..frame(Tab::Roles) };
    let done = Frame { notice: Some(Notice::Done("Done.".into())), ..frame(Tab::Settings) };
    let form = KeyForm {
        name: HOSTILE.into(),
        permissions: PermissionLine::all(),
        expires: String::new(),
        earliest: HOSTILE.into(),
    };
    let key = KeyPage { key: key_line(KeyState::Active), made_by: Some(HOSTILE.into()), locked: None };
    vec![
        chooser.render(&CONTEXT),
        Chooser { person: "Ada".into(), workspaces: vec![] }.render(&CONTEXT),
        people().render(&people_tab, &CONTEXT),
        People { search: Some(HOSTILE.into()), people: vec![], ..people() }.render(&people_tab, &CONTEXT),
        InviteForm { email: HOSTILE.into(), name: HOSTILE.into(), roles: roles(), apps: roles() }.render(
            ok,
            &people_tab,
            &CONTEXT,
        ),
        member_page(MemberStatus::Invited).render(ok, &people_tab, &CONTEXT),
        member_page(MemberStatus::Active).render(ok, &people_tab, &CONTEXT),
        MemberPage { locked: Some(HOSTILE.into()), ..member_page(MemberStatus::Inactive) }.render(
            ok,
            &people_tab,
            &CONTEXT,
        ),
        Roles { roles: vec![line("Admin", "", true), line(HOSTILE, HOSTILE, false)], paging: paging(), may_make: true }
            .render(&frame(Tab::Roles), &CONTEXT),
        role_form(Editing::Open).with_empty_lines(0).render(ok, &frame(Tab::Roles), &CONTEXT),
        role_form(Editing::Locked(HOSTILE.into())).render(ok, &refused, &CONTEXT),
        Keys { keys: vec![key_line(KeyState::Active), key_line(KeyState::Deactivated)], paging: paging() }
            .render(&frame(Tab::Keys), &CONTEXT),
        Keys { keys: vec![], paging: paging() }.render(&frame(Tab::Keys), &CONTEXT),
        form.render(ok, &frame(Tab::Keys), &CONTEXT),
        made().render(&frame(Tab::Keys), &CONTEXT),
        key.render(ok, &frame(Tab::Keys), &CONTEXT),
        settings(true, false).render(ok, &done, &CONTEXT),
    ]
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn no_page_has_inline_script_or_style_nor_loads_anything_from_elsewhere() {
    for page in every_page() {
        let html = text(page).await;
        for forbidden in ["<style", " style=", "javascript:", " onclick=", " onload=", " src=\"http", " href=\"http"] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches("<script type=\"module\" src=\"/assets/").count(), "{html}");
    }
}

#[tokio::test]
async fn names_are_shown_as_text() {
    for page in every_page() {
        let html = text(page).await;
        assert!(!html.contains("<b>") && !html.contains("\"><script>"), "{html}");
    }
}

#[tokio::test]
async fn every_form_that_changes_something_is_posted_to_this_server() {
    for page in every_page() {
        let html = text(page).await;
        let forms = html.matches("<form ").count();
        let posting = html.matches("method=\"post\" action=\"/workspace").count();
        assert_eq!(forms, posting + html.matches("method=\"get\" role=\"search\"").count(), "{html}");
    }
}

#[tokio::test]
async fn a_new_key_page_is_not_cached_and_says_it_is_shown_once() {
    let response = made().render(&frame(Tab::Keys), &CONTEXT);
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let html = text(response).await;
    assert_eq!(html.matches("sigma_sk_live_once").count(), 1);
    assert!(html.contains("It is shown only once"));
    assert!(!format!("{:?}", made()).contains("sigma_sk_live_once"));
}

#[tokio::test]
async fn a_list_says_where_it_is_and_leads_both_ways() {
    let html = text(people().render(&frame(Tab::People), &CONTEXT)).await;
    assert!(html.contains("51–53 of 1,234"));
    assert!(html.contains("rel=\"prev\" href=\"/workspace/org_0192f3c1a2b3c4d5e6f70811/people?offset=0\""));
    assert!(html.contains("rel=\"next\" href=\"/workspace/org_0192f3c1a2b3c4d5e6f70811/people?offset=100\""));
    let all = People { paging: Paging { offset: 0, limit: 50, total: 3 }, ..people() };
    let html = text(all.render(&frame(Tab::People), &CONTEXT)).await;
    assert!(!html.contains("rel=\"prev\"") && !html.contains("rel=\"next\""));
}

#[tokio::test]
async fn a_role_form_ends_with_empty_lines_and_a_locked_one_cannot_be_sent() {
    let open = role_form(Editing::Open).with_empty_lines(0);
    let html = text(open.render(StatusCode::OK, &frame(Tab::Roles), &CONTEXT)).await;
    assert_eq!(html.matches("name=\"schema\"").count(), 2);
    assert_eq!(html.matches("name=\"attribute\"").count(), 5);
    assert_eq!(html.matches("name=\"catalog\"").count(), 2);
    assert!(html.contains("value=\"canManageRoles\" disabled"));
    assert!(html.contains("value=\"canExport\" checked"));

    let locked = role_form(Editing::Locked("No".into()));
    let html = text(locked.render(StatusCode::OK, &frame(Tab::Roles), &CONTEXT)).await;
    assert!(html.contains("<fieldset class=\"stack\" disabled>"));
    assert!(!html.contains("Save role") && !html.contains("Delete role"));
}

#[tokio::test]
async fn quick_logins_that_the_server_does_not_allow_are_explained() {
    for (on, allowed, words) in [
        (true, false, Some("They have no effect: this server does not allow quick logins.")),
        (false, false, Some("This server does not allow quick logins.")),
        (true, true, None),
    ] {
        let html = text(settings(on, allowed).render(StatusCode::OK, &frame(Tab::Settings), &CONTEXT)).await;
        match words {
            Some(words) => assert!(html.contains(words), "{html}"),
            None => assert!(!html.contains("does not allow quick logins")),
        }
    }
}
