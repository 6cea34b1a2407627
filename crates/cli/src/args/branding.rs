//! Arguments of the commands that change how an app or workspace looks.

use clap::Args;

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
