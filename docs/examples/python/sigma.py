"""Authenticates callers: users by a workspace's token, verified here, and servers by an API key, verified by Sigma."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

import jwt


@dataclass(frozen=True)
class Caller:
    workspace_id: str
    user_id: str | None = None  # a person; None for a key
    role_id: str | None = None  # the person's role when the token was made


class Refusal(Exception):
    """The error response to a caller."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", message)


class Sigma:
    def __init__(self, url: str, own_key: str, secrets_file: str):
        """own_key is this service's own API key for calling Sigma."""
        self.url, self.own_key, self.secrets_file = url, own_key, secrets_file
        self.read_secrets()

    def read_secrets(self) -> None:
        """Loads the output of `sigma workspace secret ID --json`; call again after each rotation."""
        with open(self.secrets_file, encoding="utf-8") as file:
            read = json.load(file)
        secrets = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(read).keys}
        self._workspace_and_secrets = (read["workspaceId"], secrets)

    def caller(self, headers: Message, permission: str) -> Caller:
        authorization, api_key = headers.get("Authorization"), headers.get("X-Sigma-ApiKey")
        if authorization is not None and api_key is not None:
            raise Refusal(400, "VALIDATION_ERROR", "Send a token or an API key, not both")
        if api_key is not None:
            return self._check_key(api_key, permission)
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Missing authentication")
        return self._check_token(token.strip())

    def _check_token(self, token: str) -> Caller:
        """Verifies signature, algorithm and times offline, so a logout goes unnoticed."""
        workspace_id, secrets = self._workspace_and_secrets
        try:
            secret = secrets[jwt.get_unverified_header(token)["kid"]]
            required = ["iat", "exp", "userId", "workspaceId", "roleId"]
            claims = jwt.decode(token, secret, algorithms=["HS256"], leeway=5, options={"require": required})
        except (jwt.InvalidTokenError, KeyError):
            raise unauthorized("Invalid or expired token") from None
        # A secret is valid only for its own workspace.
        if claims["workspaceId"] != workspace_id:
            raise unauthorized("Invalid or expired token")
        return Caller(workspace_id, claims["userId"], claims["roleId"])

    def _check_key(self, api_key: str, permission: str) -> Caller:
        """An API key is a random string: only Sigma knows its workspace and permissions."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/auth/verify",
            data=json.dumps({"apiKey": api_key, "permission": permission}).encode(),
            headers={"Content-Type": "application/json", "X-Sigma-ApiKey": self.own_key},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                checked = json.load(answer)
        except (urllib.error.URLError, TimeoutError):
            raise Refusal(503, "UNAVAILABLE", "The key could not be checked") from None
        if checked["valid"]:
            return Caller(checked["workspaceId"])
        if checked.get("code") == "PERMISSION_DENIED":
            raise Refusal(403, "PERMISSION_DENIED", f"The key may not {permission}")
        raise unauthorized("Invalid API key")
