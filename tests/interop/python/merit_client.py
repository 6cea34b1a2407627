"""Drives Sigma by the published package `merit`, unmodified.

The package knows one address, https://sandbox-api.merits.com, so this program is its network: a proxy of its own ends TLS for
that host, with a certificate made here, and passes every byte on to Sigma.

Reads {"sigma": [host, port], "app_id", "app_secret", "org_id", "step", ...} from standard input; prints what came of the step.
"""

import datetime
import json
import os
import socket
import ssl
import sys
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "sandbox-api.merits.com"


def certificate(directory):
    """A key and a certificate for HOST that vouches for itself: their two paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = os.path.join(directory, "key.pem"), os.path.join(directory, "certificate.pem")
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content in zip(paths, (private, built.public_bytes(serialization.Encoding.PEM))):
        with open(path, "wb") as file:
            file.write(content)
    return paths


def pump(source, target):
    """Passes bytes on until one side ends."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, context, sigma):
    """Answers one CONNECT."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    assert head.startswith(f"CONNECT {HOST}:443 ".encode()), head
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    secure = context.wrap_socket(client, server_side=True)
    behind = socket.create_connection(sigma)
    threading.Thread(target=pump, args=(behind, secure), daemon=True).start()
    pump(secure, behind)


def start_proxy(directory, sigma):
    """Starts the proxy and tells `requests` of it."""
    key, chain = certificate(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, context, sigma), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
    os.environ["REQUESTS_CA_BUNDLE"] = chain
    os.environ.pop("NO_PROXY", None)
    os.environ.pop("no_proxy", None)


def work(org, wish):
    """What an app does with the merits of its org."""
    template, address = wish["template"], wish["address"]
    merit = {"recipientEmail": address, "meritTemplateId": template, "recipientName": "Ada Lovelace", "fieldValues": []}
    sent = org.send_merit(merit)
    proposed = org.propose_merit(merit)
    transferred = org.send_merit({**merit, "recipientEmail": "old@example.org"})
    moved = org.update_email(transferred, "new@example.org")
    return {
        "org": org.get_org_info(),
        "found": org.search_orgs(wish["search"]),
        "templates": org.get_all_org_merit_templates(),
        "choices": org.get_org_merit_template_choices(),
        "fields": org.get_template_field_choices(template),
        "sent": sent,
        "proposed": org.get_merit(proposed),
        "all": len(org.get_all_merits(limit=2)),
        "pending": [merit["id"] for merit in org.get_all_merits(template_id=template, merit_status="Pending")],
        "to_address": len(org.get_all_merits(email=address)),
        "edited": org.edit_merit(sent, {"fieldValues": []}),
        "page": org.uuid_translation(sent, address),
        "moved": org.get_merit(moved),
        "revoked": org.revoke_merit(moved, "A mistake"),
        "after": org.get_merit(moved)["status"],
    }


def members(org, wish):
    """What an app sees of a member who agreed."""
    member = org.get_member_id_from_token(wish["token"])
    return {
        "member": member,
        "again": org.get_member_id_from_token(wish["token"]),
        "info": org.get_member_info(member),
        "access": org.get_member_access_merit(member),
        "merits": org.get_member_merits(member, limit=1000),
        "has": org.member_has_active_merit(member, wish["template"]),
    }


def main():
    wish = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as directory:
        start_proxy(directory, tuple(wish["sigma"]))
        import merit

        app = {"app_id": wish["app_id"], "app_secret": wish["app_secret"], "production": False}
        step = wish["step"]
        if step == "link":
            print(json.dumps(merit.Merit(**app).link_with_merit("/linked", "/failed")))
            return
        if step == "linked":
            print(json.dumps(merit.Merit(**app).get_org_id_from_token(wish["token"])))
            return
        org = merit.Org(org_id=wish["org_id"], **app)
        if step == "login":
            url = org.login_with_merit("/back", "/failed", ["CanViewPublicProfile", "CanViewAllStandardMerits"])
            print(json.dumps(url))
        else:
            print(json.dumps({"work": work, "members": members}[step](org, wish)))


main()
