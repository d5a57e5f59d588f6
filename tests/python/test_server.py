"""`strongroom serve` as somebody else's client meets it: signed in to by the protocol's page alone, and asked nonsense by its own document."""

from __future__ import annotations

import base64
import ipaddress
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
import strongroom
from cases.server import Server, free_port
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from reader.crypto import Identity
from reader.encoding import base64url, join, parse_token, u32
from strongroom import InvalidArgument, Unavailable

SECONDS = 15
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server of an account with a vault, and its owner's token."""
    database = str(tmp_path / "school.db")
    token = strongroom.init(database, owner="teacher@example.edu").token
    server = Server(database, tmp_path / "server.log", "--rate", "0", "--failed-sign-ins", "1000000")
    try:
        with strongroom.connect(server.location, token) as owner:
            vault = owner.vaults.create("Class")
            owner.items.create(vault.id, title="Homework 1", files=[("essay.pdf", b"An essay")])
        yield server, token
    finally:
        server.end()


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_in(location: str, token: str) -> str:
    """Opens a session, and answers with its bearer."""
    held = parse_token(token)
    identity = Identity(held["seed"])
    who = {"principal": text(held["principal"]), "key": text(identity.sign.public_key().public_bytes_raw())}
    challenge = httpx.post(f"{location}/v1/challenges", json=who).raise_for_status().json()
    assert challenge["origin"] == location
    assert base64url(challenge["account"]) == held["account"]
    message = join(
        "session",
        location.encode(),
        base64url(challenge["nonce"]),
        held["account"],
        held["principal"],
        u32(challenge["generation"]),
    )
    answer = {
        "nonce": challenge["nonce"],
        "principal": who["principal"],
        "generation": challenge["generation"],
        "signature": text(identity.sign.sign(message)),
        "app": "reader/1",
    }
    bearer: str = httpx.post(f"{location}/v1/sessions", json=answer).raise_for_status().json()["bearer"]
    return bearer


def test_a_session_is_opened_by_the_page_alone(school: tuple[Server, str]) -> None:
    server, token = school
    headers = {"Authorization": f"Bearer {sign_in(server.location, token)}"}
    whose = httpx.get(f"{server.location}/v1/sessions", headers=headers).raise_for_status().json()
    assert base64url(whose["principal"]) == parse_token(token)["principal"]
    page = httpx.post(f"{server.location}/v1/vaults", headers=headers, json={"from": 0, "limit": 10}).raise_for_status().json()
    assert len(page["ids"]) == 1
    refused = httpx.post(f"{server.location}/v1/vaults", json={"from": 0, "limit": 10})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def test_no_request_that_the_document_allows_or_forbids_makes_it_fail(school: tuple[Server, str], tmp_path: Path) -> None:
    server, token = school
    schemathesis = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.location}/v1/openapi.json"]
    options = ["--header", f"Authorization: Bearer {sign_in(server.location, token)}", "--checks", CHECKS]
    limits = ["--max-time", str(SECONDS), "--request-timeout", "10", "--seed", "1", "--warnings", "off"]
    # A stream of changes has no end.
    without = ["--exclude-path", "/v1/changes/stream", "--suppress-health-check", "all", "--no-color"]
    command = [*schemathesis, *options, *limits, *without]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert httpx.get(f"{server.location}/readyz").status_code == 200
    with strongroom.connect(server.location, token) as owner:
        assert owner.audit.verify().events > 0


def certificate(folder: Path, name: str) -> tuple[str, str, str]:
    """A root, a certificate of this machine that it signs, and its key, in files."""
    now = datetime.now(timezone.utc)

    def signed(subject: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, is_root: bool) -> x509.Certificate:
        here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName(here), critical=False)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .sign(by, SHA256())
        )

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    paths = [folder / f"{name}.{kind}" for kind in ("root", "chain", "key")]
    paths[0].write_bytes(signed(name, root, root, True).public_bytes(Encoding.PEM))
    paths[1].write_bytes(signed("localhost", leaf, root, False).public_bytes(Encoding.PEM))
    paths[2].write_bytes(leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(paths[0]), str(paths[1]), str(paths[2])


def test_over_tls_a_client_trusts_the_certificate_that_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = str(tmp_path / "school.db")
    token = strongroom.init(database, owner="teacher@example.edu").token
    root, chain, key = certificate(tmp_path, "school")
    other, _, _ = certificate(tmp_path, "other")
    port = free_port()
    location = f"https://localhost:{port}"
    tls = ["--origin", location, "--tls-cert", chain, "--tls-key", key]
    server = Server(database, tmp_path / "server.log", *tls, listen=f"127.0.0.1:{port}")
    # What stays on this machine goes through no proxy.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    try:
        assert server.location == location
        with strongroom.connect(location, token, ca_file=root) as teacher:
            vault = teacher.vaults.create("Class")
            item = teacher.items.create(vault.id, title="Homework 1", files=[("film.mov", bytes(3_000_000))])
            assert teacher.files.read(vault.id, item.id, item.files[0].id) == bytes(3_000_000)
        for ca_file in (None, other):
            with pytest.raises(Unavailable):
                strongroom.connect(location, token, max_retries=0, ca_file=ca_file)
        with pytest.raises(InvalidArgument):
            strongroom.connect(location, token, ca_file=key)
        with pytest.raises(Unavailable):
            strongroom.connect(location.replace("https", "http"), token, max_retries=0)
    finally:
        server.end()
