"""A class of thirty: `make demo`, or `python examples/classroom.py`.

A teacher's backend makes an account in a new SQLite file, or where `--location` says. Its service account signs thirty students up, each with a
vault of their own. Every student, in a process of their own, hands in an essay. The grader, in another process, sees
each upload, reads it, and writes a grade that the student reads. Every student then tries to get at the vaults of the
others. One student leaves. In the end the whole log is verified.

Each process finds its location and its token in the environment. It has nothing else that opens a vault.

`--location postgresql://…` is an empty database that all processes open. `--location https://…` is a server, where the account is
made already and its owner's token is in $STRONGROOM_TOKEN; given several times, the servers of one database, which the processes take in turn.

With `--token-file FILE` the backend's token is left there, for classroom.mjs to go on in the same classroom, from Node. What its
students hand in is read by `--look-in`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import cycle
from pathlib import Path
from typing import Any

import strongroom
from strongroom import Client, Credential, Field, FileChange, NotFound, Vault

ESSAY = 300 * 1024  # bytes
AT_ONCE = 4  # processes
PATIENCE = 120  # seconds


def demand(holds: bool, otherwise: str) -> None:
    """Ends the process, and with it the demo, if what has to hold does not."""
    if not holds:
        raise AssertionError(otherwise)


def mark(essay: bytes) -> str:
    """The grade of an essay. It is fair in its way."""
    return "ABC"[hashlib.sha256(essay).digest()[0] % 3]


# The backend: makes the account, signs students up, and ends an access.


def tell_the_story(locations: Sequence[str], size: int, token_file: Path | None) -> None:
    """All of it, in one account, which is at each of these locations."""
    begin = time.perf_counter()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - begin:6.2f} s  {text}", flush=True)

    say(f"Strongroom {strongroom.__version__}, a class of {size}, in {' and '.join(map(shown, locations))}")
    if locations[0].startswith(("http:", "https:")):
        teacher = strongroom.connect(locations[0])
        say("The account is there. Its owner is the teacher, who finds the token in the environment.")
    else:
        kit = strongroom.init(locations[0], owner="teacher@example.edu")
        teacher = strongroom.connect(locations[0], kit.token)
        say("The account is made. Its owner is the teacher; the recovery code is to be printed and kept off line.")
    account = teacher.service_accounts.create("grader", can_create_vaults=True, can_manage_users=True)
    if token_file is not None:
        token_file.touch(mode=0o600)
        token_file.write_text(account.token, encoding="utf-8")
    backend = strongroom.connect(locations[-1], account.token, app="backend/1.0")
    say("The service account `grader` may create vaults and manage users, and nothing else.")

    kits, vaults, signed_up = zip(*(sign_up(backend, number) for number in range(1, size + 1)), strict=True)
    say(f"{size} students have signed up. Each has a user, and a vault that they may write in.")

    turns = cycle(locations)
    grader = start("grade", account, next(turns), after=backend.changes.cursor(), count=size)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda kit, at: finish(start("hand-in", kit, at)), kits, turns))
    graded = finish(grader)
    say(f"{size} essays were handed in, {AT_ONCE} at a time. Each was read, graded, and its grade read.")
    demand(max(graded["seen"]) < 1, f"the grader saw an upload only after {max(graded['seen']):.2f} s")

    places = [(vault.id, hand_in["item"], hand_in["file"]) for vault, hand_in in zip(vaults, done, strict=True)]
    others = [places[number + 1 :] + places[:number] for number in range(size)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pries = pool.map(lambda kit, at, others: finish(start("pry", kit, at, places=others, own=1)), kits, turns, others)
        tried = list(pries)
    say(f"Every student tried every classmate's vault: {sum(each['refused'] for each in tried):,} calls, all `NotFound`.")

    backend.access.revoke(vaults[-1].id, kits[-1].principal.id)
    finish(start("pry", kits[-1], next(turns), places=places[-1:], own=0))
    say(f"Student {size} left, and the vault moved to a new key. What was theirs is not there for them.")
    proof = teacher.audit.verify()
    say(f"The log is verified: {proof.events:,} events, in a tree of {proof.tree_size:,} leaves.")
    backend.close()
    teacher.close()

    print(f"\n{'vault':<14}{'id':<18}{'grade':<8}essay (SHA-256)")
    for vault, hand_in in list(zip(vaults, done, strict=True))[:5]:
        print(f"{vault.name:<14}{vault.id[:14] + '…':<18}{hand_in['grade']:<8}{hand_in['sha256'][:32]}…")
    print(f"\n{'milliseconds':<46}{'median':>8}{'slowest':>9}")
    show("a student signs up", signed_up)
    show(f"an essay of {ESSAY // 1024} KiB is handed in", [hand_in["took"] for hand_in in done])
    show("the grader sees it, after the commit", graded["seen"])
    show("it is read, checked and graded", graded["took"])
    show("the student has the grade, after the upload", [hand_in["waited"] for hand_in in done])
    print(f"\nIn all {time.perf_counter() - begin:.1f} s.")


def sign_up(backend: Client, number: int) -> tuple[Credential, Vault, float]:
    """A user, and a vault that this user may write in; and how long it took."""
    begin = time.perf_counter()
    email = f"student-{number}@example.edu"
    kit = backend.users.create(email, name=f"Student {number}")
    vault = backend.vaults.create(
        f"Student {number}",
        description="Homework of this year, by python",
        external_id=f"student-{number}",
        access={email: "write"},
        retain="admin",
    )
    return kit, vault, time.perf_counter() - begin


def look_in(location: str, token: str, language: str) -> None:
    """Reads the essays and grades of the students that signed up by a language."""
    with strongroom.connect(location, token, app="backend/1.0") as backend:
        vaults = [vault for vault in backend.vaults.list() if vault.description.endswith(f"by {language}")]
        handed_in = [item for vault in vaults for item in backend.items.list(vault.id)]
        demand(bool(handed_in), f"there is nothing by {language}")
        for summary in handed_in:
            item = backend.items.get(summary.vault_id, summary.id)
            essay = backend.files.read(item.vault_id, item.id, item.files[0].id)
            sent, grade = item.field("sha256"), item.field("grade")
            demand(sent is not None and sent.value == hashlib.sha256(essay).hexdigest(), f"{item} is another essay")
            demand(grade is not None and grade.value == mark(essay), f"{item} has another grade")
    print(f"{len(handed_in)} essays and grades that were written in Node are read in Python.")


def shown(location: str) -> str:
    """A location without a password."""
    return re.sub(r"//[^/@]*@", "//", location)


def show(step: str, times: Sequence[float]) -> None:
    """How long a step took."""
    print(f"{step:<46}{statistics.median(times) * 1000:>8.1f}{max(times) * 1000:>9.1f}")


# The processes: a role, what it is given, and a token in the environment.


def start(role: str, kit: Credential, location: str, **given: Any) -> subprocess.Popen[str]:
    """A process of this file, in another role."""
    secret = {"STRONGROOM_LOCATION": location, "STRONGROOM_TOKEN": kit.token}
    command = [sys.executable, __file__, "--role", role, "--given", json.dumps(given)]
    return subprocess.Popen(command, env=os.environ | secret, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the process answers. Its failure is the demo's."""
    try:
        answer, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    demand(process.returncode == 0, "a process failed: what it says is above")
    result: dict[str, Any] = json.loads(answer)
    return result


