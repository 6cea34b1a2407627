"""Notes per workspace: `GET /notes` serves the users and servers of a workspace."""

import json
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sigma import Refusal, Sigma

sigma = Sigma(os.environ["SIGMA_URL"], os.environ["SIGMA_API_KEY"], os.environ["SIGMA_SECRETS"])
signal.signal(signal.SIGHUP, lambda *_: sigma.read_secrets())

notes: dict[str, list[str]] = {}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        try:
            caller = sigma.caller(self.headers, "read")
            if self.path != "/notes":
                raise Refusal(404, "NOT_FOUND", "There is only GET /notes")
            who = {"workspaceId": caller.workspace_id, "userId": caller.user_id, "roleId": caller.role_id}
            who = {name: value for name, value in who.items() if value is not None}
            # Every query of a multi-tenant service is limited to the caller's workspace.
            self.answer(200, {"caller": who, "notes": notes.get(caller.workspace_id, [])})
        except Refusal as refusal:
            self.answer(refusal.status, {"error": refusal.code, "message": refusal.message})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Service)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
