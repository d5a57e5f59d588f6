"""CBOR with one form of each value, labels, ids and tokens."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

import cbor2

Shape = Callable[[object], Any]


class Refused(Exception):
    """Bytes that can't be believed."""


class Unknown(Refused):
    """Bytes of another version, or of a kind that this version does not have."""


def need(condition: bool, why: str) -> None:
    if not condition:
        raise Refused(why)


def uint(bits: int) -> Shape:
    def shape(value: object) -> int:
        if type(value) is not int or not 0 <= value < 1 << bits:
            raise Refused(f"{value!r} is no unsigned integer of {bits} bits")
        return value

    return shape


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused(f"{value!r} is no boolean")
    return value


def text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("no text")
    return value


def octets(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise Refused("no byte string")
    return value


def ident(value: object) -> bytes:
    need(len(octets(value)) == 32, "an id has 32 bytes")
    return octets(value)


def maybe_ident(value: object) -> bytes | None:
    return None if octets(value) == b"" else ident(value)


def many(shape: Shape) -> Shape:
    def shape_of_all(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise Refused("no array")
        return [shape(element) for element in value]

    return shape_of_all


def record(**shapes: Shape) -> Shape:
    """An array with named positions; those that may be empty are wrapped in `optional`."""

    def shape_of_all(value: object) -> dict[str, Any]:
        if not isinstance(value, list) or len(value) > len(shapes):
            raise Refused(f"no array of {len(shapes)} positions")
        need(not value or value[-1] is not None, "an empty position at the end is written out")
        padded = value + [None] * (len(shapes) - len(value))
        return {name: shape(element) for (name, shape), element in zip(shapes.items(), padded, strict=True)}

    return shape_of_all


def optional(shape: Shape) -> Shape:
    return lambda value: None if value is None else shape(value)


def decode(data: bytes, most: int = 4 << 20) -> object:
    """The value of these bytes, if encoding it again gives them back."""
    need(len(data) <= most, "too many bytes")
    try:
        value = cbor2.loads(data)
        again = cbor2.dumps(value, canonical=True)
    except Exception as error:
        raise Refused("no CBOR") from error
    need(again == data, "not in the one form of its value")
    return value


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def join(purpose: str, *parts: bytes) -> bytes:
    return b"".join(u32(len(part)) + part for part in (f"strongroom/v1/{purpose}".encode(), *parts))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def label_hash(purpose: str, *parts: bytes) -> bytes:
    return sha256(join(purpose, *parts))


def base64url(data: str) -> bytes:
    """Without padding, and with no bit that is not used."""
    need("=" not in data and data.isascii(), "no base64url")
    try:
        decoded = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Refused("no base64url") from error
    need(base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == data, "base64url with bits that are not used")
    return decoded


def parse_id(prefix: str, printed: str) -> bytes:
    need(printed.startswith(prefix) and len(printed) == len(prefix) + 52, f"no id that begins with {prefix}")
    symbols = printed[len(prefix) :]
    need(symbols == symbols.lower(), "an id is in lower case")
    try:
        decoded = base64.b32decode(symbols.upper() + "====")
    except binascii.Error as error:
        raise Refused("no base32") from error
    need(print_id(prefix, decoded) == printed, "an id with bits that are not used")
    return decoded


def print_id(prefix: str, data: bytes) -> str:
    return prefix + base64.b32encode(data).decode().rstrip("=").lower()


TOKENS = {"strongroom_svc_": 1, "strongroom_usr_": 0, "strongroom_inv_": 0, "strongroom_rec_": 2}


def parse_token(printed: str) -> dict[str, Any]:
    prefix = printed[:15]
    need(prefix in TOKENS, "no token")
    data = base64url(printed[15:])
    need(len(data) > 4 and u32(binascii.crc32(data[:-4])) == data[-4:], "a token with a typo")
    if data[0] != 1:
        raise Unknown("a token of another version")
    need(len(data) == 141, "a token of another length")
    return {
        "prefix": prefix,
        "kind": TOKENS[prefix],
        "account": data[1:33],
        "principal": data[33:65],
        "seed": data[65:97],
        "head": {"size": int.from_bytes(data[97:105], "big"), "root": data[105:137]},
    }
