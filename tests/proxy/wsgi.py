"""An API as WSGI sees it: answers every HTTP_X_SIGMA_* that it was given. Prints where it listens."""

import json
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def answer(environ, start_response):
    told = {name: value for name, value in environ.items() if name.startswith("HTTP_X_SIGMA")}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


server = make_server("127.0.0.1", 0, answer, handler_class=Quiet)
print(f"127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
