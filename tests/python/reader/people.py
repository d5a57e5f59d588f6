"""The replay of the logs that say who is who: the account's, principals' and groups'."""

from dataclasses import dataclass, field
from typing import Any

from .encoding import need
from .operations import Operation

CREATE_VAULTS, MANAGE_USERS, MANAGE_POLICY, READ_AUDIT = range(4)


@dataclass(frozen=True)
class Placed:
    """An operation at its places, whose bytes were checked."""

    seq: int
    time: int
    hash: bytes
    position: int
    operation: Operation

    @property
    def at(self) -> tuple[int, int]:
        """Position and `seen`, by which rule 3 judges."""
        return self.position, self.operation.seen[0]


@dataclass
class Timeline:
    events: list[tuple[int, int | None]] = field(default_factory=list)

    def give(self, position: int) -> None:
        self.events.append((position, None))

    def take(self, at: tuple[int, int]) -> None:
        if self.holds():
            self.events.append(at)

    def holds(self) -> bool:
        return bool(self.events) and self.events[-1][1] is None

    def held_at(self, size: int) -> bool:
        return self.held_since(size) is not None

    def held_since(self, size: int) -> int | None:
        """Where it was given that was held."""
        before = [event for event in self.events if event[0] < size]
        return before[-1][0] if before and before[-1][1] is None else None

    def allows(self, at: tuple[int, int]) -> bool:
        return self.allows_since(at) is not None

    def allows_since(self, at: tuple[int, int]) -> int | None:
        """Where it was given that allows."""
        position, seen = at
        given = [index for index, event in enumerate(self.events) if event[1] is None and event[0] < seen]
        if not given:
            return None
        later = self.events[given[-1] :]
        kept = all(covered is None or position < covered for _, covered in later)
        return later[0][0] if kept else None


@dataclass
class Generation:
    number: int
    keys: dict[str, Any]
    chain: int
    standing: Timeline
    retired: bytes | None = None


@dataclass
class Principal:
    id: bytes
    kind: int
    profile: bytes
    state: str
    generations: list[Generation] = field(default_factory=list)
    rights: list[Timeline] = field(default_factory=lambda: [Timeline() for _ in range(4)])
    recoverable: list[tuple[int, bytes, int, bytes]] = field(default_factory=list)

    def generation(self, number: int) -> Generation:
        found = [generation for generation in self.generations if generation.number == number]
        need(bool(found), "no keys of that generation")
        return found[0]

    def standing_at(self, size: int) -> Generation | None:
        for generation in self.generations:
            if generation.number > 0 and generation.standing.held_at(size):
                return generation
        return None

    def same_chain(self, one: int, other: int) -> bool:
        chains = {generation.number: generation.chain for generation in self.generations}
        return one in chains and other in chains and chains[one] == chains[other]

    def was_let_in(self, given: int | None, generation: int) -> bool:
        """Whether a group that let the principal in there let in this generation."""
        if given is None:
            return False
        begun = [other.number for other in self.generations if other.standing.events[0][0] <= given]
        return bool(begun) and self.same_chain(begun[-1], generation)

    def begin(self, number: int, keys: dict[str, Any], chain: int, position: int) -> None:
        standing = Timeline()
        standing.give(position)
        self.generations.append(Generation(number, keys, chain, standing))

    def end(self, at: tuple[int, int]) -> None:
        for generation in self.generations:
            generation.standing.take(at)

    def set_rights(self, bits: int, at: tuple[int, int]) -> None:
        for right, timeline in enumerate(self.rights):
            if bits >> right & 1 and not timeline.holds():
                timeline.give(at[0])
            elif not bits >> right & 1:
                timeline.take(at)


@dataclass
class Group:
    deleted: bool = False
    members: dict[bytes, Timeline] = field(default_factory=dict)

    def allows(self, member: Principal, generation: int, at: tuple[int, int]) -> bool:
        given = self.members[member.id].allows_since(at) if member.id in self.members else None
        return member.was_let_in(given, generation)

    def has(self, member: Principal, generation: int, size: int) -> bool:
        given = self.members[member.id].held_since(size) if member.id in self.members else None
        return member.was_let_in(given, generation)

    def members_at(self, size: int) -> list[bytes]:
        return [member for member, timeline in self.members.items() if timeline.held_at(size)]


