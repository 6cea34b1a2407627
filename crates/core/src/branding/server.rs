//! What only the branding of a server has.

/// The longest name of a server, in characters.
const LONGEST_NAME: usize = 100;

/// Checks the name of a server, trimmed.
///
/// # Errors
/// What is wrong with it.
pub fn server_name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err("must be 1 to 100 characters");
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        assert_eq!(server_name(" Example "), Ok("Example".to_owned()));
        for wrong in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(server_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
