"""An MCP server whose users sign in with Sigma: it takes tokens that Sigma issued for it, and no others.

It needs two settings: SIGMA_URL, the issuer, and MCP_URL, its own public address. Register that address once:

    sigma resource add https://mcp.example.org/mcp --name Notes --open --scope "notes:read=Read your notes"
"""

import os

import anyio.to_thread
import jwt
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

ISSUER = os.environ["SIGMA_URL"]
RESOURCE = os.environ["MCP_URL"]


class SigmaTokens:
    """Verifies access tokens (RFC 9068): signature, type, issuer, audience and time."""

    def __init__(self) -> None:
        self._keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json", lifespan=300)

    async def verify_token(self, token: str) -> AccessToken | None:
        return await anyio.to_thread.run_sync(self._verify, token)

    def _verify(self, token: str) -> AccessToken | None:
        try:
            # An ID token has the type JWT, and no token for another API has this audience.
            if jwt.get_unverified_header(token).get("typ") != "at+jwt":
                return None
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key.key, ["ES256"], issuer=ISSUER, audience=RESOURCE)
        except jwt.PyJWTError:
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(),
            expires_at=claims["exp"],
            resource=RESOURCE,
            subject=claims["sub"],
            claims=claims,
        )


server = MCPServer(
    "notes",
    token_verifier=SigmaTokens(),
    # Serves the metadata of this resource (RFC 9728), and names it in every 401.
    auth=AuthSettings(
        issuer_url=ISSUER,
        resource_server_url=RESOURCE,
        required_scopes=["notes:read"],
        validate_token_resource=True,
    ),
)


@server.tool()
def notes() -> str:
    """Returns the notes of the user who is signed in."""
    token = get_access_token()
    return f"The notes of {token.subject}, read by {token.client_id}"


if __name__ == "__main__":
    server.run("streamable-http", port=int(os.environ.get("PORT", "3000")))
