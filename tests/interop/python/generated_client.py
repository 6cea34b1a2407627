"""What a program written in Python does with the client that openapi-python-client makes of the document.

Reads an account as JSON from standard input, logs in, makes an API key, uses it and removes it; prints what was seen.
"""

import base64
import json
import sys

from sigma_client import AuthenticatedClient, Client
from sigma_client.api.open_id_connect import get_provider_metadata, issue_token
from sigma_client.api.sign_in import list_sessions
from sigma_client.api.workspaces import (
    create_api_key,
    deactivate_api_key,
    delete_api_key,
    get_me,
    list_api_keys,
    list_roles,
    list_users,
    login,
)
from sigma_client.models import LoginBody, NewKeyBody, TokenForm, WorkspaceError

account = json.load(sys.stdin)
anonymous = Client(base_url=account["issuer"])
metadata = get_provider_metadata.sync(client=anonymous)


def credentials(password):
    return LoginBody(email=account["email"], password=password, workspace_id=account["workspaceId"])


session = login.sync(client=anonymous, body=credentials(account["password"]))
signed_in = AuthenticatedClient(base_url=account["issuer"], token=session.token)
roles = list_roles.sync(client=signed_in)
people = list_users.sync(client=signed_in, limit=1)
made = create_api_key.sync(client=signed_in, body=NewKeyBody(name="Generated", permissions=["read"]))
keys = list_api_keys.sync(client=signed_in)
by_key = AuthenticatedClient(
    base_url=account["issuer"], token=made.key, prefix="", auth_header_name="X-Sigma-ApiKey"
)
caller = get_me.sync(client=by_key)
off = deactivate_api_key.sync(made.id, client=signed_in)
removed = delete_api_key.sync_detailed(made.id, client=signed_in)

wrong = login.sync(client=anonymous, body=credentials("another"))
assert isinstance(wrong, WorkspaceError), wrong
basic = base64.b64encode(f"{account['clientId']}:{account['clientSecret']}".encode()).decode()
tokens = issue_token.sync(
    client=AuthenticatedClient(base_url=account["issuer"], token=basic, prefix="Basic"),
    body=TokenForm(grant_type="client_credentials"),
)
nobody = list_sessions.sync(client=anonymous)
print(
    json.dumps(
        {
            "issuer": metadata.issuer,
            "roles": [role.name for role in roles],
            "people": len(people.items),
            "key": next(key.name for key in keys if key.id == made.id),
            "caller": caller.to_dict(),
            "active": off.active,
            "removed": removed.status_code,
            "wrong": wrong.error,
            "tokenType": tokens.token_type,
            "nobody": nobody.error,
        }
    )
)
