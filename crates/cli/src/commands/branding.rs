//! How apps and workspaces look on pages, changed and shown along with them; and how the server does, by `sigma branding`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use sigma_core::branding::{BrandingChange, BrandingTexts, Part, Welcome};
use sigma_server::branding::is_language;
use sigma_server::i18n::Language;
use sigma_server::objects::{Logo, Objects};
use sigma_store::Owner;
use sigma_store::branding::{self, Branded};

use crate::args::{BrandingFields, SetBranding};
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields};

/// A branding as printed: what is set.
#[derive(Debug, Default, Serialize)]
pub struct BrandingView {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support_url: Option<String>,
    #[serde(skip_serializing_if = "Welcome::is_empty")]
    welcome: Welcome,
}

impl BrandingView {
    /// The branding of an app or workspace.
    pub fn find(opened: &Opened, whose: &Branded) -> Result<Self, Failure> {
        let whose = whose.clone();
        let branding = opened.read(move |tx| branding::find(tx, &whose))?;
        Ok(Self {
            name: branding.name,
            logo: branding.logo,
            accent: branding.accent.map(|accent| accent.to_string()),
            terms_url: branding.terms_url,
            privacy_url: branding.privacy_url,
            support_url: branding.support_url,
            welcome: branding.welcome,
        })
    }

    /// Its lines in a list of fields.
    pub fn entries(&self) -> [(&'static str, String); 6] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let welcome: Vec<_> = self.welcome.iter().map(|(language, words)| format!("{language}: {words}")).collect();
        [
            ("logo", text(&self.logo)),
            ("accent", text(&self.accent)),
            ("terms", text(&self.terms_url)),
            ("privacy", text(&self.privacy_url)),
            ("support", text(&self.support_url)),
            ("welcome", welcome.join("\n")),
        ]
    }
}

/// A change, checked before anything is written.
pub struct Change {
    parts: BrandingChange,
    logo: Part<Logo>,
    welcome: Vec<(Language, String)>,
}

impl Change {
    /// Checks the values and reads the logo; `None` if there is nothing to change.
    pub fn of(fields: &BrandingFields) -> Result<Option<Self>, Failure> {
        if *fields == BrandingFields::default() { Ok(None) } else { Self::of_server(None, fields).map(Some) }
    }

    /// The same of a server, which has a name as well.
    fn of_server(name: Option<&str>, fields: &BrandingFields) -> Result<Self, Failure> {
        let texts = BrandingTexts {
            name,
            accent: fields.accent.as_deref(),
            terms_url: fields.terms_url.as_deref(),
            privacy_url: fields.privacy_url.as_deref(),
            support_url: fields.support_url.as_deref(),
            welcome: None,
        };
        let parts = texts
            .checked(is_language)
            .map_err(|problem| Failure::Usage(format!("--{} {}", problem.field.replace('_', "-"), problem.words)))?;
        Ok(Self {
            parts,
            logo: Part::of_text(fields.logo.as_deref(), |path| read_logo(path).map(|(_, logo)| logo))?,
            welcome: fields.welcome.iter().map(|text| welcome(text)).collect::<Result<_, _>>()?,
        })
    }

    /// Stores the logo, then the change.
    pub fn apply(self, opened: &Opened, whose: Branded) -> Result<(), Failure> {
        let Self { mut parts, logo, welcome } = self;
        parts.logo = match logo {
            Part::Kept => Part::Kept,
            Part::Gone => Part::Gone,
            Part::Set(logo) => {
                store(opened, &logo)?;
                Part::Set(logo.name)
            }
        };
        let now = opened.now();
        opened.write(move |tx| {
            if whose == Branded::Server {
                tx.lock(Owner::Installation)?;
            }
            let mut change = parts.clone();
            if !welcome.is_empty() {
                change.welcome = Some(greeting(&branding::find(tx, &whose)?.welcome, &welcome));
            }
            branding::change(tx, &whose, &change, now).map(drop)
        })
    }
}

/// Shows what was set of how the server looks.
pub fn show(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    print(&opened, output)
}

/// Changes how the server looks.
pub fn set(file: Option<&Path>, output: Output, args: &SetBranding) -> Result<(), Failure> {
    let change = Change::of_server(args.name.as_deref(), &args.branding)?;
    let opened = Opened::open(file)?;
    change.apply(&opened, Branded::Server)?;
    print(&opened, output)
}

fn print(opened: &Opened, output: Output) -> Result<(), Failure> {
    output.answer(&BrandingView::find(opened, &Branded::Server)?, |view| {
        let mut entries = vec![("name", view.name.clone().unwrap_or_default())];
        entries.extend(view.entries());
        fields(&entries)
    })
}

/// The largest file of a logo, and a byte more, which is refused.
pub const LARGEST_LOGO: u64 = 2 * 1024 * 1024 + 1;

/// The file at `path`, and the logo that it holds.
pub fn read_logo(path: &str) -> Result<(Vec<u8>, Logo), Failure> {
    let refused = |error: String| Failure::Usage(format!("--logo {path}: {error}"));
    let mut file = Vec::new();
    let opened = File::open(path).map_err(|error| refused(error.to_string()))?;
    // A device may have no end.
    opened.take(LARGEST_LOGO).read_to_end(&mut file).map_err(|error| refused(error.to_string()))?;
    let logo = Logo::read(&file).map_err(|error| refused(error.to_string()))?;
    Ok((file, logo))
}

/// `en=Welcome`
fn welcome(text: &str) -> Result<(Language, String), Failure> {
    let refused = |problem: &str| Failure::Usage(format!("--welcome \"{text}\" {problem}"));
    let (tag, words) = text.split_once('=').ok_or_else(|| refused("is not of the form en=Welcome"))?;
    let language = Language::parse(tag).ok_or_else(|| refused("names no language of pages"))?;
    Welcome::new([(tag, words)]).map_err(|(_, problem)| refused(problem))?;
    Ok((language, words.trim().to_owned()))
}

/// The words of before, with those that are given instead; empty ones take theirs away.
fn greeting(before: &Welcome, given: &[(Language, String)]) -> Welcome {
    let kept = before.iter().filter(|(tag, _)| !given.iter().any(|(language, _)| language.tag() == *tag));
    let all = kept.chain(given.iter().map(|(language, words)| (language.tag(), words.as_str())));
    // Each was checked, and there are no more of them than languages.
    Welcome::new(all).unwrap_or_else(|_| before.clone())
}

/// Stores a logo, before anything names it.
///
/// # Errors
/// It cannot be stored.
pub fn store(opened: &Opened, logo: &Logo) -> Result<(), Failure> {
    let failed = |error: String| Failure::Failed(format!("the logo cannot be stored: {error}"));
    let objects = Objects::new(&opened.settings.objects).map_err(|error| failed(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    if opened.settings.objects.s3.is_some() {
        crate::serve::install_tls()?;
    }
    let put = objects.put(&logo.name, logo.png.clone());
    runtime.block_on(put).map_err(|error| failed(error.to_string()))
}
