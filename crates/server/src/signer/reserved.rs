//! The paths for which the signer signs for nobody: a token names no host, so one over a path of ours would act here.

/// Prefixes of paths, in lower case; the page also refuses every other way to write them. They cover each endpoint that
/// takes a token signed with a person's key, its aliases, and those of other Sigma servers.
pub const RESERVED: [&str; 13] = [
    "/api/auth/",
    "/api/backup",
    "/api/bap",
    "/api/merits",
    "/api/oauth",
    "/api/profile",
    "/api/subscription",
    "/api/user",
    "/api/wallet",
    "/oauth2/",
    "/sigma/",
    "/token",
    "/wallet",
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::RESERVED;

    #[test]
    fn every_endpoint_that_takes_a_signed_token_is_reserved() {
        let document: Value = serde_json::from_str(crate::openapi()).unwrap();
        let takes_a_key = |operation: &Value| {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let named = security.iter().any(|scheme| scheme.get("key").is_some());
            named || operation.to_string().to_lowercase().contains("x-auth-token")
        };
        let mut seen = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            if item.as_object().unwrap().values().any(takes_a_key) {
                seen += 1;
                assert!(RESERVED.iter().any(|reserved| path.starts_with(reserved)), "{path} is not reserved");
            }
        }
        assert!(seen > 2, "the document no longer says which endpoints take a signed token");
    }

    #[test]
    fn no_reserved_prefix_needs_escaping_and_all_are_in_lower_case() {
        for path in RESERVED {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'/' || byte == b'-';
            assert!(path.starts_with('/') && path.bytes().all(plain), "{path}");
        }
    }
}