class Directory:
    """Everybody, as far as the feed was replayed."""

    def __init__(self, account: bytes) -> None:
        self.account = account
        self.root: dict[str, Any] | None = None
        self.owners: dict[bytes, Timeline] = {}
        self.recoveries: dict[bytes, Timeline] = {}
        self.policy_version = 0
        self.principals: dict[bytes, Principal] = {}
        self.groups: dict[bytes, Group] = {}

    def signing_keys(self, operation: Operation) -> list[bytes]:
        body, kind = operation.body, operation.kind
        if kind == "account.created":
            return [body["owner"]["sign"]]
        if kind == "reads.anchored":
            return []
        if kind == "principal.added" and operation.signer is None:
            return [body["keys"]["sign"]]
        signer = self.principals.get(operation.signer or b"")
        if signer is None:
            need(False, "a signer whom nobody knows")
            return []
        keys = [signer.generation(operation.generation).keys["sign"]]
        if kind in ("principal.rotated", "principal.accepted"):
            keys.append(body["keys"]["sign"])
        return [bytes(key) for key in keys]

    def signs(self, placed: Placed) -> bytes:
        """The signer, whose keys may sign here."""
        signer = placed.operation.signer
        need(signer is not None and signer in self.principals, "a signer whom nobody knows")
        assert signer is not None
        generation = self.principals[signer].generation(placed.operation.generation)
        need(generation.standing.allows(placed.at), "keys that had ended")
        return signer

    def owns(self, who: bytes, at: tuple[int, int]) -> bool:
        return who in self.owners and self.owners[who].allows(at)

    def rescues(self, who: bytes, at: tuple[int, int]) -> bool:
        return who in self.recoveries and self.recoveries[who].allows(at)

    def may(self, who: bytes, right: int, at: tuple[int, int]) -> bool:
        principal = self.principals.get(who)
        return self.owns(who, at) or (principal is not None and principal.rights[right].allows(at))

    def stands_as(self, recipient: dict[str, Any], size: int) -> bool:
        principal = self.principals.get(recipient["principal"])
        standing = principal.standing_at(size) if principal else None
        return standing is not None and standing.number == recipient["generation"]

    # The account's log.

    def apply_account(self, placed: Placed) -> None:
        operation, body = placed.operation, placed.operation.body
        if self.root is None:
            need(operation.kind == "account.created", "an account begins with itself")
            need(operation.account is None and operation.log is None and operation.signer is None, "no first operation")
            need(body["suite"] == 1 and operation.hash == self.account, "another account or suite")
            self.root = body
            return
        signer = self.signs(placed)
        owner = self.owns(signer, placed.at)
        if operation.kind == "policy.changed":
            need(self.may(signer, MANAGE_POLICY, placed.at), "no right to change the policy")
            need(body["version"] == self.policy_version + 1, "a policy out of order")
            need(body["max_grant"] in (1, 2, 3), "no role")
            self.policy_version = body["version"]
        elif operation.kind == "account.transferred":
            need(owner or self.rescues(signer, placed.at), "no right to transfer the account")
            to = self.principals.get(body["to"])
            need(to is not None and to.standing_at(placed.at[1]) is not None, "no new owner")
            hand_over(self.owners, body["to"], placed.at)
        elif operation.kind == "recovery.replaced":
            need(owner, "no right to replace the recovery key")
            hand_over(self.recoveries, body["recovery"], placed.at)
        else:
            need(operation.kind == "account.restored" and owner, "nothing for the account's log")

    # Principals' logs.

    def apply_principal(self, placed: Placed) -> None:
        operation, body = placed.operation, placed.operation.body
        principal = self.principals.get(operation.log_id)
        if principal is None:
            self.begin_principal(placed)
            return
        signer, at = self.signs(placed), placed.at
        need(principal.state != "deleted", "a principal who was deleted")
        newest = principal.generations[-1]
        own = signer == principal.id and operation.generation == newest.number
        match operation.kind:
            case "principal.updated":
                self.manages(signer, principal, at)
                self.gives_what_it_has(signer, body["rights"], at)
                principal.set_rights(body["rights"], at)
                principal.profile = body["profile"]
            case "principal.suspended":
                self.manages(signer, principal, at)
                principal.end(at)
                principal.state = "suspended"
            case "principal.reactivated":
                self.manages(signer, principal, at)
                need(principal.state == "suspended", "nobody to reactivate")
                newest.standing.give(at[0])
                principal.state = "invited" if newest.number == 0 else "active"
            case "principal.deleted":
                self.manages(signer, principal, at)
                principal.end(at)
                principal.state = "deleted"
            case "principal.rotated":
                need(own and newest.number > 0, "keys of somebody else")
                principal.end(at)
                principal.begin(newest.number + 1, body["keys"], newest.chain, at[0])
                principal.generations[-1].retired = body["retired"]
            case "principal.accepted":
                need(own and newest.number == 0, "no invitation")
                principal.end(at)
                principal.begin(1, body["keys"], newest.chain, at[0])
                principal.state = "active"
            case "principal.reissued":
                self.manages(signer, principal, at)
                principal.end(at)
                principal.begin(newest.number + 1, body["keys"], newest.chain + 1, at[0])
                principal.set_rights(0, at)
                principal.state = "active"
            case "principal.recoverable":
                need(own, "keys of somebody else")
                to = body["recovery"]
                key = (operation.generation, to["principal"], to["generation"], body["wrap"])
                principal.recoverable.append(key)
            case _:
                need(False, "nothing for a principal's log")

    def begin_principal(self, placed: Placed) -> None:
        operation, body, at = placed.operation, placed.operation.body, placed.at
        kind, generation, keys = body["kind"], body["generation"], body["keys"]
        need(operation.kind == "principal.added" and operation.log is None, "a principal begins with itself")
        need(kind <= 2 and body["rights"] < 16, "an unknown kind or right")
        if operation.signer is None:
            assert self.root is not None
            first = {0: (self.owners, "owner"), 2: (self.recoveries, "recovery")}.get(kind)
            need(first is not None and generation == 1, "nobody certified these keys")
            assert first is not None
            need(not first[0] and keys == self.root[first[1]], "nobody certified these keys")
            first[0][operation.log_id] = Timeline()
            first[0][operation.log_id].give(at[0])
        else:
            signer = self.signs(placed)
            need(kind != 2 or self.owns(signer, at), "a recovery key is the owner's to add")
            rescue = kind == 0 and body["rights"] == 0 and self.rescues(signer, at)
            need(rescue or self.may(signer, MANAGE_USERS, at), "no right to manage users")
            self.gives_what_it_has(signer, body["rights"], at)
        need(generation <= 1 and (generation == 1 or kind == 0), "first keys of another generation")
        whole = keys["note"] is not None or keys["kem"] is not None
        need(whole == (generation == 1), "a key set of another generation")
        state = "active" if generation else "invited"
        principal = Principal(operation.log_id, kind, body["profile"], state)
        principal.begin(generation, keys, 0, at[0])
        principal.set_rights(body["rights"], at)
        self.principals[principal.id] = principal

    def manages(self, signer: bytes, principal: Principal, at: tuple[int, int]) -> None:
        if self.owns(signer, at):
            return
        need(self.may(signer, MANAGE_USERS, at), "no right to manage users")
        roots = [self.owners.get(principal.id), self.recoveries.get(principal.id)]
        need(not any(root and root.held_at(at[0]) for root in roots), "the owner and the recovery key are protected")
        for right, timeline in enumerate(principal.rights):
            need(not timeline.holds() or self.may(signer, right, at), "somebody with more rights")

    def gives_what_it_has(self, signer: bytes, bits: int, at: tuple[int, int]) -> None:
        need(bits < 16, "an unknown right")
        need(all(self.may(signer, right, at) for right in range(4) if bits >> right & 1), "a right that it lacks")

    # Groups' logs.

    def apply_group(self, placed: Placed) -> None:
        operation, body, at = placed.operation, placed.operation.body, placed.at
        signer = self.signs(placed)
        need(self.may(signer, MANAGE_USERS, at), "no right to manage users")
        group = self.groups.get(operation.log_id)
        if group is None:
            need(operation.kind == "group.created" and operation.log is None, "a group begins with itself")
            self.groups[operation.log_id] = Group()
            return
        need(not group.deleted, "a group that was deleted")
        match operation.kind:
            case "group.added":
                need(body["member"] in self.principals, "nobody to add")
                timeline = group.members.setdefault(body["member"], Timeline())
                if not timeline.holds():
                    timeline.give(at[0])
            case "group.removed":
                if body["member"] in group.members:
                    group.members[body["member"]].take(at)
            case "group.deleted":
                for timeline in group.members.values():
                    timeline.take(at)
                group.deleted = True
            case _:
                need(False, "nothing for a group's log")


def hand_over(holders: dict[bytes, Timeline], to: bytes, at: tuple[int, int]) -> None:
    for timeline in holders.values():
        timeline.take(at)
    holders.setdefault(to, Timeline()).give(at[0])
