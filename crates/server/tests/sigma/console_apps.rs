//! Apps in the console: registered, changed, compared, tested and removed.

use sigma_core::operator::OperatorRole;

use crate::console::operator;
use crate::support::{Browser, World, query};

/// The value of the first attribute `name` after `mark`.
pub fn attribute(page: &str, mark: &str, name: &str) -> String {
    let after = page.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {page}")).1;
    let value = after.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
    value.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn an_app_is_registered_changed_compared_tested_and_removed() {
    let world = World::with_orgs().await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let new = [
        ("client_id", "shop"),
        ("client_name", "Shop <b>"),
        ("redirect_uris", "https://shop.example.org/callback\r\n\r\nhttp://localhost:3000/callback"),
        ("grant_types", "authorization_code"),
        ("grant_types", "refresh_token"),
        ("scope", "openid profile email offline_access"),
        ("refresh_rotation", "on"),
    ];
    let wrong = [&new[..2], &[("redirect_uris", "http://shop.example.org/")], &new[3..]].concat();
    let refused = admin.post_form("/console/apps/new", &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("notice-error") && refused.body.contains("must use https"), "{}", refused.body);
    assert!(refused.body.contains("aria-invalid") && refused.body.contains("value=\"shop\""), "{}", refused.body);

    let made = admin.post_form("/console/apps/new", &new).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.body.contains("id=\"client-secret\"") && !made.body.contains("<b>"), "{}", made.body);
    let path = attribute(&made.body, "<form class=\"stack\"", "action");
    let shown = admin.get(&path).await.body;
    assert!(!shown.contains("id=\"client-secret\"") && shown.contains("http://localhost:3000/callback"), "{shown}");

    // What was entered on an old page does not undo what somebody else changed.
    let version = attribute(&shown, "name=\"version\"", "value");
    let save =
        [&[("do", "save"), ("version", &version)], &new[2..], &[("client_name", "Shop"), ("access_seconds", "600")]];
    let saved = admin.post_form(&path, &save.concat()).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"), "{}", saved.body);
    let late = admin.post_form(&path, &save.concat()).await;
    assert!(late.status == 409 && late.body.contains("Somebody else changed the app"), "{}", late.body);
    assert_eq!(attribute(&late.body, "name=\"version\"", "value"), version);
    let number = admin.post_form(&path, &[&save.concat()[..], &[("refresh_life", "soon")]].concat()).await;
    assert!(number.status == 400 && number.body.contains("whole number"), "{}", number.body);

    let renewed = admin.post_form(&path, &[("do", "secret"), ("overlap", "86400")]).await.body;
    assert!(renewed.contains("id=\"client-secret\"") && renewed.contains("value=\"end-secret\""), "{renewed}");
    assert_eq!(admin.post_form(&path, &[("do", "end-secret")]).await.location(), format!("{path}?done=secret-ended"));
    assert_eq!(admin.post_form(&path, &[("do", "end-secret")]).await.status, 409);

    let slash = admin.get(&format!("{path}?uri=https://shop.example.org/callback/")).await.body;
    assert!(
        slash.contains("ends in a slash") && slash.contains("<code>https://shop.example.org/callback</code>"),
        "{slash}"
    );
    assert!(admin.get(&format!("{path}?uri=https://shop.example.org/callback")).await.body.contains("is registered."));

    // What apps sent in vain is told with the reason.
    for uri in ["http://shop.example.org/callback", "http://shop.example.org/callback", "https://<b>.example.org/"] {
        let query =
            query(&[("client_id", "shop"), ("redirect_uri", uri), ("response_type", "code"), ("scope", "openid")]);
        let answer = world.browser().get(&format!("/oauth2/authorize?{query}")).await;
        assert!(answer.location().starts_with("/error?"), "{}", answer.location());
    }
    world.sigma.write_redirect_refusals().await.unwrap();
    let page = admin.get(&path).await.body;
    assert!(page.contains("<code>http://shop.example.org/callback</code>") && page.contains("2 times"), "{page}");
    assert!(
        page.contains("The schemes differ") && page.contains("The hosts differ") && !page.contains("<b>"),
        "{page}"
    );

    // A real sign-in, which comes back with what the app would have learnt, and gives it no code.
    let page = admin.get(&path).await.body;
    let test = attribute(&page, "id=\"test-sign-in\"", "href");
    let back = admin.agree(admin.get(&test).await).await;
    assert!(back.location().starts_with(&format!("{path}?trial=")), "{}", back.location());
    let shown = admin.get(back.location()).await.body;
    assert!(shown.contains("would have got a code") && shown.contains("<code>sub</code>"), "{shown}");
    // Nobody else sees it, and nobody else makes such a request.
    let (other, _) = operator(&world, "other", OperatorRole::Owner).await;
    assert!(!other.get(back.location()).await.body.contains("would have got a code"));
    let forged = test.replace("sigma_test=", "sigma_test=x");
    let back = admin.agree(admin.get(&forged).await).await;
    assert!(back.location().starts_with("https://shop.example.org/callback?"), "{}", back.location());
    assert!(back.param("code").is_some(), "{}", back.location());

    assert_eq!(admin.post_form(&path, &[("do", "remove"), ("confirm", "other")]).await.status, 400);
    let removed = admin.post_form(&path, &[("do", "remove"), ("confirm", "shop")]).await;
    assert_eq!(removed.location(), "/console/apps?done=app-removed", "{}", removed.body);
    assert_eq!(admin.get(&path).await.status, 404);
    an_api_is_registered_changed_and_removed(&admin).await;
    // A change needs a recent sign-in.
    world.advance(16 * 60);
    assert!(admin.post_form("/console/apps/new", &new).await.location().starts_with("/login?interaction="));
}

async fn an_api_is_registered_changed_and_removed(admin: &Browser<'_>) {
    let api = [("uri", "https://api.example.org"), ("scopes", "notes:read=Read your <b>notes</b>\r\n")];
    let unknown = admin.post_form("/console/resources", &[&api[..], &[("servers", "nobody")]].concat()).await;
    assert!(unknown.status == 400 && unknown.body.contains("There is no app"), "{}", unknown.body);
    let added = admin.post_form("/console/resources", &[&api[..], &[("servers", "playground")]].concat()).await;
    let path = "/console/resource?uri=https%3A%2F%2Fapi.example.org";
    assert_eq!(added.location(), format!("{path}&done=resource-added"), "{}", added.body);
    let shown = admin.get(path).await.body;
    assert!(
        shown.contains("notes:read=Read your") && shown.contains("playground") && !shown.contains("<b>"),
        "{shown}"
    );
    let reserved = [("do", "save"), ("uri", "https://api.example.org"), ("name", "Notes"), ("scopes", "openid=All")];
    assert!(admin.post_form("/console/resource", &reserved).await.body.contains("notice-error"));
    let saved = admin.post_form("/console/resource", &[&reserved[..3], &[("open", "on")]].concat()).await;
    assert_eq!(saved.location(), format!("{path}&done=saved"), "{}", saved.body);
    assert!(admin.get("/console/resources").await.body.contains("Notes"));
    let removed = admin.post_form("/console/resource", &[("do", "remove"), ("uri", "https://api.example.org")]).await;
    assert_eq!(removed.location(), "/console/resources?done=resource-removed");
    assert_eq!(admin.get(path).await.status, 404);
}
