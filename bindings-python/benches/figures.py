"""What Python adds: a call against the same call in Rust, and an import against those of its peers.

`make bench` runs this with the package built for release, and with the interpreter that has the peers installed.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import strongroom

ROUNDS = 5
CALLS = 200
ITEMS = 100
RUST = ["cargo", "bench", "--quiet", "--locked", "--bench", "figures", "--", "calls"]
PEERS = {"onepassword-sdk": "onepassword.client", "obstore": "obstore"}
# Run in a fresh interpreter on Linux: seconds of the import, and the resident pages it added.
IMPORT = """
import time
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1])
before = resident()
began = time.perf_counter()
import {module}
print(time.perf_counter() - began, resident() - before)
"""


def micros(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6


def prepare(folder: pathlib.Path) -> tuple[strongroom.Credential, str, str]:
    """An account with one vault of some items: its token, the vault and an item."""
    kit = strongroom.init(str(folder / "calls.db"), owner="teacher@example.edu")
    with strongroom.connect(kit.location, kit.token) as client:
        vault = client.vaults.create("Bench")
        items = [client.items.create(vault.id, title=f"Homework {number}") for number in range(ITEMS)]
    return kit, vault.id, items[0].id


def in_python(kit: strongroom.Credential, vault: str, item: str) -> dict[str, float]:
    found: dict[str, list[float]] = {"items.get": [], "items.list": [], "items.update": []}
    with strongroom.connect(kit.location, kit.token) as client:
        for number in range(CALLS):
            found["items.get"].append(micros(lambda: client.items.get(vault, item)))
            found["items.list"].append(micros(lambda: client.items.list(vault)))
            notes = f"round {number} of Python"
            found["items.update"].append(micros(lambda: client.items.update(vault, item, notes=notes)))
    return {name: statistics.median(times) for name, times in found.items()}


def in_rust(kit: strongroom.Credential, vault: str, item: str) -> dict[str, float]:
    environment = os.environ | {"STRONGROOM_LOCATION": kit.location, "STRONGROOM_TOKEN": kit.token}
    told = subprocess.run([*RUST, vault, item], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(time) for name, time in (line.split() for line in told.stdout.splitlines())}


def calls() -> None:
    with tempfile.TemporaryDirectory(dir=pathlib.Path.cwd()) as folder:
        kit, vault, item = prepare(pathlib.Path(folder))
        rounds = [(in_python(kit, vault, item), in_rust(kit, vault, item)) for _ in range(ROUNDS)]
    for name in rounds[0][0]:
        python = statistics.median(mine[name] for mine, _ in rounds)
        rust = statistics.median(other[name] for _, other in rounds)
        aim = "≤ 1.1" if rust > 100 else "-, under 100 µs"
        print(f"{name} from Python: {python:.0f} µs | from Rust: {rust:.0f} µs | ratio {python / rust:.2f} (aim {aim})")


def imports(peers: str) -> None:
    modules = {"strongroom": (sys.executable, "strongroom")}
    modules |= {name: (peers, module) for name, module in PEERS.items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in modules}
    for _ in range(ROUNDS * 2):
        for name, (python, module) in modules.items():
            code = IMPORT.format(module=module)
            told = subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
            found[name].append((float(told[0]) * 1e3, float(told[1]) * resource.getpagesize() / 2**20))
    middle = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in found.items()}
    seconds, memory = middle["strongroom"]
    for name in PEERS:
        other, resident = middle[name]
        aim = " (aim ≤ 0.15)" if name == "onepassword-sdk" else ""
        print(f"import strongroom: {seconds:.1f} ms, {memory:.1f} MiB | {name}: {other:.1f} ms, {resident:.1f} MiB", end=" | ")
        print(f"ratios {seconds / other:.2f} and {memory / resident:.2f}{aim}")


if __name__ == "__main__":
    calls()
    imports(peers=sys.argv[1])
