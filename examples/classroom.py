"""The class: one vault for each student, made when they sign up and shared with them alone.

A teacher makes an account. A service account, the grader, signs students up and follows what they hand in. Each student
works in a process of their own, with a token of their own. In the end the log is verified.

    python examples/classroom.py [--students 30] [--location classroom.db]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import strongroom
from strongroom import Client, Credential, Field, Vault

ESSAY = 300_000  # bytes, and a little more for each student
AT_ONCE = 4  # student processes
PATIENCE = 60.0  # seconds


@dataclass
class Student:
    name: str
    email: str
    credential: Credential
    vault: Vault
    handed_in: float = 0.0
    delay: float = 0.0
    size: int = 0
    grade: str = ""
    saw: str = ""
    problems: list[str] = field(default_factory=list)


def essay(name: str) -> bytes:
    """What a student hands in: always the same for one name, so that the grader can tell it arrived whole."""
    block = hashlib.sha256(name.encode()).digest()
    return block * ((ESSAY + 1000 * sum(name.encode())) // len(block))


def expect_nothing(client: Client, vault: str, item: str) -> None:
    """Tries every way into somebody else's vault; each must answer that there is no such vault."""
    attempts = {
        "vaults.get": lambda: client.vaults.get(vault),
        "vaults.update": lambda: client.vaults.update(vault, name="mine"),
        "vaults.delete": lambda: client.vaults.delete(vault),
        "access.list": lambda: client.access.list(vault),
        "access.grant": lambda: client.access.grant(vault, client.me.id, "admin"),
        "items.list": lambda: client.items.list(vault),
        "items.get": lambda: client.items.get(vault, item),
        "items.create": lambda: client.items.create(vault, title="Was here"),
        "items.update": lambda: client.items.update(vault, item, title="Was here"),
        "items.delete": lambda: client.items.delete(vault, item),
        "files.attach": lambda: client.files.attach(vault, item, "note.txt", b"was here"),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except strongroom.NotFound:
            continue
        raise SystemExit(f"{client.me.name} got into another student's vault by {name}")


def study(location: str, name: str, vault: str, others: list[str]) -> None:
    """A student's process: hands an essay in, waits for the grade, and looks around."""
    with strongroom.connect(location, app="student/1.0") as client:
        seen = [found.id for found in client.vaults.list()]
        if seen != [vault]:
            raise SystemExit(f"{name} sees {len(seen)} vaults")
        item = client.items.create(
            vault,
            title="Homework 1",
            category="document",
            fields=[Field("password", f"{name}-secret", type="concealed")],
            files=[("essay.pdf", essay(name))],
        )
        print("handed in", time.time(), flush=True)
        for change in client.changes.watch(after="start", vaults=[vault], kinds=["item.updated"]):
            if change.actor.id != client.me.id:
                break
        grade = client.items.get(vault, item.id).field("grade")
        for other in others:
            expect_nothing(client, other, item.id)
        known = sorted(user.email or "" for user in client.users.list())
        print("grade", grade.value if grade else "", "knows", ",".join(known), flush=True)


def follow(grader: Client, feed: strongroom.ChangeFeed, students: dict[str, Student], done: queue.Queue[str]) -> None:
    """The grader: sees each file as it comes, reads it, and writes a grade back."""
    for change in feed:
        if not isinstance(change, strongroom.FileChange):
            continue
        student = students[change.vault_id]
        content = grader.files.read(change.vault_id, change.item_id, change.file_id)
        student.delay = time.time()
        if content != essay(student.name):
            student.problems.append("the essay arrived changed")
        student.size = len(content)
        student.grade = "ABCDE"[len(content) // 1000 % 5]
        grader.items.update(change.vault_id, change.item_id, set_fields=[Field("grade", student.grade)])
        done.put(student.vault.id)


def attend(location: str, student: Student, others: list[str]) -> None:
    """Runs a student's process and keeps what it says."""
    command = [sys.executable, __file__, "--study", student.name, student.vault.id, *others, "--location", location]
    environment = os.environ | {"STRONGROOM_TOKEN": student.credential.token}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if ended.returncode != 0:
        student.problems.append(ended.stderr.strip() or f"the process ended with {ended.returncode}")
        return
    first, last = ended.stdout.splitlines()
    student.handed_in = float(first.split()[-1])
    student.saw = last


def sign_up(grader: Client, number: int) -> Student:
    name = f"Student {number:02}"
    email = f"student-{number:02}@example.edu"
    credential = grader.users.create(email, name=name)
    vault = grader.vaults.create(
        name, description="Homework of the autumn term", external_id=f"student-{number:02}", access={email: "write"}
    )
    return Student(name, email, credential, vault)


def teach(location: str, count: int) -> int:
    began = time.monotonic()
    kit = strongroom.init(location, owner="teacher@example.edu")
    teacher = strongroom.connect(location, kit.token, app="classroom/1.0")
    account = teacher.service_accounts.create("grader", can_create_vaults=True, can_manage_users=True)
    grader = strongroom.connect(location, account.token, app="grader/1.0")
    print(f"The teacher made an account in {location}, and a service account for the grader.")

    started = time.monotonic()
    students = [sign_up(grader, number) for number in range(1, count + 1)]
    took = (time.monotonic() - started) / count
    print(f"{count} students signed up; each has a vault of their own, in {took * 1000:.0f} ms each.\n")

    graded: queue.Queue[str] = queue.Queue()
    feed = grader.changes.watch(kinds=["file.attached"])
    by_vault = {student.vault.id: student for student in students}
    follower = threading.Thread(target=follow, args=(grader, feed, by_vault, graded), daemon=True)
    follower.start()
    waiting: queue.Queue[Student] = queue.Queue()
    for student in students:
        waiting.put(student)

    def desk() -> None:
        while True:
            try:
                student = waiting.get_nowait()
            except queue.Empty:
                return
            others = [other.vault.id for other in students if other is not student][:3]
            attend(location, student, others)

    desks = [threading.Thread(target=desk) for _ in range(AT_ONCE)]
    for thread in desks:
        thread.start()
    for thread in desks:
        thread.join()
    feed.close()
    follower.join(PATIENCE)

    leaver = students[-1]
    grader.access.revoke(leaver.vault.id, leaver.email)
    with strongroom.connect(location, leaver.credential.token) as gone:
        expect_nothing(gone, leaver.vault.id, "itm_" + "a" * 52)
        if list(gone.vaults.list()):
            leaver.problems.append("still sees a vault after leaving")

    problems = report(students)
    print(f"\n{leaver.name} left: the vault moved to a new key, and their token finds nothing any more.")
    proof = teacher.audit.verify()
    print(f"The log was verified: {proof.events} signed operations in a tree of {proof.tree_size} leaves.")
    grader.close()
    teacher.close()
    print(f"All of it took {time.monotonic() - began:.1f} s.")
    for problem in problems:
        print(f"FAILED  {problem}", file=sys.stderr)
    return 1 if problems else 0


def report(students: list[Student]) -> list[str]:
    """Prints the table, and answers what went wrong."""
    problems = []
    print(f"{'student':<12} {'essay':>10} {'seen and read after':>20} {'grade':>6}")
    for student in students:
        delay = student.delay - student.handed_in
        if not student.problems and delay > 1.0:
            student.problems.append(f"the grader took {delay:.1f} s to see the essay")
        if not student.problems and student.saw != f"grade {student.grade} knows {student.email}":
            student.problems.append(f"expected grade {student.grade} and no classmate, and it says: {student.saw}")
        problems += [f"{student.name}: {problem}" for problem in student.problems]
        print(f"{student.name:<12} {student.size:>8} B {max(delay, 0) * 1000:>17.0f} ms {student.grade:>6}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description="A class on Strongroom, from sign-up to proof.")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--location", default=None, help="a new database; by default one in a temporary folder")
    parser.add_argument("--study", nargs="+", default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.study:
        name, vault, *others = arguments.study
        study(arguments.location, name, vault, others)
        return 0
    if arguments.location:
        return teach(arguments.location, arguments.students)
    with tempfile.TemporaryDirectory() as folder:
        return teach(str(Path(folder) / "classroom.db"), arguments.students)


if __name__ == "__main__":
    sys.exit(main())
