use super::samples::samples;
use super::*;

const ISSUER: &str = "https://id.example.org";
const URL: &str = "https://id.example.org/invitation?token=abc";

#[test]
fn org_chosen_names_become_neither_links_nor_markup() {
    let invited = Writer { language: Language::English, issuer: ISSUER, look: Look::PLAIN }.invitation(
        "Win a prize at https://evil.example/x\r\nBcc: all@example.org",
        Some("<a href='//evil.example'>"),
        Some("App https://evil.example/app"),
        URL,
        Duration::from_hours(1),
    );
    let message = invited.message("ada@example.org").unwrap();
    for part in [&message.subject, &message.text, &message.html] {
        assert!(!part.contains("evil.example"), "{part}");
        assert!(!part.contains("https://evil"), "{part}");
        assert!(!part.contains("all@example"), "{part}");
    }
    assert!(!message.subject.contains(['\r', '\n']));
    assert!(!message.html.contains("<a href='"), "{}", message.html);
    assert!(message.text.contains(URL));
    assert!(message.html.contains(&format!("href=\"{URL}\"")), "{}", message.html);
}

#[test]
fn senders_of_merits_put_neither_links_nor_markup_into_a_mail() {
    let writer = Writer { language: Language::English, issuer: ISSUER, look: Look::PLAIN };
    let about = MeritNotice {
        org: "Free phones at https://evil.example/x\r\nBcc: all@example.org",
        title: Some("<script>alert(1)</script> www.evil.example"),
        unsubscribe_url: "https://id.example.org/merits/unsubscribe?token=abc".to_owned(),
    };
    let message = writer.merit_sent(&about).message("ada@example.org").unwrap();
    for part in [&message.subject, &message.text, &message.html] {
        assert!(!part.contains("evil.example"), "{part}");
        assert!(!part.contains("all@example"), "{part}");
    }
    assert!(!message.subject.contains(['\r', '\n']));
    assert!(!message.html.contains("<script"), "{}", message.html);
    assert_eq!(message.unsubscribe_url, Some(about.unsubscribe_url));
}

/// Every mail, by name.
fn mails(language: Language, look: &Look) -> [(&'static str, Draft); 18] {
    samples(&Writer { language, issuer: ISSUER, look }, URL)
}

#[test]
fn the_words_of_each_mail() {
    for (name, draft) in mails(Language::English, Look::PLAIN) {
        let message = draft.message("ada@example.org").unwrap();
        insta::assert_snapshot!(name, format!("{}\n\n{}\n{}", message.subject, message.text, message.html));
    }
}

#[test]
fn every_change_of_an_account_is_told() {
    let writer = Writer { language: Language::English, issuer: ISSUER, look: Look::PLAIN };
    let changes = [
        AccountChange::AddressAdded,
        AccountChange::AddressRemoved,
        AccountChange::PrimaryChanged,
        AccountChange::PasswordRemoved,
        AccountChange::KeyAdded,
        AccountChange::KeyRemoved,
        AccountChange::PasskeyAdded,
        AccountChange::PasskeyRemoved,
        AccountChange::TotpAdded,
        AccountChange::TotpRemoved,
        AccountChange::RecoveryCodesRenewed,
        AccountChange::RecoveryCodesRemoved,
        AccountChange::RecoveryCodeUsed,
    ];
    let texts =
        changes.map(|change| writer.account_changed(change, Timestamp::default()).message("a@b.org").unwrap().text);
    for (at, text) in texts.iter().enumerate() {
        assert!(!texts[..at].contains(text), "{text}");
    }
}

#[test]
fn every_mail_is_written_in_every_language() {
    let words = |language| mails(language, Look::PLAIN).map(|(_, draft)| draft.message("ada@example.org").unwrap());
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        for (english, other) in words(Language::English).into_iter().zip(words(language)) {
            assert!(english.subject != other.subject && english.text != other.text, "{}", other.subject);
            assert_eq!(english.text.contains(URL), other.text.contains(URL));
            assert!(other.html.contains(&format!("lang=\"{}\"", language.tag())));
        }
    }
    let german = words(Language::German);
    assert!(german[0].text.contains("innerhalb von 7 Tagen"), "{}", german[0].text);
    assert!(german[5].text.contains("am 1. März 2026 um 12:00 UTC"), "{}", german[5].text);
}

#[test]
fn mails_look_like_their_server() {
    let look = Look {
        name: "Example".to_owned(),
        accent: Accent::parse("#ffe14d"),
        terms_url: Some("https://example.org/terms".to_owned()),
        support_url: Some("mailto:help@example.org".to_owned()),
        ..Look::default()
    };
    for (name, draft) in mails(Language::English, &look) {
        let message = draft.message("ada@example.org").unwrap();
        for part in [&message.text, &message.html] {
            assert!(part.contains("Sent by Example (id.example.org)."), "{name}: {part}");
            assert!(part.contains("https://example.org/terms") && part.contains("mailto:help@example.org"));
        }
        let readable = look.accent.unwrap().light();
        let button = format!("background:{};color:{}", readable.accent, readable.on);
        assert!(!message.html.contains("inline-block") || message.html.contains(&button), "{name}: {}", message.html);
    }
}
