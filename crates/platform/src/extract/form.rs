//! Deserializes parameters into the type that an endpoint declares.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use sigma_core::params::Params;

/// Why parameters cannot be deserialized.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A required parameter is missing.
    #[error("{0} is required")]
    Missing(&'static str),
    /// A parameter has an invalid value.
    #[error("{0}")]
    Malformed(String),
}

impl serde::de::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Malformed(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// Deserializes `params` into a `T`. Each field is a string, or a list of strings if the parameter may repeat; an empty string
/// counts as absent (RFC 6749 §3.1); unknown parameters are ignored.
///
/// # Errors
/// [`FormError`]
pub fn from_params<T: DeserializeOwned>(params: &Params) -> Result<T, FormError> {
    let mut fields = BTreeMap::<&str, Vec<&str>>::new();
    for (name, value) in params.pairs().iter().filter(|(_, value)| !value.is_empty()) {
        fields.entry(name).or_default().push(value);
    }
    T::deserialize(MapDeserializer::new(fields.into_iter().map(|(name, values)| (name, Values(values)))))
}

/// Deserializes a list of strings without duplicates.
///
/// # Errors
/// It is not a list.
pub fn distinct<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut seen = std::collections::HashSet::new();
    let mut texts = Vec::<String>::deserialize(deserializer)?;
    texts.retain(|text| seen.insert(text.clone()));
    Ok(texts)
}

/// The values of one parameter: one, unless it repeats.
struct Values<'a>(Vec<&'a str>);

impl<'de> IntoDeserializer<'de, FormError> for Values<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Values<'de> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_borrowed_str(self.0.first().copied().unwrap_or_default())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        visitor.visit_enum(self.0.first().copied().unwrap_or_default().into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use sigma_core::ids::ClientId;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        AccessToken,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Form {
        token: String,
        client_id: Option<ClientId>,
        kind: Option<Kind>,
        #[serde(default, deserialize_with = "distinct")]
        resource: Vec<String>,
    }

    fn read(query: &str) -> Result<Form, FormError> {
        from_params(&Params::parse(query))
    }

    #[test]
    fn parameters_become_the_fields_of_a_form() {
        let form = read("token=a+b&client_id=app&kind=access_token&resource=x&resource=&resource=y&resource=x&other=1");
        let expected = Form {
            token: "a b".to_owned(),
            client_id: Some(ClientId::from_text("app")),
            kind: Some(Kind::AccessToken),
            resource: vec!["x".to_owned(), "y".to_owned()],
        };
        assert_eq!(form, Ok(expected));
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(read("token=&client_id=app"), Err(FormError::Missing("token")));
        assert_eq!(read("").unwrap_err().to_string(), "token is required");
        assert_eq!(read("token=a&client_id=").unwrap().client_id, None);
    }

    #[test]
    fn an_unknown_enum_value_is_malformed() {
        assert!(matches!(read("token=a&kind=other"), Err(FormError::Malformed(_))));
    }
}
