//! The APIs that a user may let an agent use: those that any app may request with the user's consent (RFC 8707).

use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::params::Params;
use sigma_core::resource::Resource;
use sigma_core::scope::Scopes;
use sigma_store::{StoreError, resource};

use crate::i18n::Language;
use crate::pages::view::scope_words;
use crate::state::AppState;

/// The most that are offered.
const MOST_OFFERED: u32 = 50;

/// Those that are offered.
pub async fn offered(sigma: &AppState) -> Result<Vec<Resource>, StoreError> {
    sigma.store.read(|tx| resource::list_open(tx, MOST_OFFERED)).await
}

/// The APIs that were chosen in a form, by URI. Their scopes are added to `scope`.
///
/// # Errors
/// Why not: a key of the catalogue. A scope counts for every API that calls one of its own the same, so it must be chosen for all
/// of them.
pub fn chosen(form: &Params, offered: &[Resource], scope: &mut Scopes) -> Result<Vec<String>, &'static str> {
    let (mut chosen, mut ticked): (Vec<&Resource>, Vec<(&str, &str)>) = (Vec::new(), Vec::new());
    for value in form.all("api") {
        let (uri, name) = value.split_once(' ').unwrap_or((value, ""));
        let Some(api) = offered.iter().find(|api| api.uri == uri) else { continue };
        if !chosen.iter().any(|known| known.uri == uri) {
            chosen.push(api);
        }
        if api.has_scope(name) {
            scope.insert(name);
            ticked.push((uri, name));
        }
    }
    if chosen.len() > MOST_RESOURCES {
        return Err("agents-too-many-apis");
    }
    let mut names = chosen.iter().flat_map(|api| api.scopes.iter().map(|one| (api.uri.as_str(), one.name.as_str())));
    if names.any(|(uri, name)| scope.contains(name) && !ticked.contains(&(uri, name))) {
        return Err("agents-same-scope");
    }
    Ok(chosen.into_iter().map(|api| api.uri.clone()).collect())
}

/// What `scope` lets an app do here and at `resources`, in words.
pub async fn words(
    sigma: &AppState,
    language: Language,
    scope: &Scopes,
    resources: &[String],
) -> Result<Vec<String>, StoreError> {
    let own = scope.own();
    let mut words: Vec<String> = own
        .iter()
        .map(|name| scope_words(name).map_or_else(|| name.to_owned(), |words| language.text(words.title).to_string()))
        .collect();
    for uri in resources {
        let known = sigma.find_resource(uri).await?;
        let name = known.as_ref().map_or(uri.as_str(), |known| known.name.as_str());
        words.push(language.text("scope-resource").with("resource", name).to_string());
        let scopes = known.iter().flat_map(|known| &known.scopes).filter(|known| scope.contains(&known.name));
        words.extend(scopes.map(|known| known.description.clone()));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use sigma_core::ids::OrgId;
    use sigma_core::resource::ResourceScope;
    use sigma_core::time::Timestamp;

    use super::*;

    fn api(uri: &str, scopes: &[&str]) -> Resource {
        Resource {
            uri: uri.to_owned(),
            org_id: OrgId::from_text("org"),
            name: uri.to_owned(),
            scopes: scopes.iter().map(|name| ResourceScope::register(name, "Do it").unwrap()).collect(),
            open: true,
            servers: Vec::new(),
            created_at: Timestamp::default(),
        }
    }

    #[test]
    fn an_agent_gets_the_scopes_that_were_chosen_and_none_of_another_api() {
        let offered = [api("urn:a", &["read", "write"]), api("urn:b", &["read"]), api("urn:c", &[])];
        let choose = |query: &str| {
            let mut scope = Scopes::parse("openid");
            chosen(&Params::parse(query), &offered, &mut scope).map(|uris| (uris.join(" "), scope.to_string()))
        };
        let both = |uris: &str, scope: &str| Ok((uris.to_owned(), scope.to_owned()));
        assert_eq!(choose(""), both("", "openid"));
        assert_eq!(choose("api=urn:a+read&api=urn:a+write&api=urn:c"), both("urn:a urn:c", "openid read write"));
        assert_eq!(choose("api=urn:a+write&api=urn:b+read"), Err("agents-same-scope"));
        assert_eq!(choose("api=urn:a+read&api=urn:b+read"), both("urn:a urn:b", "openid read"));
        // What is not offered counts for nothing.
        assert_eq!(choose("api=urn:x+read&api=urn:b+write&api=urn:b+email"), both("urn:b", "openid"));
    }
}
