"""A Django site whose people sign in with Sigma, by mozilla-django-oidc: python django_app.py PORT"""

import os
import sys

import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import include, path

ISSUER = os.environ["ISSUER"]

# guide: django
settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    AUTHENTICATION_BACKENDS=[f"{__name__}.SigmaBackend"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid profile",
    OIDC_USE_PKCE=True,
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/oauth2/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/api/auth/oauth2/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/api/auth/oauth2/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/.well-known/jwks.json",
    LOGIN_REDIRECT_URL="/me",
)
django.setup()

from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402


class SigmaBackend(OIDCAuthenticationBackend):
    """Knows people by `sub`. The default takes the e-mail address, which changes, and which not everybody has."""

    def verify_claims(self, claims):
        return "sub" in claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.UserModel.objects.create_user(claims["sub"], first_name=claims.get("name", "")[:150])


# guide: end


def me(request):
    user = request.user
    return JsonResponse({"sub": user.username, "name": getattr(user, "first_name", "")}, status=200 if user.is_authenticated else 401)


urlpatterns = [path("oidc/", include("mozilla_django_oidc.urls")), path("me", me)]

if __name__ == "__main__":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("runserver", sys.argv[1], use_reloader=False, verbosity=0)
