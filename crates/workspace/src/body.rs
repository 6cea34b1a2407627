//! Input: JSON in the body, numbers in the query, ids in the path.
//!
//! Unknown fields are ignored, so that clients may send back a changed response, and newer clients work with an older
//! Sigma. A repeated field is refused: two readers could take different values of it.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use sigma_core::json;
use sigma_core::params::Params;
use sigma_store::org::api_key::MadeKeys;

use crate::error::WorkspaceError;
use sigma_platform::extract::{JSON, is_content_type};

/// What an endpoint reads from the body.
pub trait Wanted: DeserializeOwned {
    /// The message for a body that lacks a required field; serde's own, if unset.
    const NEEDS: Option<&'static str> = None;
}

/// A JSON body. An empty one counts as an empty object.
pub struct Body<T>(pub T);

impl<T: Wanted, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let headers = request.headers();
        let is_json = is_content_type(headers, JSON);
        let is_said = headers.contains_key(CONTENT_TYPE);
        let body = sigma_platform::extract::body(request).await?;
        if !is_json && (is_said || !body.is_empty()) {
            return Err(WorkspaceError::NotJson.into_response());
        }
        read(if body.is_empty() { b"{}" } else { &body }).map(Self).map_err(IntoResponse::into_response)
    }
}

/// The body as the endpoint wants it.
fn read<T: Wanted>(body: &[u8]) -> Result<T, WorkspaceError> {
    // serde would also accept an array of the fields' values.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(WorkspaceError::invalid("The body must be a JSON object"));
    }
    json::check(body).map_err(|error| explain("The body is not valid JSON", &error))?;
    serde_json::from_slice(body).map_err(|error| match T::NEEDS {
        Some(needs) => WorkspaceError::invalid(needs),
        None => explain("The body does not have the expected form", &error),
    })
}

fn explain(what: &str, error: &serde_json::Error) -> WorkspaceError {
    /// serde repeats the unexpected value, which may be long.
    const MOST: usize = 300;
    WorkspaceError::invalid(format!("{what}: {error}").chars().take(MOST).collect::<String>())
}

/// An array of objects. serde would also accept arrays of their fields' values.
///
/// # Errors
/// An element is not an object.
pub fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects: Vec<Object<T>> = Vec::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(object)| object).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(AsObject(deserializer)).map(Self)
    }
}

/// A deserializer that reads an object, whatever type is requested.
struct AsObject<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AsObject<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The offset and limit of a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Items before it.
    pub offset: u64,
    /// Maximum items: 1 to 200.
    pub limit: u32,
}

impl Page {
    const DEFAULT_LIMIT: u32 = 50;
    const MOST: u32 = 200;

    fn read(query: &str) -> Result<Self, WorkspaceError> {
        let params = Params::parse(query);
        if params.repeated().is_some() {
            return Err(WorkspaceError::invalid("Parameters must not be repeated"));
        }
        let number = |name: &str, otherwise: u64| match params.raw(name) {
            None => Ok(otherwise),
            Some(text) => text.parse().ok().filter(|number| i64::try_from(*number).is_ok()).ok_or(()),
        };
        let offset =
            number("offset", 0).map_err(|()| WorkspaceError::invalid("offset must be a whole number, 0 or more"))?;
        let limit = number("limit", Self::DEFAULT_LIMIT.into()).ok().filter(|limit| *limit > 0);
        let limit = limit.ok_or_else(|| WorkspaceError::invalid("limit must be a whole number, 1 or more"))?;
        Ok(Self { offset, limit: u32::try_from(limit).unwrap_or(Self::MOST).min(Self::MOST) })
    }
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = WorkspaceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WorkspaceError> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

/// What happens to API keys of members whose rights this request reduces: `?keys=deactivate` (default) or `?keys=keep`.
pub struct KeysChoice(pub MadeKeys);

impl KeysChoice {
    /// The choice of that name.
    ///
    /// # Errors
    /// 400.
    pub fn parse(name: Option<&str>) -> Result<MadeKeys, WorkspaceError> {
        let invalid = || WorkspaceError::invalid("keys must be \"deactivate\" or \"keep\"");
        name.map_or(Ok(MadeKeys::default()), |name| MadeKeys::parse(name).ok_or_else(invalid))
    }

