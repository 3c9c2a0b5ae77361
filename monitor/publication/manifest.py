"""What a release says of itself, so that anyone can tell what made it and whether it is whole.

Belongs here: hashes, versions, seeds. Does not belong here: the tables themselves.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.storage.lake import ALL_WAVES, Lake, fingerprint
from monitor.survey import Survey
from monitor.versions import code_version, package_versions

volatile = {"releases": ("release_id", "created_at")}
"""Columns that say when a release was made, and so do not count as its content"""


def content_hash(tables: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over every table's name, columns and rows: equal content, equal hash, whenever it was made.

    Numbers count to the last bit: public ones are rounded to what their errors support (`precision`), firms'
    and their weights are made of sums in a fixed order.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        frame = tables[name].drop(columns=list(volatile.get(name, ())), errors="ignore")
        digest.update(json.dumps([name, [str(c) for c in frame.columns], len(frame)]).encode())
        for column in frame:
            digest.update(_digest(frame[column]))
    return digest.hexdigest()


def figures_hash(lake: Lake, tables: Collection[str]) -> str:
    """SHA-256 over disclosed tables as the lake has them, before words are put in: releases that differ in words alone
    have the same."""
    told = [[name, fingerprint(lake.path(f"disclosed_{name}", ALL_WAVES))] for name in sorted(tables)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def with_passports(content: str) -> str:
    """The content hash of the same tables with a passport for every firm of the newest wave, which follow from them."""
    return hashlib.sha256(f"{content} with passports".encode()).hexdigest()


def _digest(values: pd.Series) -> bytes:
    if pd.api.types.is_float_dtype(values.dtype):
        # One zero and one "no number", however they were written.
        numbers = values.to_numpy(dtype="float64", na_value=np.nan) + 0.0
        return hashlib.sha256(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes()).digest()
    first = next((value for value in values if not _null(value)), None)
    if isinstance(first, np.ndarray) and first.dtype.kind == "f":
        return _digest(pd.Series(np.concatenate(values.to_list())))
    if isinstance(first, np.ndarray | list):
        texts = [v.tolist() if isinstance(v, np.ndarray) else None if _null(v) else v for v in values]
        return hashlib.sha256(_json(texts)).digest()
    # Long columns repeat few values: each is written once, with the places it stands at.
    places, different = pd.factorize(values)
    listed = _json([value.item() if hasattr(value, "item") else value for value in different])
    return hashlib.sha256(listed + places.astype("<i8").tobytes()).digest()


def _json(values: list[object]) -> bytes:
    return json.dumps(values, default=str, ensure_ascii=False).encode()


def _null(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def checksums(folder: Path) -> dict[str, dict[str, object]]:
    """Size and SHA-256 of every file under a folder, by its path inside it."""
    return {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def deliveries(lake: Lake, waves: Sequence[str]) -> list[dict[str, object]]:
    """The files each wave was made from, with their hashes."""
    found = []
    for wave in waves:
        if lake.has("raw_deliveries", wave):
            frame = lake.read("raw_deliveries", wave)
            if "current" in frame:
                frame = frame[frame["current"].astype(bool)]
            for line in frame.sort_values(["role", "file"]).to_dict("records"):
                found.append(
                    {
                        "wave": wave,
                        "role": line["role"],
                        "file": Path(str(line["file"])).name,
                        "sha256": line["delivery"],
                        "bytes": int(line["bytes"]),
                        "arrived_at": str(line["arrived_at"]),
                    }
                )
    return found


def describe(
    lake: Lake, survey: Survey, waves: Sequence[str], release_id: str, created_at: str, content: str, figures: str
) -> dict[str, object]:
    """The manifest without the checksums of files. `content`, `figures`: the hashes of that."""
    return {
        "release_id": release_id,
        "created_at": created_at,
        "survey": survey.name,
        "synthetic": survey.synthetic,
        "waves": list(waves),
        "content_hash": content,
        "figures_hash": figures,
        "definition_hash": survey.definition_hash,
        "claims_hash": survey.claims_hash,
        "code_version": code_version(),
        "seeds": {"survey": survey.seed},
        "deliveries": deliveries(lake, waves),
        "packages": package_versions(),
        "python": platform.python_version(),
    }
