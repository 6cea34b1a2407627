"""Verifies an Open Badges 3.0 credential with openbadgeslib, which is told where things are and fetches nothing itself.

Reads JSON from standard input: "did", "credential", and "documents", the content of each URL that may be asked for.
Prints JSON: what the credential says, or "error".
"""

import json
import sys

from openbadgeslib.ob3 import OB3Verifier
from openbadgeslib.ob3.verifier import OB3VerificationError

given = json.load(sys.stdin)


def download(url):
    return given["documents"][url].encode()


try:
    verifier = OB3Verifier.for_issuer_did(given["did"], download=download)
    badge = verifier.verify(given["credential"], check_status=True, verify_status_list=True, download=download)
    print(json.dumps({"name": badge.name, "issuer": badge.issuer.name, "id": badge.id, "did": badge.issuer.id}))
except OB3VerificationError as error:
    print(json.dumps({"error": str(error)}))
