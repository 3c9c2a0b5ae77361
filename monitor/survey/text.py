"""A text in several languages, as definitions declare it.

Belongs here: the type by which words are told from what is computed with. Does not belong here: reading it (`wording`).
"""

from collections.abc import Mapping
from typing import Annotated

Text = Annotated[Mapping[str, str], "by language"]
"""A text by language: at least `nl` and `en`."""
