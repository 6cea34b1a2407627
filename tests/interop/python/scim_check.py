"""Runs all checks of scim2-tester against the service whose address and token are the arguments.

Prints JSON: how many checks ended how, and what those say that found something.
"""

import json
import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

base, token = sys.argv[1:]
with Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
    results = check_server(SyncSCIMClient(client))
found = {Status.DEVIATION, Status.ERROR, Status.CRITICAL}
failed = [f"{result.title}: {result.status.name}: {result.reason}" for result in results if result.status in found]
print(json.dumps({"counts": Counter(result.status.name for result in results), "failed": failed}))
