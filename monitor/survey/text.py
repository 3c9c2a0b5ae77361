"""A text in several languages, as definitions declare it.

Belongs here: the type by which words are told from what is computed with, and finding it in what is declared. Does not
belong here: reading it (`wording`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

Text = Annotated[Mapping[str, str], "by language"]
"""A text by language: at least `nl` and `en`."""


def is_text(hint: Any) -> bool:
    """Whether what is declared so is a text by language, or none."""
    of = get_args(hint)
    return hint == Text or (Text in of and type(None) in of)


def inner(hint: Any) -> Any:
    """What the items of a mapping or a sequence are declared as: its last parameter, also where it may be None."""
    of = [each for each in get_args(hint) if each not in (Ellipsis, type(None))]
    if type(None) in get_args(hint):
        return inner(of[0])
    return of[-1] if of else Any
