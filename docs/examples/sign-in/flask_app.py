"""A Flask app that signs users in, with Authlib. Its redirect URI is https://YOUR-APP/callback."""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = os.environ["SESSION_KEY"]
sigma = OAuth(app).register(
    "sigma",
    server_metadata_url=os.environ["SIGMA_URL"] + "/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    return session.get("person") or redirect(url_for("login"))


@app.get("/login")
def login():
    return sigma.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    # Checks state, PKCE, and the ID token: signature, issuer, audience, time and nonce.
    token = sigma.authorize_access_token()
    person = sigma.userinfo(token=token)
    if person["sub"] != token["userinfo"]["sub"]:
        raise ValueError("the id token and userinfo name different people")
    session["person"] = {"id": person["sub"], "name": person["name"]}
    return redirect(url_for("home"))
