//! `/signer`, as it is shown.

use askama::Template;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::embedding::Embedding;
use super::reserved::RESERVED;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The page. It holds no link, and no form that the browser would submit; it may not connect to anything.
pub struct Signer {
    /// Who may embed it.
    pub embedding: Embedding,
}

#[derive(Template)]
#[template(path = "signer.html")]
struct SignerPage<'a> {
    context: &'a PageContext<'a>,
    origins: String,
    reserved: String,
}

impl Signer {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        let template = SignerPage { context, origins: self.embedding.listed(), reserved: RESERVED.join(" ") };
        let mut response = page(StatusCode::OK, &template, ContentSecurityPolicy::Strict);
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; \
             form-action 'none'; base-uri 'none'; frame-ancestors {}",
            self.embedding.frame_ancestors()
        );
        // Without its policy it must not be shown in a frame: then `X-Frame-Options` stays.
        if response.status() == StatusCode::OK
            && let Ok(policy) = HeaderValue::from_str(&policy)
        {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            headers.remove(header::X_FRAME_OPTIONS);
            // The window that the frame opens answers the frame, whose page is of another origin.
            headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
            headers.insert(header::VARY, HeaderValue::from_static("Referer, Accept-Language"));
        }
        response
    }
}
