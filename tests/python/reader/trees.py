"""RFC 6962 trees: roots, inclusion of many leaves, consistency."""

from .encoding import need, sha256

EMPTY = sha256(b"")


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


def split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    """The root of these leaf hashes."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY
    half = split(len(leaves))
    return node(root(leaves[:half]), root(leaves[half:]))


class Tree:
    """A tree that grows, by the roots of the perfect subtrees that it falls into."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        at = self.size
        while at & 1:
            leaf = node(self.peaks.pop(), leaf)
            at >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = node(peak, result)
        return result

    def head(self) -> tuple[int, bytes]:
        return self.size, self.root()


def verify_inclusion(size: int, expected: bytes, leaves: list[tuple[int, bytes]], proof: list[bytes]) -> None:
    indices = [index for index, _ in leaves]
    need(indices == sorted(set(indices)) and all(index < size for index in indices), "leaves out of order")
    rest = list(proof)

    def rebuild(start: int, count: int, some: list[tuple[int, bytes]]) -> bytes:
        if not some:
            need(bool(rest), "a proof that is too short")
            return rest.pop(0)
        if count == 1:
            return some[0][1]
        half = split(count)
        left = [leaf for leaf in some if leaf[0] < start + half]
        right = some[len(left) :]
        if left:
            before = rebuild(start, half, left)
            return node(before, rebuild(start + half, count - half, right))
        after = rebuild(start + half, count - half, right)
        return node(rebuild(start, half, left), after)

    found = rebuild(0, size, leaves) if size else EMPTY
    need(not rest and found == expected, "a proof that leads elsewhere")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    need(old <= new, "a tree that is shorter than before")
    need((old > 0 or old_root == EMPTY) and (new > 0 or new_root == EMPTY), "an empty tree with a root")
    rest = list(proof)

    def take() -> bytes:
        need(bool(rest), "a proof that is too short")
        return rest.pop(0)

    def rebuild(old: int, new: int, known: bytes | None) -> tuple[bytes, bytes]:
        if old == new:
            both = take() if known is None else known
            return both, both
        half = split(new)
        if old <= half:
            before, left = rebuild(old, half, known)
            return before, node(left, take())
        before, right = rebuild(old - half, new - half, None)
        left = take()
        return node(left, before), node(left, right)

    if old > 0:
        need(rebuild(old, new, old_root) == (old_root, new_root), "a proof that leads elsewhere")
    need(not rest, "a proof with hashes left over")
