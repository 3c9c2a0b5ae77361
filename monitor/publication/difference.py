"""What changed between two releases, split into its causes.

Belongs here: comparing two releases figure by figure. Does not belong here: printing (`report`), publishing.

With v a firm's value and w its weight, a headline estimate E moves in five steps that add up to its change:
firms that are gone, corrected answers, other changed values, changed weights, firms that are new. The first and the
last are *new answers*; other changed values are put down to the *definition* where the figure's own formula or
questions changed, to *new answers* where the wave's deliveries changed, else to the *code*. What remains against the
printed figures beyond their rounding (completed copies averaged per firm before and not after dividing) stands as
*rest*; where a release
repeats an earlier figure because too few firms changed since, that remainder is *held*: what waits, or waited till now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.precision import step
from monitor.problems import DefinitionError, Problem
from monitor.storage import publish, release_folders
from monitor.storage.lake import connect, quoted

CAUSES = ("new_answers", "corrections", "weights", "definition", "code", "held", "rest")


@dataclass(frozen=True)
class Side:
    """One release as it is compared: its public tables, its firms, and what its manifest says."""

    release_id: str
    tables: Mapping[str, pd.DataFrame]
    firms: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]

    def files(self, wave: str) -> set[str]:
        """Hashes of the files a wave was made from, corrections aside."""
        listed: Sequence[Mapping[str, str]] = self.manifest.get("deliveries", [])
        return {str(d["sha256"]) for d in listed if d["wave"] == wave and d["role"] != "corrections"}


@dataclass(frozen=True)
class Difference:
    """What changed from release `before` to release `after`."""

    before: str
    after: str
    facts: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    """One per headline figure of a wave in both: before, after, change, each cause, and the firms behind it"""

    def as_dict(self) -> dict[str, object]:
        """For a machine."""
        return {"before": self.before, "after": self.after, **self.facts, "headlines": [dict(x) for x in self.lines]}

    def render(self) -> str:
        """For a terminal."""
        head = [f"{self.before} -> {self.after}"]
        head += [f"    {name.replace('_', ' ')}: {_shown(value)}" for name, value in self.facts.items()]
        if not self.lines:
            return "\n".join([*head, "no headline figure is in both"])
        width = max(len(str(x["indicator"])) for x in self.lines)
        title = f"{'':{width + 6}}{'before':>12}{'after':>12}{'change':>12}"
        title += "".join(f"{c.replace('_', ' '):>13}" for c in CAUSES)
        body = [
            f"{x['wave']}  {x['indicator']!s:{width}}"
            + "".join(f"{_figure(x[c]):>12}" for c in ("before", "after", "change"))
            + "".join(f"{_figure(x[c]):>13}" for c in CAUSES)
            for x in self.lines
        ]
        return "\n".join([*head, title, *body])


def diff(home: Path, before: str, after: str, survey: str | None = None) -> Difference:
    """What changed between two releases of a home (`latest` or an id). DefinitionError where one is not there."""
    folder = _survey_folder(home, (before, after), survey)
    return compare(read(_release(folder, before)), read(_release(folder, after)))


def compare(old: Side, new: Side) -> Difference:
    """Split the change of every headline figure that both releases have."""
    changed_definition = old.manifest["definition_hash"] != new.manifest["definition_hash"]
    changed_code = old.manifest["code_version"] != new.manifest["code_version"]
    waves = [w for w in old.manifest["waves"] if w in new.manifest["waves"]]
    facts: dict[str, Any] = {
        "waves_added": [w for w in new.manifest["waves"] if w not in waves],
        "deliveries_changed": [w for w in waves if old.files(w) != new.files(w)],
        "corrections": [len(old.firms["corrections"]), len(new.firms["corrections"])],
        "definition_changed": changed_definition,
        "code_changed": changed_code,
        "content_changed": old.manifest["content_hash"] != new.manifest["content_hash"],
    }
    lines, comparability = [], []
    headlines, earlier = {name: x for name, x in _recipes(new).items() if x["headline"]}, _recipes(old)
    for wave in waves:
        for name, recipe in headlines.items():
            first, second = _line(old, wave, name), _line(new, wave, name)
            if first is None or second is None:
                continue
            if first["comparable_since"] != second["comparable_since"]:
                comparability.append([wave, name, first["comparable_since"], second["comparable_since"]])
            split = _split(old, new, wave, earlier[name], recipe, changed_definition)
            change = float(second["estimate"]) - float(first["estimate"])
            remainder = change - sum(float(split[c]) for c in CAUSES)
            waits = any(line.get("held") is True for line in (first, second))
            rounding = sum(step(float(line["estimate"]), line.get("se")) for line in (first, second)) / 2
            split["held" if waits else "rest"] = 0.0 if abs(remainder) <= rounding else remainder
            lines.append(
                {
                    "wave": wave,
                    "indicator": name,
                    "before": float(first["estimate"]),
                    "after": float(second["estimate"]),
                    "change": change,
                    "waits": waits,
                    **split,
                }
            )
    facts["comparability_changed"] = comparability
    return Difference(old.release_id, new.release_id, facts, tuple(lines))


def _recipes(side: Side) -> dict[str, Mapping[str, Any]]:
    """How a release estimates each indicator: its formula and base, by name."""
    table = side.tables["definitions"]
    listed = table[table["kind"] == "indicator"].to_dict("records")
    return {str(x["name"]): {str(k): v for k, v in x.items()} for x in listed}


def _line(side: Side, wave: str, name: str) -> Mapping[str, Any] | None:
    table = side.tables["indicators"]
    found = table[
        (table["wave"] == wave) & (table["indicator"] == name) & (table["domain_variable"] == EVERYONE)
    ].to_dict("records")
    if not found or found[0]["suppressed"] or found[0]["estimate"] is None:
        return None
    return {str(k): v for k, v in found[0].items()} | {"held": bool(found[0].get("held"))}


def _split(
    old: Side, new: Side, wave: str, earlier: Mapping[str, Any], recipe: Mapping[str, Any], changed_definition: bool
) -> dict[str, float | int]:
    """The five steps, each the change of E when one thing moves, and how many firms are behind each.

    Each release is summed by its own recipe: a measure or base that one of them lacks is a change of definition.
    """
    a, b = _sums(old, wave, earlier), _sums(new, wave, recipe)
    both = a.index.intersection(b.index)
    corrected = new.firms["corrections"]
    repaired = set(corrected.loc[corrected["wave"] == wave, "firm"])
    before_repair = old.firms["corrections"]
    repaired |= set(before_repair.loc[before_repair["wave"] == wave, "firm"])
    same_weights = a.loc[both].copy()
    mended = same_weights.copy()
    moved = [f for f in both[_differ(a.loc[both], b.loc[both])] if f in repaired]
    mended.loc[moved, ["above", "below"]] = b.loc[moved, ["above", "below"]]
    renewed = mended.copy()
    renewed[["above", "below"]] = b.loc[both, ["above", "below"]]
    others = _differ(mended, b.loc[both]).sum()
    reweighted = b.loc[both]
    gone = _estimate(same_weights, earlier) - _estimate(a, earlier)
    values = _estimate(renewed, recipe) - _estimate(mended, earlier)
    come = _estimate(b, recipe) - _estimate(reweighted, recipe)
    cause = "code"
    if changed_definition and _redefined(old, new, recipe):
        cause = "definition"
    elif old.files(wave) != new.files(wave):
        cause = "new_answers"
    elif changed_definition and old.manifest["code_version"] == new.manifest["code_version"]:
        cause = "definition"
    parts: dict[str, float | int] = dict.fromkeys(CAUSES, 0.0)
    parts["new_answers"] += gone + come
    parts["corrections"] += _estimate(mended, earlier) - _estimate(same_weights, earlier)
    parts["weights"] += _estimate(reweighted, recipe) - _estimate(renewed, recipe)
    parts[cause] += values
    parts["firms_gone_or_new"] = len(a) + len(b) - 2 * len(both)
    parts["firms_corrected"] = len(moved)
    parts["firms_otherwise_changed"] = int(others)
    return parts


def _differ(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Whether each of the same firms has another value."""
    values = ["above", "below"]
    return ~np.isclose(one[values].to_numpy(float), other[values].to_numpy(float)).all(axis=1)


