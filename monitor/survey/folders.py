"""Names that become folders and files.

Belongs here: which names a survey, a wave or a delivery's pattern may have. Does not belong here: where the folders lie
(`Lake`, the stages), and links in an inbox (`inbox`).

A survey's and a wave's name are folders of the home, parts of file names and keys of Dagster's partitions; a release is
copied to other systems. So they are what every file system, archive and shell takes as it is.
"""

from __future__ import annotations

import re

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
FOLDER_NAME_IS = "letters, digits, _ and - (at most 64, the first a letter or digit)"
FILE_PATTERN = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")
FILE_PATTERN_IS = "a file's name or a pattern like *.csv, without folders"


def is_folder_name(name: str) -> bool:
    """Whether a survey or wave may have this name."""
    return FOLDER_NAME.fullmatch(name) is not None


def is_file_pattern(pattern: str) -> bool:
    """Whether a delivery's file may be declared so: it names files of one folder, and none outside it."""
    return (
        FILE_PATTERN.fullmatch(pattern) is not None and pattern.strip() not in ("", ".", "..") and "**" not in pattern
    )
