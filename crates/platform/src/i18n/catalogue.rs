//! The embedded catalogues.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use super::Language;

macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/common.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/sign-in.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/branding.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/sign-up.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/consent.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/mail.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/backup.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/providers.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/signer.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/profile.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/developers.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/scripts.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/merits.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/account.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/agents.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/console.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/apps.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/domains.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/org-access.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/scim.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/proof.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/device.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/pages.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/webhooks.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/installation.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/workspaces.ftl")),
        ]
    };
}

/// The files of a language.
pub(super) const fn sources(language: Language) -> [&'static str; 26] {
    match language {
        Language::English => files!("en"),
        Language::German => files!("de"),
    }
}

static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::English));
static GERMAN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::German));

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let locale: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // The isolation marks around arguments would end up in titles, in subjects of mails and in what people copy.
    bundle.set_use_isolating(false);
    for source in sources(language) {
        // What cannot be parsed is missing, which a test forbids.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The message `key` in `language`, else in English, else the key itself.
pub(super) fn format(language: Language, key: &str, args: &FluentArgs<'_>) -> String {
    for language in [language, Language::English] {
        let bundle = match language {
            Language::English => &*ENGLISH,
            Language::German => &*GERMAN,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { continue };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors);
        debug_assert!(errors.is_empty(), "{key} in {language:?}: {errors:?}");
        return text.into_owned();
    }
    debug_assert!(false, "there is no text {key}");
    key.to_owned()
}
