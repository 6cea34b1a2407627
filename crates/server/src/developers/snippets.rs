//! The settings of an app for common frameworks.

use sigma_core::app::{App, AuthMethod};
use sigma_core::redirect::RedirectUri;

/// One framework's settings.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// The framework.
    pub name: &'static str,
    /// What to write.
    pub code: String,
}

/// The settings of `app`, without its secret.
pub fn snippets(issuer: &str, app: &App) -> Vec<Snippet> {
    let id = app.client_id.as_str();
    let redirect_uri = app.redirect_uris.iter().next().map_or("", RedirectUri::as_str);
    if app.auth_method == AuthMethod::SigmaBitcoinAuth {
        return vec![Snippet {
            name: "better-auth, @sigma-auth/better-auth-plugin",
            code: format!(
                "NEXT_PUBLIC_SIGMA_CLIENT_ID={id}\nNEXT_PUBLIC_SIGMA_AUTH_URL={issuer}\nSIGMA_MEMBER_PRIVATE_KEY=…\n"
            ),
        }];
    }
    let is_public = app.auth_method == AuthMethod::None;
    let auth_js = if is_public {
        format!(
            "{{ id: \"sigma\", name: \"Sigma\", type: \"oidc\", issuer: \"{issuer}\", clientId: \"{id}\", client: {{ token_endpoint_auth_method: \"none\" }}, checks: [\"pkce\", \"state\"] }}\n"
        )
    } else {
        format!(
            "{{ id: \"sigma\", name: \"Sigma\", type: \"oidc\", issuer: \"{issuer}\", clientId: \"{id}\", clientSecret: process.env.AUTH_SIGMA_SECRET, checks: [\"pkce\", \"state\"] }}\n"
        )
    };
    let client_secret = if is_public { "undefined, client.None()" } else { "process.env.CLIENT_SECRET" };
    let python_secret = if is_public { "" } else { "\n    client_secret=os.environ[\"CLIENT_SECRET\"]," };
    let spring_secret = if is_public {
        "\n            client-authentication-method: none"
    } else {
        "\n            client-secret: ${CLIENT_SECRET}"
    };
    vec![
        Snippet { name: "Auth.js, NextAuth", code: auth_js },
        Snippet {
            name: "openid-client (Node)",
            code: format!(
                "import * as client from \"openid-client\";\n\nconst config = await client.discovery(new URL(\"{issuer}\"), \"{id}\", {client_secret});\nconst code_verifier = client.randomPKCECodeVerifier();\nconst url = client.buildAuthorizationUrl(config, {{\n  redirect_uri: \"{redirect_uri}\",\n  scope: \"openid profile email\",\n  code_challenge: await client.calculatePKCECodeChallenge(code_verifier),\n  code_challenge_method: \"S256\",\n}});\n"
            ),
        },
        Snippet {
            name: "Authlib (Python)",
            code: format!(
                "oauth.register(\n    name=\"sigma\",\n    client_id=\"{id}\",{python_secret}\n    server_metadata_url=\"{issuer}/.well-known/openid-configuration\",\n    client_kwargs={{\"scope\": \"openid profile email\", \"code_challenge_method\": \"S256\"}},\n)\n"
            ),
        },
        Snippet {
            name: "Spring Boot",
            code: format!(
                "spring:\n  security:\n    oauth2:\n      client:\n        provider:\n          sigma:\n            issuer-uri: {issuer}\n        registration:\n          sigma:\n            client-id: {id}{spring_secret}\n            scope: openid,profile,email\n"
            ),
        },
    ]
}
