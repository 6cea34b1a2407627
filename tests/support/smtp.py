"""A real mail server (aiosmtpd) for tests: `smtp.py smtps|starttls|plain CERTIFICATE KEY`.

Prints the port that it listens on, then each mail that it took as a line of JSON. Takes mails from whoever logs in as
`sigma` with the password `mail p@ss`, for everybody but `nobody@…`. Ends with its standard input.
"""

import asyncio
import json
import logging
import ssl
import sys
import warnings
from email import message_from_bytes
from email.policy import default

# A test server may be lax.
warnings.simplefilter("ignore")
logging.disable()

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 No such person here"
        if address.startswith("later@"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        headers = {name: str(value) for name, value in mail.items()}
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "headers": headers,
            "parts": parts,
        }
        print(json.dumps(told), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, auth_data):
    known = LoginPassword(b"sigma", b"mail p@ss")
    return AuthResult(success=auth_data == known, handled=False)


async def main(mode, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def protocol():
        return SMTP(
            Handler(),
            hostname="mail.example.org",
            enable_SMTPUTF8=True,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=mode == "starttls",
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if mode == "smtps" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
