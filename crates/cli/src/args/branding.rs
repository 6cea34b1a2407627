//! Arguments of the commands that change how an app, a workspace or the server looks.

use clap::{ArgGroup, Args, Subcommand};

/// How an app or workspace looks on pages; '' removes a value.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct BrandingFields {
    /// Logo on pages: a PNG, JPEG, WebP or GIF file; '' for none.
    #[arg(long, value_name = "FILE")]
    pub logo: Option<String>,
    /// Colour of buttons and links, such as '#3d46c2'; '' for the server's.
    #[arg(long, value_name = "COLOUR")]
    pub accent: Option<String>,
    /// URL of the terms of service; '' for none.
    #[arg(long, value_name = "URL")]
    pub terms_url: Option<String>,
    /// URL of the privacy policy; '' for none.
    #[arg(long, value_name = "URL")]
    pub privacy_url: Option<String>,
    /// URL or mailto: address for support; '' for none.
    #[arg(long, value_name = "URL")]
    pub support_url: Option<String>,
    /// What the sign-in page says first, such as 'en=Welcome to the bakery'; 'en=' for nothing. May be repeated.
    #[arg(long, value_name = "LANGUAGE=WORDS")]
    pub welcome: Vec<String>,
}

/// `sigma branding`.
#[derive(Debug, Subcommand)]
pub enum BrandingCommand {
    /// Show what was set of how the server looks; with --server also what is in force.
    #[command(after_help = "Examples:\n  sigma branding show")]
    Show,
    /// Change how the server looks. What is set here counts before its configuration.
    #[command(after_help = "\
Examples:
  sigma branding set --name Harbour --accent '#0a7d4b' --logo harbour.png
  sigma branding set --accent ''                                            as the configuration says")]
    Set(SetBranding),
}

/// `sigma branding set`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["name", "logo", "accent", "terms_url", "privacy_url", "support_url", "welcome"])))]
pub struct SetBranding {
    /// Name of the server; '' for that of the configuration.
    #[arg(long)]
    pub name: Option<String>,
    /// The rest.
    #[command(flatten)]
    pub branding: BrandingFields,
}
