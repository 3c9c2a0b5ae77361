"""Answers of earlier work, kept under the hash of what they follow from: the same work is not done twice.

Belongs here: where they lie, finding and forgetting them. Does not belong here: what a work's answer follows from
(who asks says it), whether a whole stage stands (the jobs).

An answer is a file of its own in a folder of the home, which is closed as the lake is. It stands under the hash of the
function's name, of all that computes (`versions`) and of the content that the asker names, and carries its own hash, so
that one cut short is made again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from monitor.running import beside
from monitor.storage import private
from monitor.versions import computes

Common = TypeVar("Common")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

_folder: Path | None = None
_asked: set[str] = set()


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Keep answers in this folder meanwhile; where the work goes to its end, those alone that it asked for stay."""
    global _folder
    private.closed_folder(folder)
    _folder = folder
    _asked.clear()
    try:
        yield
        for path in folder.iterdir():
            if path.name not in _asked:
                path.unlink()
    finally:
        _folder = None


def share(
    function: Callable[[Common, Item], Answer],
    common: Common,
    items: Sequence[Item],
    content: Callable[[Item], bytes],
) -> list[Answer]:
    """`beside.share` of the items that no answer is kept of; `content`: what an item's answer follows from, hashed."""
    if _folder is None:
        return beside.share(function, common, items)
    folder, names = _folder, [_name(function, content(item)) for item in items]
    _asked.update(names)
    answers: dict[str, Answer] = {}
    for name in names:
        with suppress(OSError, ValueError):
            answers[name] = _read(folder / name)
    left = {name: item for name, item in zip(names, items, strict=True) if name not in answers}
    for name, answer in zip(left, beside.share(function, common, list(left.values())), strict=True):
        answers[name] = answer
        _write(folder / name, answer)
    return [answers[name] for name in names]


def known(function: Callable[..., Answer], content: bytes) -> Answer | None:
    """The answer that was kept of a function's work; None where there is none. `content`: what it follows from.

    As long as it stands, so do the answers that were asked for before it was kept: the work asks for them once more
    where it is done again.
    """
    if _folder is None:
        return None
    name = _name(function, content)
    with suppress(OSError, ValueError):
        answer: Answer
        answer, before = _read(_folder / name)
        _asked.update({name, *before})
        return answer
    return None


def keep(function: Callable[..., Answer], content: bytes, answer: Answer) -> None:
    """Keep the answer of a function's work."""
    if _folder is not None:
        name = _name(function, content)
        _write(_folder / name, (answer, sorted(_asked)))
        _asked.add(name)


def _name(function: Callable[..., Any], content: bytes) -> str:
    told = f"{function.__module__}.{function.__qualname__} {_computes()} "
    return hashlib.sha256(told.encode() + content).hexdigest()


@cache
def _computes() -> str:
    return repr(sorted(computes().items()))


def _read(path: Path) -> Any:
    """An answer; ValueError where the file is not as it was written."""
    whole = path.read_bytes()
    told, written = whole[:32], whole[32:]
    if hashlib.sha256(written).digest() != told:
        raise ValueError(f"{path} is damaged")
    return pickle.loads(written)


def _write(path: Path, answer: Any) -> None:
    written = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(hashlib.sha256(written).digest() + written)
    aside.chmod(private.FILE)
    os.replace(aside, path)
