//! `[security_txt]`: where people report vulnerabilities of this installation (RFC 9116).

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::branding::check_link;
use sigma_core::time::Timestamp;

use super::Language;

/// How long the document says that it holds: less than a year, as RFC 9116 §2.5.5 recommends.
const VALID: Duration = Duration::from_hours(180 * 24);
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Most entries of a list.
const MOST: usize = 10;

/// What `/.well-known/security.txt` says; nothing is served without a contact.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityTxt {
    /// Where reports go, the preferred one first: `mailto:`, `https:` or `tel:`.
    pub contact: Vec<String>,
    /// How reports are handled.
    pub policy: Option<String>,
    /// The key that reports are encrypted with: `https:`, `dns:` or `openpgp4fpr:`.
    pub encryption: Option<String>,
    /// Who has reported something before.
    pub acknowledgments: Option<String>,
    /// The languages of reports; those of `languages.offered` by default.
    pub preferred_languages: Vec<String>,
}

impl SecurityTxt {
    /// The document; `None` without a contact. It expires half a year after the beginning of the day, so that it changes once a day.
    pub fn document(&self, issuer: &str, offered: &[Language], now: Timestamp) -> Option<String> {
        if self.contact.is_empty() {
            return None;
        }
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            // Writing to memory does not fail.
            let _ = writeln!(text, "{name}: {value}");
        };
        for contact in &self.contact {
            line("Contact", contact);
        }
        let midnight = Timestamp::from_seconds(now.seconds().div_euclid(DAY).saturating_mul(DAY));
        line("Expires", &midnight.plus(VALID).iso8601());
        for (name, value) in
            [("Encryption", &self.encryption), ("Acknowledgments", &self.acknowledgments), ("Policy", &self.policy)]
        {
            if let Some(value) = value {
                line(name, value);
            }
        }
        let languages = if self.preferred_languages.is_empty() {
            offered.iter().map(|language| language.tag()).collect::<Vec<_>>().join(", ")
        } else {
            self.preferred_languages.join(", ")
        };
        line("Preferred-Languages", &languages);
        line("Canonical", &format!("{issuer}/.well-known/security.txt"));
        Some(text)
    }

    /// Checks the fields.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.contact.len() > MOST || self.preferred_languages.len() > MOST {
            return Err(format!("contact and preferred_languages have at most {MOST} entries"));
        }
        for contact in &self.contact {
            address(contact, &["tel:"]).map_err(|problem| format!("contact \"{contact}\" {problem}"))?;
        }
        let encryption = self.encryption.as_deref().map_or(Ok(()), |at| address(at, &["dns:", "openpgp4fpr:"]));
        encryption.map_err(|problem| format!("encryption {problem}"))?;
        for (name, link) in [("policy", &self.policy), ("acknowledgments", &self.acknowledgments)] {
            if link.as_deref().is_some_and(|link| !link.starts_with("https://") || check_link(link).is_err()) {
                return Err(format!("{name} must be an https:// address"));
            }
        }
        let is_tag = |tag: &String| {
            (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !self.preferred_languages.iter().all(is_tag) {
            return Err("preferred_languages must be language tags such as \"en\"".to_owned());
        }
        Ok(())
    }
}

/// Checks an address that may also begin with one of `schemes`.
fn address(text: &str, schemes: &[&str]) -> Result<(), &'static str> {
    let is_plain = text.len() <= 2_000 && text.bytes().all(|byte| byte.is_ascii_graphic());
    match schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) if is_plain && !rest.is_empty() => Ok(()),
        Some(_) => Err("has no address, or spaces or other characters that do not belong there"),
        None if !is_plain => Err("is too long, or has spaces or other characters that do not belong there"),
        None => check_link(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SecurityTxt {
        SecurityTxt {
            contact: vec!["mailto:security@example.org".to_owned(), "tel:+1-201-555-0123".to_owned()],
            policy: Some("https://example.org/disclosure".to_owned()),
            encryption: Some("openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f".to_owned()),
            ..SecurityTxt::default()
        }
    }

    #[test]
    fn the_document_has_the_fields_of_rfc_9116() {
        let now = Timestamp::from_seconds(1_772_366_400 + 3_600);
        let text = settings().document("https://id.example.org", &[Language::English, Language::German], now).unwrap();
        insta::assert_snapshot!(text, @r"
        Contact: mailto:security@example.org
        Contact: tel:+1-201-555-0123
        Expires: 2026-08-28T00:00:00.000Z
        Encryption: openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f
        Policy: https://example.org/disclosure
        Preferred-Languages: en, de
        Canonical: https://id.example.org/.well-known/security.txt
        ");
        assert_eq!(SecurityTxt::default().document("https://id.example.org", &[], now), None);
    }

    #[test]
    fn fields_cannot_add_lines_or_lead_elsewhere() {
        assert_eq!(settings().check(), Ok(()));
        assert_eq!(SecurityTxt::default().check(), Ok(()));
        let bad: [fn(&mut SecurityTxt); 7] = [
            |settings| settings.contact = vec!["security@example.org".to_owned()],
            |settings| settings.contact = vec!["mailto:a@example.org\nPolicy: https://evil".to_owned()],
            |settings| settings.contact = vec!["http://example.org".to_owned()],
            |settings| settings.policy = Some("mailto:a@example.org".to_owned()),
            |settings| settings.encryption = Some("dns:".to_owned()),
            |settings| settings.encryption = Some("http://example.org/key".to_owned()),
            |settings| settings.preferred_languages = vec!["en, de".to_owned()],
        ];
        for change in bad {
            let mut changed = settings();
            change(&mut changed);
            assert!(changed.check().is_err(), "{changed:?}");
        }
    }
}
