"""Private keys that another library made, as OpenSSH reads them, and as that library reads what OpenSSH reads."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from strongroom import Client, Field, InvalidArgument, Vault

PrivateKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PLAIN = NoEncryption()


def pem(key: PrivateKey, form: PrivateFormat, encryption: KeySerializationEncryption = PLAIN) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


def convert(client: Client, vault: Vault, value: str) -> str:
    fields = [Field("key", value, type="ssh_key")]
    item = client.items.create(vault.id, title="Server", category="ssh_key", fields=fields)
    return str(client.secrets.resolve(f"op://{vault.id}/{item.id}/key?ssh-format=openssh"))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH])
def test_rsa_keys(client: Client, vault: Vault, form: PrivateFormat) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    read = load_ssh_private_key(convert(client, vault, pem(key, form)).encode(), password=None)
    assert isinstance(read, rsa.RSAPrivateKey)
    assert read.private_numbers() == key.private_numbers()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.OpenSSH])
def test_ed25519_keys(client: Client, vault: Vault, form: PrivateFormat) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    read = load_ssh_private_key(convert(client, vault, pem(key, form)).encode(), password=None)
    assert isinstance(read, ed25519.Ed25519PrivateKey)
    assert read.private_bytes_raw() == key.private_bytes_raw()


def test_others_are_refused(client: Client, vault: Vault) -> None:
    locked = BestAvailableEncryption(b"hunter2")
    key = ed25519.Ed25519PrivateKey.generate()
    curve = ec.generate_private_key(ec.SECP256R1())
    for value in (pem(key, PrivateFormat.PKCS8, locked), pem(curve, PrivateFormat.PKCS8)):
        with pytest.raises(InvalidArgument, match="passphrase"):
            convert(client, vault, value)
