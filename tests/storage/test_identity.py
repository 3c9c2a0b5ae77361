"""Pseudonyms: the same firm, the same name; without the key, none."""

from __future__ import annotations

import hashlib
import hmac
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.storage.identity import (
    IdentityStopped,
    fingerprint,
    identity_key,
    pseudonym,
    register_pseudonym,
)
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

KEY = bytes(range(32))


def test_the_key_is_made_on_first_use_for_its_owner_alone_and_kept(home: Path) -> None:
    key = identity_key(home)
    assert identity_key(home) == key
    assert stat.S_IMODE((home / "identity.key").stat().st_mode) == 0o600
    assert (home / "lake" / "identity.fingerprint").read_text().strip() == fingerprint(key)


def test_the_lake_holds_nothing_from_which_the_key_can_be_read(home: Path) -> None:
    key = identity_key(home)
    for path in (home / "lake").rglob("*"):
        if path.is_file():
            assert key.hex() not in path.read_text()
            assert key not in path.read_bytes()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: path.unlink(), "gone"),
        (lambda path: path.write_text("ab" * 32), "not the one this lake was made with"),
        (lambda path: path.write_text("half a key"), "damaged"),
        (lambda path: path.write_text(""), "damaged"),
        (lambda path: path.chmod(0o644), "can be read by others"),
    ],
)
def test_a_lost_changed_or_exposed_key_stops_instead_of_making_new_firms(home: Path, harm, says: str) -> None:
    key = identity_key(home)
    harm(home / "identity.key")
    with pytest.raises(IdentityStopped) as stopped:
        identity_key(home)
    assert says in str(stopped.value)
    assert key.hex() not in str(stopped.value)
    assert stopped.value.exit_code == 1


def test_a_pseudonym_is_the_keyed_hash_of_survey_and_identifier() -> None:
    expected = hmac.new(KEY, b"noord_nederland\x0001234567", hashlib.sha256).hexdigest()[:20]
    assert pseudonym(KEY, "noord_nederland", "01234567") == expected


def test_leading_zeros_another_survey_and_another_key_each_make_another_firm() -> None:
    names = {
        pseudonym(KEY, "a", "0123"),
        pseudonym(KEY, "a", "123"),
        pseudonym(KEY, "b", "0123"),
        pseudonym(KEY[::-1], "a", "0123"),
    }
    assert len(names) == 4


@pytest.mark.slow
@given(st.lists(st.one_of(st.none(), st.text(max_size=80)), min_size=1), st.binary(min_size=32, max_size=90))
def test_sql_and_python_give_the_same_pseudonym(identifiers: list[str | None], key: bytes) -> None:
    # DuckDB holds text without NUL characters and lone surrogates; a file with them is refused before this.
    identifiers = [i if i is None else i.replace("\x00", "") for i in identifiers]
    with connect() as connection:
        register_pseudonym(connection, key, "survey")
        found = [connection.execute("SELECT pseudonym($1::VARCHAR)", [i]).fetchall()[0][0] for i in identifiers]
    assert found == [None if i is None else pseudonym(key, "survey", i) for i in identifiers]


def test_a_synthetic_survey_s_key_is_the_same_everywhere(tmp_path: Path) -> None:
    """Nobody to protect, and the same release in every home; a real survey's key is its home's alone."""
    synthetic = load_survey(BUNDLED)
    real = replace(synthetic, synthetic=False)
    assert synthetic.key(tmp_path / "a") == synthetic.key(tmp_path / "b")
    assert not (tmp_path / "a" / "identity.key").exists()
    assert real.key(tmp_path / "a") == identity_key(tmp_path / "a")
    assert real.key(tmp_path / "a") != real.key(tmp_path / "b")
