"""A Flask API that verifies access tokens itself (RFC 9068), with Authlib."""

import os
import time

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask
from joserfc.jwk import KeySet

SIGMA = os.environ["SIGMA_URL"]
API = "https://api.example.org"


class Validator(JWTBearerTokenValidator):
    keys, fetched = None, 0

    def get_jwks(self):
        """The key set, cached for 5 minutes."""
        if self.keys is None or time.monotonic() - self.fetched > 300:
            answer = requests.get(f"{SIGMA}/.well-known/jwks.json", timeout=5)
            answer.raise_for_status()
            self.keys, self.fetched = KeySet.import_key_set(answer.json()), time.monotonic()
        return self.keys


app = Flask(__name__)
protected = ResourceProtector()
protected.register_token_validator(Validator(issuer=SIGMA, resource_server=API))


@app.get("/notes")
@protected("profile")
def notes():
    return {"of": current_token["sub"], "by": current_token["client_id"]}


@app.get("/payments")
@protected("profile")
def payments():
    """Takes two factors within the last five minutes, and asks for them if they are missing (RFC 9470)."""
    age = time.time() - current_token["auth_time"]
    if age > 300 or current_token.get("acr") != "2":
        challenge = 'Bearer error="insufficient_user_authentication", acr_values="2", max_age="300"'
        return {"error": "insufficient_user_authentication"}, 401, {"WWW-Authenticate": challenge}
    return {"of": current_token["sub"]}