def _redefined(old: Side, new: Side, recipe: Mapping[str, Any]) -> bool:
    """Whether the indicator, its measure or its base has another formula than before."""

    def formulas(side: Side) -> set[tuple[str, ...]]:
        table = side.tables["definitions"]
        text = str(recipe["formula"])
        named = table[[bool(n in text.split() or n in (recipe["name"], recipe["base"])) for n in table["name"]]]
        return set(named[["kind", "name", "formula", "base"]].astype(str).itertuples(index=False, name=None))

    return formulas(old) != formulas(new)


def _sums(side: Side, wave: str, recipe: Mapping[str, Any]) -> pd.DataFrame:
    """Per firm: value (`above`), what it is divided by (`below`) and weight, averaged over completed copies."""
    words = str(recipe["formula"]).split()
    measure = words[2]
    denominator = words[4] if len(words) > 4 else None
    table, base = side.firms["completed"], f"base_{recipe['base']}"
    used = dict.fromkeys(filter(None, ("firm", base, measure, denominator)))
    table = table.loc[table["wave"] == wave, list(used)]
    inside = table[base].fillna(False).astype(bool)
    above = pd.to_numeric(table[measure].astype("float64"), errors="coerce")
    below = pd.to_numeric(table[denominator].astype("float64"), errors="coerce") if denominator else above * 0 + 1
    known = inside & above.notna() & below.notna()
    unit = 0.01 if _percentage(side, measure) and not denominator else 1.0
    kept = pd.DataFrame(
        {"firm": table["firm"], "above": (above * unit).where(known, 0.0), "below": below.where(known, 0.0)}
    )
    firms = kept.groupby("firm")[["above", "below"]].mean()
    known_firms = side.firms["firms"]
    weights = known_firms[known_firms["wave"] == wave].set_index("firm")["weight"].astype(float)
    return firms.join(weights, how="inner")


