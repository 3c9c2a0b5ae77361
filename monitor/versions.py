"""What computes: the product's version, with a hash of its source, and the packages that figures rest on.

Belongs here: telling one build from another. Does not belong here: what a release says of itself (`manifest`).
"""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata

import monitor
from monitor.storage.folders import EXPECTATIONS, PACKAGE, SQL

PACKAGES = (
    "dagster", "duckdb", "great_expectations", "jinja2", "numpy", "pandas", "pyarrow", "pyreadstat", "scipy", "typst",
)  # fmt: skip


def code_version() -> str:
    """The product's version and the first digits of a hash over its own source: code, statements, suites, templates."""
    digest = hashlib.sha256()
    for root in (PACKAGE, SQL, EXPECTATIONS):
        for path in sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            # Where the monitor was installed, the other two lie inside the package.
            if root == PACKAGE and path.relative_to(root).parts[0] in ("surveys", SQL.name, EXPECTATIONS.name):
                continue
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{monitor.__version__}+{digest.hexdigest()[:12]}"


def package_versions() -> dict[str, str]:
    """Package -> installed version, of those that figures rest on."""
    return {name: metadata.version(name) for name in PACKAGES}


def computes() -> dict[str, str]:
    """All that must be the same where two processes share a work: name -> version."""
    return {"innovation-monitor": code_version(), "python": platform.python_version()} | package_versions()
