"""Keys, signatures, sealing and wraps, on the primitives of `cryptography`."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from .encoding import Refused, join, label_hash, need, u32, u64

CHUNK = 16_384
TAG = 16
HEADER = 56
PIECE = 64 * (CHUNK + TAG)

P = 2**255 - 19
# The y of every point of small order: of orders 1, 2 and 4, and the two of order 8.
SMALL_Y = {
    0,
    1,
    P - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
}
SMALL_U = {
    0,
    1,
    P - 1,
    P,
    P + 1,
    int.from_bytes(bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"), "little"),
    int.from_bytes(bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"), "little"),
}


def accept_point(encoded: bytes) -> None:
    """Refuses what is not the one encoding of a point of large order."""
    y = int.from_bytes(encoded, "little") & ((1 << 255) - 1)
    need(len(encoded) == 32 and y < P and y not in SMALL_Y, "a point of small order, or in another encoding")


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    need(len(signature) == 64, "a signature of another length")
    accept_point(public)
    accept_point(signature[:32])
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Refused("a signature that is of another key or message") from error


def kem_hash(public: bytes) -> bytes:
    return label_hash("kem-key", public)


def sealed_hash(sealed: bytes) -> bytes:
    return label_hash("sealed", sealed)


class Identity:
    """The keys of a seed."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.sign = Ed25519PrivateKey.from_private_bytes(self.expand("identity/sign"))
        self.note = Ed25519PrivateKey.from_private_bytes(self.expand("identity/note"))
        self.kem = XWing(self.expand("identity/kem"))
        self.self_key = self.expand("identity/self")

    def expand(self, purpose: str, *parts: bytes) -> bytes:
        return HKDFExpand(algorithm=SHA256(), length=32, info=join(purpose, *parts)).derive(self.seed)

    def recovery_key(self, principal: bytes, generation: int) -> bytes:
        return self.expand("identity/recovery", principal, u32(generation))


class XWing:
    """The secret half of an X-Wing key, by its 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        expanded = hashlib.shake_256(secret).digest(96)
        self.mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.public = self.mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()

    def unwrap(self, info: bytes, wrapped: bytes) -> bytes:
        need(len(wrapped) == 1168, "a wrap of another length")
        share = int.from_bytes(wrapped[1088:1120], "little") & ((1 << 255) - 1)
        need(share not in SMALL_U, "an encapsulation of small order")
        suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        try:
            return suite.decrypt(wrapped, MLKEM768X25519PrivateKey(self.mlkem, self.x25519), info=info)
        except (InvalidTag, ValueError) as error:
            raise Refused("a wrap that is for another place or key") from error


@dataclass(frozen=True)
class Held:
    """What opens the wraps of one generation."""

    kem: XWing
    self_key: bytes


class Stream:
    """One sealed message, by its header."""

    def __init__(self, key: bytes, context: bytes, header: bytes) -> None:
        need(len(header) == HEADER and len(key) == 32, "a header or a key of another length")
        salt, commitment = header[:24], header[24:]
        info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
        derived = HKDFExpand(algorithm=SHA512(), length=76, info=info).derive(key)
        need(hmac.compare_digest(derived[44:], commitment), "sealed under another key, or for another place")
        self.aead = AESGCM(derived[:32])
        self.base = int.from_bytes(derived[32:44], "big")

    def open_chunk(self, index: int, sealed: bytes) -> bytes:
        try:
            return self.aead.decrypt((self.base ^ index).to_bytes(12, "big"), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise Refused(f"chunk {index} was changed") from error

    def open_chunks(self, first: int, sealed: bytes, is_last: bool) -> bytes:
        """Chunks from `first` on; the last of a message is not full."""
        size = CHUNK + TAG
        need(is_last or (len(sealed) % size == 0 and sealed != b""), "a piece of another length")
        count = len(sealed) // size + (1 if is_last else 0)
        chunks = [sealed[at * size : (at + 1) * size] for at in range(count)]
        return b"".join(self.open_chunk(first + at, chunk) for at, chunk in enumerate(chunks))


def open_sealed(key: bytes, context: bytes, sealed: bytes) -> bytes:
    return Stream(key, context, sealed[:HEADER]).open_chunks(0, sealed[HEADER:], True)


def part_context(
    account: bytes, vault: bytes, item: bytes | None, version: int, epoch: int, part: str
) -> bytes:
    return join("part", account, vault, item or b"", u64(version), u32(epoch), part.encode())


def unpad(padded: bytes) -> bytes:
    need(len(padded) >= 4, "a part without a length")
    length = int.from_bytes(padded[:4], "big")
    need(len(padded) == (4 + length + 63) // 64 * 64, "a part with another padding")
    need(not any(padded[4 + length :]), "a part with bytes in its padding")
    return padded[4 : 4 + length]


def commitment(account: bytes, vault: bytes, epoch: int, key: bytes) -> bytes:
    return label_hash("vault-key-commitment", account, vault, u32(epoch), key)


def wrap_info(account: bytes, vault: bytes, epoch: int, to: tuple[bytes, int], kem: bytes) -> bytes:
    return join("wrap", account, vault, u32(epoch), to[0], u32(to[1]), kem)


def between(
    purpose: str, account: bytes, vault: bytes, epoch: bytes, maker: tuple[bytes, int], to: tuple[bytes, int]
) -> bytes:
    return join(purpose, account, vault, epoch, maker[0], u32(maker[1]), to[0], u32(to[1]))


def file_context(account: bytes, vault: bytes, item: bytes, file: bytes) -> bytes:
    return join("file", account, vault, item, file)


def piece_count(length: int) -> int:
    return -(-(length - HEADER) // PIECE)


def plain_length(length: int) -> int:
    chunks, last = divmod(length - HEADER, CHUNK + TAG)
    need(length >= HEADER and last >= TAG, "a length that no sealed file has")
    return chunks * CHUNK + last - TAG


def open_file(key: bytes, context: bytes, pieces: list[bytes]) -> bytes:
    """The content of a file whose pieces were checked against their leaves."""
    stream = Stream(key, context, pieces[0][:HEADER])
    opened = []
    for index, piece in enumerate(pieces):
        sealed = piece[HEADER:] if index == 0 else piece
        is_last = index == len(pieces) - 1
        need(is_last or len(sealed) == PIECE, "a piece of another length")
        opened.append(stream.open_chunks(index * 64, sealed, is_last))
    return b"".join(opened)