def _percentage(side: Side, measure: str) -> bool:
    table = side.tables["definitions"]
    found = table[(table["kind"] == "measure") & (table["name"] == measure)]
    kind = pd.api.types.infer_dtype(side.firms["completed"][measure], skipna=True)
    return bool((found["unit"] == "share").any()) and kind not in ("boolean", "empty")


def _estimate(sums: pd.DataFrame, recipe: Mapping[str, Any]) -> float:
    above = float((sums["above"] * sums["weight"]).sum())
    if str(recipe["formula"]).startswith("total"):
        return above
    below = float((sums["below"] * sums["weight"]).sum())
    return above / below if below else 0.0


FORMER = {"definitions": "measures"}
"""Table -> what releases of earlier versions call it"""


def read(release: Path) -> Side:
    """A published release as it is compared."""
    told = release_folders.manifest(release)
    firms = {}
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        for name in ("firms", "completed", "corrections"):
            firms[name] = connection.execute(f"SELECT * FROM {quoted(name)}").df()
    return Side(str(told["release_id"]), read_tables(release, ("indicators", "definitions")), firms, told)


def read_tables(release: Path, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Public tables of a published release."""
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        kept = {name: name if name in there else FORMER[name] for name in names}
        return {name: connection.execute(f"SELECT * FROM {quoted(own)}").df() for name, own in kept.items()}


def public_lines(difference: Difference, least: int) -> list[dict[str, object]]:
    """The lines that may be printed: a cause with one to `least` − 1 firms behind it would tell about those firms, and
    is then joined with the others into the change as a whole. Of a figure that waits, or waited, no cause is told: they
    are what is held back."""
    shown = []
    for x in difference.lines:
        counts = [int(x[c]) for c in ("firms_gone_or_new", "firms_corrected", "firms_otherwise_changed")]
        few = x["waits"] or any(0 < count < least for count in counts)
        kept = {c: None if few else x[c] for c in CAUSES}
        shown.append({k: x[k] for k in ("wave", "indicator", "before", "after", "change")} | kept)
    return shown


def _survey_folder(home: Path, names: Sequence[str], survey: str | None) -> Path:
    folders = sorted(p for p in (home / "releases").glob("*") if p.is_dir() and (survey is None or p.name == survey))
    fitting = [
        f for f in folders if all(n == publish.LATEST or n in {p.name for p in publish.releases(f)} for n in names)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if len(folders) == 1:
        return folders[0]
    raise DefinitionError(
        Problem(
            "the releases are not there" if not fitting else "several surveys have such releases",
            file=str(home / "releases"),
            expected="two releases of one survey",
            found=", ".join(f.name for f in folders) or "no survey",
            do="`monitor releases` lists them; name the survey with --of",
        )
    )


def _release(folder: Path, name: str) -> Path:
    path = None
    if name == publish.LATEST:
        path = publish.latest(folder)
    elif release_folders.release_names.match(name):
        path = folder / name
    if path is None or not (path / release_folders.MANIFEST).exists():
        raise DefinitionError(
            Problem(
                f"release {name} is not there",
                file=str(folder),
                expected=", ".join(p.name for p in publish.releases(folder)) or "a release",
                do="`monitor releases` lists them",
            )
        )
    return path


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _figure(value: Any) -> str:
    number = float(value)
    return f"{number:.5g}" if number else "0"
