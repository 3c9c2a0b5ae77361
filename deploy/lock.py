"""The lock file, from the pinned constraints, and back as requirements with hashes.

    python deploy/lock.py                   write pylock.toml anew (asks pip, which has to be 25.1 or newer)
    python deploy/lock.py --requirements    print what `pip install --require-hashes` takes

Belongs here: both directions. Does not belong here: which versions (`constraints.txt`).

pylock.toml (PEP 751) names a file for each package and its SHA-256, and no registry: the files lie in `wheels/` beside
it, where `pip download --no-deps -r constraints.txt -d wheels` puts them from whatever index a machine uses. It holds
for Python 3.11 on Linux, x86-64; elsewhere the constraints alone do.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "pylock.toml"
CONSTRAINTS = ROOT / "constraints.txt"
HEAD = """\
# Written by deploy/lock.py from constraints.txt: the same versions, with the hash of each file.
lock-version = "1.0"
created-by = "deploy/lock.py"
requires-python = "==3.11.*"
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]
"""


def asked() -> list[Mapping[str, Any]]:
    """The packages of the constraints as pip locks them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pylock.toml"
        command = [sys.executable, "-m", "pip", "lock", "--quiet", "--no-deps", "-r", str(CONSTRAINTS), "-o", str(file)]
        subprocess.run(command, check=True)
        return list(tomllib.loads(file.read_text(encoding="utf-8"))["packages"])


def written(packages: Iterable[Mapping[str, Any]]) -> str:
    """The lock file's text: names, versions, files and hashes, without any address."""
    lines = [HEAD]
    for package in packages:
        lines += ["[[packages]]", f'name = "{package["name"]}"', f'version = "{package["version"]}"']
        for kind, file in files(package):
            table = "[[packages.wheels]]" if kind == "wheels" else "[packages.sdist]"
            lines += ["", table, f'name = "{file["name"]}"', f'path = "wheels/{file["name"]}"']
            lines += [f'hashes = {{sha256 = "{file["hashes"]["sha256"]}"}}']
        lines.append("")
    return "\n".join(lines)


def files(package: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The files of a package, each with its kind."""
    yield from (("wheels", wheel) for wheel in package.get("wheels", []))
    if "sdist" in package:
        yield "sdist", package["sdist"]


def requirements(lock: Mapping[str, Any]) -> str:
    """The lock as a requirements file in pip's hash-checking mode, which every pip knows."""
    lines = []
    for package in lock["packages"]:
        hashes = " ".join(f"--hash=sha256:{file['hashes']['sha256']}" for _, file in files(package))
        lines.append(f"{package['name']}=={package['version']} {hashes}")
    return "\n".join(lines)


def main() -> None:
    """Write the lock, or print it as requirements."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requirements", action="store_true")
    if options.parse_args().requirements:
        print(requirements(tomllib.loads(LOCK.read_text(encoding="utf-8"))))
    else:
        LOCK.write_text(written(asked()), encoding="utf-8")


if __name__ == "__main__":
    main()