    fn read(query: &str) -> Result<Self, WorkspaceError> {
        let params = Params::parse(query);
        if params.repeated().is_some() {
            return Err(WorkspaceError::invalid("Parameters must not be repeated"));
        }
        Self::parse(params.raw("keys")).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for KeysChoice {
    type Rejection = WorkspaceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WorkspaceError> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

/// The id in the path, verbatim.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = WorkspaceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WorkspaceError> {
        /// Longer than any id: a truncated one matches nothing, and the response does not repeat it whole.
        const MOST: usize = 100;
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| WorkspaceError::invalid("The id in the path is malformed"))?;
        Ok(Self(id.chars().take(MOST).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        name: String,
        #[serde(default)]
        levels: BTreeMap<String, bool>,
    }

    impl Wanted for Sample {}

    fn message(error: WorkspaceError) -> String {
        match error {
            WorkspaceError::Invalid(message) => message.into_owned(),
            error => panic!("{error:?}"),
        }
    }

    fn refused(body: &[u8]) -> String {
        message(read::<Sample>(body).unwrap_err())
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let sample: Sample =
            read(br#" {"name":"a","levels":{"x":true},"id":"role_1","more":[1,-2,1.5,null]}"#).unwrap();
        assert_eq!((sample.name.as_str(), sample.levels.len()), ("a", 1));
    }

    #[test]
    fn missing_wrong_and_repeated_fields_are_explained() {
        insta::assert_snapshot!(
            [
                &b"{}"[..],
                br#"{"name":5}"#,
                br#"{"name":"a","name":"b"}"#,
                br#"{"name":"a","levels":{"x":true,"x":false}}"#,
                br#"{"name":"a\u0000"}"#,
                br#"{"name":"a","levels":{"\u0000":true}}"#,
                br#"{"name":"a"} more"#,
                br#"{"name":"#,
                br#"["a",{}]"#,
                br#""a""#,
                b"{\"name\":\"\xff\"}",
            ]
            .map(refused)
            .join("\n"),
            @r"
            The body does not have the expected form: missing field `name` at line 1 column 2
            The body does not have the expected form: invalid type: integer `5`, expected a string at line 1 column 9
            The body is not valid JSON: a member name is repeated at line 1 column 23
            The body is not valid JSON: a member name is repeated at line 1 column 41
            The body is not valid JSON: a string contains NUL at line 1 column 17
            The body is not valid JSON: a member name contains NUL at line 1 column 30
            The body is not valid JSON: trailing characters at line 1 column 14
            The body is not valid JSON: EOF while parsing a value at line 1 column 8
            The body must be a JSON object
            The body must be a JSON object
            The body is not valid JSON: invalid unicode code point at line 1 column 10
            "
        );
        assert!(refused(format!(r#"{{"levels":"{}"}}"#, "x".repeat(10_000)).as_bytes()).len() < 400);
        let deep = format!("{{\"name\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(refused(deep.as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn a_repeated_name_is_found_among_many() {
        let object = |names: &[String]| {
            let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":true")).collect();
            format!("{{\"name\":\"a\",\"levels\":{{{}}}}}", fields.join(","))
        };
        for count in [1, 15, 16, 17, 18, 1_000] {
            let mut names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
            assert_eq!(read::<Sample>(object(&names).as_bytes()).unwrap().levels.len(), count);
            names.push("n0".to_owned());
            assert!(refused(object(&names).as_bytes()).contains("repeated"), "{count}");
            names.pop();
            names.push(format!("n{}", count - 1).replace('n', "\\u006e"));
            assert!(refused(object(&names).as_bytes()).contains("repeated"), "{count}");
        }
    }

    #[test]
    fn a_page_has_50_items_and_at_most_200() {
        let page = |query: &str| Page::read(query).map(|page| (page.offset, page.limit)).map_err(message);
        assert_eq!(page(""), Ok((0, 50)));
        assert_eq!(page("offset=7&limit=3&more=x"), Ok((7, 3)));
        assert_eq!(page("limit=100000000000"), Ok((0, 200)));
        for bad in ["offset=-1", "offset=x", "offset=18446744073709551615", "offset=1&offset=2"] {
            assert!(page(bad).is_err(), "{bad}");
        }
        for bad in ["limit=0", "limit=-1", "limit=1.5", "limit=", "limit=%00"] {
            assert_eq!(page(bad), Err("limit must be a whole number, 1 or more".to_owned()), "{bad}");
        }
    }

    #[test]
    fn keys_beyond_remaining_rights_are_deactivated_by_default() {
        let choice = |query: &str| KeysChoice::read(query).map(|choice| choice.0).map_err(message);
        assert_eq!(choice("").unwrap(), MadeKeys::Deactivate);
        assert_eq!(choice("keys=deactivate&more=x").unwrap(), MadeKeys::Deactivate);
        assert_eq!(choice("keys=keep").unwrap(), MadeKeys::Keep);
        for bad in ["keys=", "keys=Keep", "keys=all", "keys=keep&keys=keep", "keys=deactivate&keys=keep"] {
            assert!(choice(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            drop(read::<Sample>(&body));
        }
    }
}
