//! `Authorization: Bearer` (RFC 6750 §2.1) and `Authorization: DPoP` (RFC 9449 §7.1).

use http::{HeaderMap, header};

/// The header is repeated, so that two readers could take different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

/// How an access token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has it may use it.
    Bearer,
    /// With a proof of the key that it is bound to.
    Dpop,
}

impl Scheme {
    /// Its name in challenges.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// The token of an `Authorization: Bearer` header; the scheme is case-insensitive.
///
/// # Errors
/// [`Repeated`]
pub fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Repeated> {
    Ok(access_token(headers)?.filter(|(scheme, _)| *scheme == Scheme::Bearer).map(|(_, token)| token))
}

/// The token of an `Authorization` header of either scheme, which is case-insensitive.
///
/// # Errors
/// [`Repeated`]
pub fn access_token(headers: &HeaderMap) -> Result<Option<(Scheme, &str)>, Repeated> {
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Repeated);
    }
    // A non-text value cannot be a token.
    let token = std::str::from_utf8(value.as_bytes()).ok().and_then(|value| value.split_once(' '));
    Ok(token.and_then(|(scheme, token)| {
        if scheme.eq_ignore_ascii_case("bearer") {
            Some((Scheme::Bearer, token.trim()))
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Some((Scheme::Dpop, token.trim()))
        } else {
            None
        }
    }))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, Repeated> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        bearer_token(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_bearer_scheme_is_case_insensitive_and_the_header_must_not_repeat() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(&[value.as_bytes()]), Ok(Some("abc".to_owned())), "{value:?}");
        }
        for value in [b"Basic abc".as_slice(), b"DPoP abc", b"Bearer", b"", b"Bearer \xff"] {
            assert_eq!(read(&[value]), Ok(None), "{value:?}");
        }
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"Bearer a", b"Bearer b"]), Err(Repeated));
    }
}