def grade(me: Client, given: dict[str, Any]) -> dict[str, Any]:
    """The grader: reads each essay as it comes, checks that it is what the student sent, and writes a grade."""
    seen: list[float] = []
    took: list[float] = []
    with me.changes.watch(after=given["after"], kinds=["file.attached"]) as feed:
        while len(seen) < given["count"]:
            change = next(feed)
            seen.append((datetime.now(timezone.utc) - change.at).total_seconds())
            begin = time.perf_counter()
            assert isinstance(change, FileChange)
            item = me.items.get(change.vault_id, change.item_id)
            essay = me.files.read(change.vault_id, change.item_id, change.file_id)
            sent = item.field("sha256")
            demand(sent is not None and sent.value == hashlib.sha256(essay).hexdigest(), f"{item} is another essay")
            new = [Field("grade", mark(essay), type="concealed")]
            me.items.update(item.vault_id, item.id, set_fields=new, if_version=item.version)
            took.append(time.perf_counter() - begin)
    return {"seen": seen, "took": took}


def hand_in(me: Client, _: dict[str, Any]) -> dict[str, Any]:
    """A student: hands an essay in, waits for the grade and reads it."""
    vaults = list(me.vaults.list())
    demand(len(vaults) == 1, f"{me.me.name} sees {len(vaults)} vaults, and not just their own: {vaults}")
    essay = secrets.token_bytes(ESSAY)
    digest = hashlib.sha256(essay).hexdigest()
    before = me.changes.cursor()
    begin = time.perf_counter()
    item = me.items.create(
        vaults[0].id,
        title="Homework 1",
        category="document",
        fields=[Field("pin", secrets.token_hex(4), type="concealed"), Field("sha256", digest)],
        files=[("essay.pdf", essay)],
    )
    uploaded = time.perf_counter()
    with me.changes.watch(after=before, kinds=["item.updated"]) as feed:
        next(feed)
    read = me.items.get(item.vault_id, item.id).field("grade")
    waited = time.perf_counter() - uploaded
    demand(read is not None and read.value == mark(essay), f"{me.me.name} reads another grade: {read}")
    done = {"item": item.id, "file": item.files[0].id, "sha256": digest, "grade": mark(essay)}
    return done | {"took": uploaded - begin, "waited": waited}


