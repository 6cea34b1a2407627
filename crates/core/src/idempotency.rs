//! Keys by which a client repeats a request without repeating what it does (IETF draft httpapi-idempotency-key-header).

/// The longest key.
pub const LONGEST_KEY: usize = 255;

/// The value of the header `Idempotency-Key`: a string (RFC 8941 §3.3.3). Many clients leave out its quotes, which means the same.
/// `None` if it is neither.
pub fn parse_key(header: &str) -> Option<String> {
    let header = header.trim_matches([' ', '\t']);
    let key = match header.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None if header.contains(['"', '\\', ',', ';', ' ']) => return None,
        None => header.to_owned(),
    };
    let is_fine = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    is_fine.then_some(key)
}

/// The string that `rest` ends, after its opening quote.
fn unquote(rest: &str) -> Option<String> {
    let (mut key, mut letters) = (String::new(), rest.chars());
    loop {
        match letters.next()? {
            '"' => return letters.next().is_none().then_some(key),
            '\\' => match letters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            letter => key.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_strings_with_or_without_quotes() {
        for (header, key) in [
            ("\"8e03978e-40d5\"", Some("8e03978e-40d5")),
            (" 8e03978e-40d5 ", Some("8e03978e-40d5")),
            (r#""a \"b\" \\ c""#, Some(r#"a "b" \ c"#)),
            ("\"\"", None),
            ("", None),
            ("\"a", None),
            ("\"a\";p=1", None),
            ("\"a\", \"b\"", None),
            (r#""\x""#, None),
            ("a b", None),
            ("é", None),
        ] {
            assert_eq!(parse_key(header).as_deref(), key, "{header}");
        }
        assert!(parse_key(&"k".repeat(LONGEST_KEY)).is_some() && parse_key(&"k".repeat(LONGEST_KEY + 1)).is_none());
    }
}
