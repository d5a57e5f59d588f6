"""The replay of a vault's two logs: who may, its keys, and what is in it."""

from dataclasses import dataclass, field, replace
from typing import Any

from .encoding import label_hash, need
from .people import CREATE_VAULTS, Directory, Placed

READ, WRITE, ADMIN = 1, 2, 3


@dataclass(frozen=True)
class Tenure:
    seq: int
    seen: int
    role: int | None
    generation: int | None
    by: bytes


@dataclass(frozen=True)
class Epoch:
    seq: int
    start: dict[str, Any]
    maker: tuple[bytes, int]


@dataclass
class Item:
    version: int
    entry: bytes
    archived: bool
    deleted: bool
    files: dict[bytes, dict[str, Any]]
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)


class Vault:
    """A vault's logs, as far as they were replayed."""

    def __init__(self, id: bytes) -> None:
        self.id = id
        self.deleted = False
        self.external_id: str | None = None
        self.name = (b"", 0, 0)
        self.epochs: list[Epoch] = []
        self.members: dict[bytes, list[Tenure]] = {}
        self.states: list[tuple[int, bytes]] = []
        self.items: dict[bytes, Item] = {}

    def role(self, directory: Directory, placed: Placed, size: int) -> int:
        """The largest role that the signer could use on this state of the vault log; 0 for none."""
        assert placed.operation.signer is not None
        return self.role_of(directory, placed.operation.signer, placed.operation.generation, placed, size)

    def role_of(self, directory: Directory, signer: bytes, generation: int, placed: Placed, size: int) -> int:
        """The same of anybody, at the place of an operation."""
        largest = 0
        for grantee, tenures in self.members.items():
            before = [index for index, tenure in enumerate(tenures) if tenure.seq < size]
            if not before:
                continue
            tenure, later = tenures[before[-1]], tenures[before[-1] + 1 :]
            if grantee == signer:
                of = tenure.generation
                theirs = of is not None and directory.principals[signer].same_chain(of, generation)
            else:
                group = directory.groups.get(grantee)
                who = directory.principals[signer]
                theirs = group is not None and group.allows(who, generation, placed.at)
            for role in (READ, WRITE, ADMIN):
                kept = all((other.role or 0) >= role or placed.position < other.seen for other in later)
                if theirs and kept and (tenure.role or 0) >= role:
                    largest = max(largest, role)
        return largest

    def last(self, grantee: bytes) -> Tenure | None:
        tenures = self.members.get(grantee)
        return tenures[-1] if tenures else None

    def recipients(self, directory: Directory, seen: int) -> list[dict[str, Any]]:
        found = set()
        for grantee, tenures in self.members.items():
            tenure = tenures[-1]
            if tenure.role is None:
                continue
            if grantee in directory.groups:
                for member in directory.groups[grantee].members_at(seen):
                    person = directory.principals[member]
                    standing = person.standing_at(seen)
                    if standing and directory.groups[grantee].has(person, standing.number, seen):
                        found.add((member, standing.number))
            elif grantee in directory.principals:
                principal = directory.principals[grantee]
                standing = principal.standing_at(seen)
                of = tenure.generation
                if standing and of is not None and principal.same_chain(of, standing.number):
                    found.add((grantee, standing.number))
        return [{"principal": who, "generation": generation} for who, generation in sorted(found)]

    def apply_access(self, placed: Placed, directory: Directory) -> None:
        operation, body = placed.operation, placed.operation.body
        position_and_seen, seen = placed.at, placed.operation.seen[0]
        signer = directory.signs(placed)
        if not self.epochs:
            need(operation.kind == "vault.created", "a vault begins with itself")
            made = label_hash("vault-id", directory.account, signer, body["nonce"])
            need(operation.log == made == self.id, "a vault of another creator")
            need(directory.may(signer, CREATE_VAULTS, position_and_seen), "no right to create vaults")
            need(body["epoch"]["number"] == 1 and body["epoch"]["previous"] is None, "no first epoch")
            for member in body["members"]:
                self.admit(member, placed, directory)
            self.start(body["epoch"], placed, directory)
            self.name = (body["name"], 1, 0)
            self.external_id = body["external_id"]
            return
        need(not self.deleted, "a vault that was deleted")
        role = self.role(directory, placed, placed.seq)
        current = self.epochs[-1].start
        named = current["recovery"]
        rescue = named is not None and named["principal"] == signer
        rescue = rescue and directory.principals[signer].same_chain(named["generation"], operation.generation)
        rescue = rescue and directory.rescues(signer, position_and_seen)
        if operation.kind in ("vault.updated", "vault.deleted"):
            need(role == ADMIN, "no administrator")
        elif operation.kind == "access.completed":
            need(role >= READ, "no member")
        else:
            need(operation.kind in ("access.granted", "epoch.started"), "nothing for a vault's log")
            need(role == ADMIN or rescue, "no administrator")
        if operation.kind in ("vault.updated", "access.granted", "access.completed"):
            need(body["epoch"] == current["number"], "an epoch that is over")
        match operation.kind:
            case "vault.updated":
                self.name = (body["name"], body["epoch"], placed.seq)
            case "vault.deleted":
                self.deleted = True
            case "access.granted":
                for member in body["members"]:
                    had = self.last(member["grantee"])
                    if had and self.is_same(had.generation, member, directory):
                        need(member["role"] >= (had.role or 0), "a smaller role")
                for member in body["members"]:
                    self.admit(member, placed, directory)
                for recipient in body["recipients"]:
                    need(self.names(body["members"], recipient, directory, seen), "a key for somebody else")
                    need(directory.stands_as(recipient, seen), "a key for keys that had ended")
            case "access.completed":
                self.complete(body, placed, directory)
            case "epoch.started":
                need(body["epoch"]["number"] == current["number"] + 1, "an epoch out of order")
                need(body["epoch"]["previous"] is not None, "an epoch without the one before")
                for removal in body["removes"]:
                    self.put_out(removal, placed, signer)
                self.start(body["epoch"], placed, directory)
                self.name = (body["name"], body["epoch"]["number"], placed.seq)

    @staticmethod
    def is_same(had: int | None, member: dict[str, Any], directory: Directory) -> bool:
        """Whether a membership is of the same group, or of the same chain of keys."""
        generation = member["generation"]
        if had is None or generation is None:
            return had is generation
        return directory.principals[member["grantee"]].same_chain(had, generation)

    def admit(self, member: dict[str, Any], placed: Placed, directory: Directory) -> None:
        need(member["role"] in (READ, WRITE, ADMIN), "no role")
        principal = directory.principals.get(member["grantee"])
        if member["generation"] is None:
            need(principal is None and member["grantee"] in directory.groups, "nobody to let in")
        else:
            need(principal is not None and principal.kind != 2, "nobody to let in")
            assert principal is not None
            principal.generation(member["generation"])
        assert placed.operation.signer is not None
        tenure = Tenure(
            placed.seq, placed.operation.seen[0], member["role"], member["generation"], placed.operation.signer
        )
        self.members.setdefault(member["grantee"], []).append(tenure)

    def put_out(self, removal: dict[str, Any], placed: Placed, by: bytes) -> None:
        tenures = self.members.get(removal["grantee"])
        need(bool(tenures), "nobody to put out")
        assert tenures
        left = removal["role"]
        need(left is None or left in (READ, WRITE, ADMIN), "no role")
        need((tenures[-1].role or 0) > (left or 0), "nobody to put out")
        tenures.append(replace(tenures[-1], seq=placed.seq, seen=placed.operation.seen[0], role=left, by=by))

    def start(self, start: dict[str, Any], placed: Placed, directory: Directory) -> None:
        seen, recovery = placed.operation.seen[0], start["recovery"]
        need(start["suite"] == 1, "an unknown suite")
        need(start["recipients"] == self.recipients(directory, seen), "not exactly the members")
        if recovery is not None:
            need(directory.rescues(recovery["principal"], placed.at), "another recovery key")
            need(directory.stands_as(recovery, seen), "another recovery key")
        assert placed.operation.signer is not None
        self.epochs.append(Epoch(placed.seq, start, (placed.operation.signer, placed.operation.generation)))

    @staticmethod
    def names(members: list[dict[str, Any]], who: dict[str, Any], directory: Directory, seen: int) -> bool:
        for member in members:
            group = directory.groups.get(member["grantee"])
            person = directory.principals[who["principal"]]
            if member["grantee"] == person.id or (group and group.has(person, who["generation"], seen)):
                return True
        return False

    def complete(self, body: dict[str, Any], placed: Placed, directory: Directory) -> None:
        who, generation = body["recipient"]["principal"], body["recipient"]["generation"]
        granted = None
        for grantee, tenures in self.members.items():
            group = directory.groups.get(grantee)
            person = directory.principals[who]
            theirs = grantee == who or (group is not None and group.allows(person, generation, placed.at))
            if theirs and tenures[-1].seq == body["grant"] and tenures[-1].role is not None:
                granted = tenures[-1]
        need(granted is not None, "no grant to complete")
        assert granted is not None
        giver = directory.principals[granted.by].standing_at(placed.operation.seen[0])
        need(giver is not None, "a grant of somebody who no longer may")
        assert giver is not None
        role = self.role_of(directory, granted.by, giver.number, placed, placed.seq)
        may = role == ADMIN or (role > 0 and granted.seq == 0)
        need(may or (role == 0 and directory.rescues(granted.by, placed.at)), "a grant of somebody who no longer may")
        of = granted.generation
        need(of is None or directory.principals[who].same_chain(of, generation), "keys of another chain")
        need(directory.stands_as(body["recipient"], placed.operation.seen[0]), "keys that had ended")

    def apply_item(self, placed: Placed, directory: Directory) -> None:
        operation, body = placed.operation, placed.operation.body
        directory.signs(placed)
        size = operation.at[0]
        need(operation.log == self.id and 1 <= size <= len(self.states), "another vault or state")
        need(self.states[size - 1] == operation.at, "a state that the vault never had")
        need(not (self.deleted and size == len(self.states)), "a vault that was deleted")
        role = ADMIN if operation.kind == "item.deleted" else WRITE
        need(self.role(directory, placed, size) >= role, "too low a role")
        if operation.kind != "item.deleted":
            epoch = [epoch for epoch in self.epochs if epoch.seq < size][-1]
            need(body["epoch"] == epoch.start["number"], "another epoch")
        before = self.items.get(body["item"])
        if before is None:
            need(body["version"] == 1 and body["previous"] is None, "a version out of order")
            need(operation.kind == "item.put" and not body["archived"], "no first version")
            before = Item(0, b"", False, False, {})
            self.items[body["item"]] = before
        else:
            need(not before.deleted and body["version"] == before.version + 1, "a version out of order")
            need(body["previous"] == before.entry, "a version of another history")
        before.version, before.entry = body["version"], placed.hash
        if operation.kind == "item.deleted":
            before.deleted = True
            return
        added, removed = len(body["added"]), len(body["removed"])
        match operation.kind:
            case "item.put":
                need(removed == 0 and (added == 0 or body["version"] == 1), "files in an item.put")
                before.archived = body["archived"]
            case "file.attached":
                need(added == 1 and removed <= 1 and body["archived"] == before.archived, "no attachment")
            case "file.detached":
                need(added == 0 and removed == 1 and body["archived"] == before.archived, "no detachment")
            case _:
                need(False, "nothing for an item log")
        for file in body["removed"]:
            need(before.files.pop(file, None) is not None, "a file that is not there")
        for file in body["added"]:
            need(file["file"] not in before.files, "a file that is there")
            before.files[file["file"]] = file
        before.versions[body["version"]] = body
