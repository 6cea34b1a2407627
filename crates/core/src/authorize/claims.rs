//! The `claims` parameter (OpenID Connect Core §5.5).

use serde_json::{Map, Value};

use crate::person::CLAIMS;
use crate::scope::Scopes;

/// The longest `claims` parameter, in bytes.
const LONGEST: usize = 8_192;

/// The requested authentication context classes (§5.5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcrRequest {
    /// The acceptable classes.
    pub values: Vec<String>,
    /// Whether another class is an error.
    pub essential: bool,
}

/// The parsed `claims` parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// Known claims requested from userinfo.
    pub userinfo: Vec<String>,
    /// Known claims requested in the ID token.
    pub id_token: Vec<String>,
    /// `auth_time` in the ID token, which is always included.
    pub auth_time: bool,
    /// The acceptable subjects (§5.5.1, `sub` with a value); empty for any.
    pub sub: Vec<String>,
    /// The class of authentication.
    pub acr: AcrRequest,
}

/// The claims about the user that `scope` covers.
#[must_use]
pub fn covered(mut claims: Vec<String>, scope: &Scopes) -> Vec<String> {
    claims.retain(|name| CLAIMS.iter().any(|(claim, of)| claim == name && scope.contains(of)));
    claims
}

impl ClaimsRequest {
    /// Parses the parameter; unknown members are ignored (§5.5).
    ///
    /// # Errors
    /// A text that is not a JSON object of JSON objects.
    pub fn parse(text: Option<&str>) -> Result<Self, &'static str> {
        const MALFORMED: &str = "claims must be a JSON object";
        let Some(text) = text else { return Ok(Self::default()) };
        if text.len() > LONGEST {
            return Err("claims is too long");
        }
        let root: Map<String, Value> = serde_json::from_str(text).map_err(|_| MALFORMED)?;
        let section = |name: &str| match root.get(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(MALFORMED),
        };
        let id_token = section("id_token")?;
        let known = |members: &Map<String, Value>| {
            members.keys().filter(|name| CLAIMS.iter().any(|(claim, _)| claim == name)).cloned().collect()
        };
        Ok(Self {
            userinfo: known(&section("userinfo")?),
            id_token: known(&id_token),
            auth_time: id_token.contains_key("auth_time"),
            sub: values(id_token.get("sub")),
            acr: AcrRequest { values: values(id_token.get("acr")), essential: is_essential(id_token.get("acr")) },
        })
    }

    /// This request without claims that `scope` does not cover.
    #[must_use]
    pub fn within(mut self, scope: &Scopes) -> Self {
        self.userinfo = covered(self.userinfo, scope);
        self.id_token = covered(self.id_token, scope);
        self
    }

    /// The parameter for this request, as parsed by [`ClaimsRequest::parse`].
    pub fn to_text(&self) -> String {
        let named =
            |names: &[String]| -> Map<String, Value> { names.iter().map(|name| (name.clone(), Value::Null)).collect() };
        let userinfo = named(&self.userinfo);
        let mut id_token = named(&self.id_token);
        if self.auth_time {
            id_token.insert("auth_time".to_owned(), Value::Null);
        }
        if !self.sub.is_empty() {
            id_token.insert("sub".to_owned(), serde_json::json!({ "values": self.sub }));
        }
        if self.acr != AcrRequest::default() {
            let acr = serde_json::json!({ "values": self.acr.values, "essential": self.acr.essential });
            id_token.insert("acr".to_owned(), acr);
        }
        serde_json::json!({ "userinfo": userinfo, "id_token": id_token }).to_string()
    }

    /// The scopes that cover the individually requested claims, for the consent page.
    pub fn scopes(&self) -> Scopes {
        let mut scopes = Scopes::default();
        for (claim, scope) in CLAIMS {
            if self.userinfo.iter().chain(&self.id_token).any(|name| name == claim) {
                scopes.insert(scope);
            }
        }
        scopes
    }
}

fn is_essential(member: Option<&Value>) -> bool {
    member.and_then(|member| member.get("essential")).and_then(Value::as_bool).unwrap_or(false)
}

/// The `value` and `values` of a member.
fn values(member: Option<&Value>) -> Vec<String> {
    let Some(member) = member else { return Vec::new() };
    let one = member.get("value").and_then(Value::as_str).map(str::to_owned);
    let many = member.get("values").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(many.filter_map(Value::as_str).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_members_are_read_and_others_ignored() {
        let text = r#"{"userinfo":{"email":null,"shoe_size":{"essential":true}},
            "id_token":{"auth_time":{"essential":true},"sub":{"value":"user_1"},"acr":{"essential":true,"values":["1","2"]}},"x":1}"#;
        insta::assert_debug_snapshot!(ClaimsRequest::parse(Some(text)).unwrap());
    }

    #[test]
    fn only_objects_are_accepted() {
        for text in ["", "[]", "1", "{\"userinfo\":[]}", "{\"id_token\":\"x\"}", "{"] {
            assert!(ClaimsRequest::parse(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_claims_request_survives_a_round_trip() {
        let text = r#"{"userinfo":{"email":null,"name":null},
            "id_token":{"auth_time":null,"sub":{"value":"user_1"},"acr":{"essential":true,"value":"2"}}}"#;
        for text in [text, "{}", r#"{"userinfo":{"name":{}}}"#, r#"{"id_token":{"email":{"essential":true}}}"#] {
            let request = ClaimsRequest::parse(Some(text)).unwrap();
            assert_eq!(ClaimsRequest::parse(Some(&request.to_text())), Ok(request));
        }
    }

    #[test]
    fn claims_that_no_granted_scope_covers_are_left_out() {
        let text = r#"{"userinfo":{"email":null,"name":null},"id_token":{"email":null,"picture":null}}"#;
        let request = ClaimsRequest::parse(Some(text)).unwrap().within(&Scopes::parse("openid profile"));
        assert_eq!((request.userinfo, request.id_token), (vec!["name".to_owned()], vec!["picture".to_owned()]));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = ClaimsRequest::parse(Some(&text));
        }
    }
}