def pry(me: Client, given: dict[str, Any]) -> dict[str, Any]:
    """A student who tries every operation on the first of these vaults, and to read in each of the others."""
    vaults = list(me.vaults.list())
    demand(len(vaults) == given["own"], f"{me.me.name} sees {len(vaults)} vaults, not {given['own']}: {vaults}")
    refused = 0
    for number, (vault, item, file) in enumerate(given["places"]):
        here = (vault, item)
        reads: list[Callable[[], object]] = [
            lambda: me.vaults.get(vault),
            lambda: me.items.list(vault),
            lambda: me.items.get(*here),
            lambda: me.files.read(*here, file),
            lambda: me.secrets.resolve(f"op://{vault}/{item}/pin"),
        ]
        others: list[Callable[[], object]] = [
            lambda: me.vaults.update(vault, name="Mine"),
            lambda: me.vaults.delete(vault),
            lambda: me.access.list(vault),
            lambda: me.access.grant(vault, me.me.id, "read"),
            lambda: me.access.revoke(vault, me.me.id),
            lambda: me.items.history(*here),
            lambda: me.items.create(vault, title="Homework 1"),
            lambda: me.items.update(*here, title="Mine"),
            lambda: me.items.archive(*here),
            lambda: me.items.restore(*here),
            lambda: me.items.delete(*here),
            lambda: me.files.open(*here, file),
            lambda: me.files.download(*here, file, to=os.devnull),
            lambda: me.files.attach(*here, "mine.pdf", b"mine"),
            lambda: me.files.detach(*here, file),
        ]
        for which, call in enumerate(reads if number else reads + others):
            try:
                answer = call()
            except NotFound:
                refused += 1
            else:
                raise AssertionError(f"{me.me.name} got through to {vault} by call {which}: {answer!r}")
        told = [change.kind for change in me.changes.list(vaults=[vault])]
        # Who was in it is told that they were put out, and nothing else.
        demand(told == ([] if given["own"] else ["access.revoked"]), f"{me.me.name} sees what changes in {vault}: {told}")
    return {"refused": refused}


def main() -> None:
    """The story, or one process of it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--students", type=int, default=30)
    places = "a SQLite file that is not there yet, by default one that is removed; or as told above"
    options.add_argument("--location", action="append", help=places)
    options.add_argument("--token-file", type=Path, help="where the backend's token is left, or is found by --look-in")
    options.add_argument("--look-in", metavar="LOCATION", help="reads what classroom.mjs made there")
    roles = {"grade": grade, "hand-in": hand_in, "pry": pry}
    options.add_argument("--role", choices=roles, help=argparse.SUPPRESS)
    options.add_argument("--given", type=json.loads, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.role:
        with strongroom.connect(app=f"{chosen.role}/1.0") as me:
            print(json.dumps(roles[chosen.role](me, chosen.given)))
    elif chosen.look_in:
        look_in(chosen.look_in, chosen.token_file.read_text(encoding="utf-8"), "node")
    elif chosen.location:
        tell_the_story(chosen.location, chosen.students, chosen.token_file)
    else:
        with tempfile.TemporaryDirectory(prefix="strongroom-") as folder:
            tell_the_story([str(Path(folder) / "classroom.db")], chosen.students, chosen.token_file)


if __name__ == "__main__":
    main()
