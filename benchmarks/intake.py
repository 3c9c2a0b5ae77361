"""Intake and validation of a large delivery, beside what DuckDB alone and pandas take on the same machine.

Run with `python benchmarks/intake.py [ROWS ...]` from the project's root; it prints a table and writes it to
`benchmarks/intake.md`, where sizes that are not run again keep their lines. Every figure comes from a process of its
own, so that its peak memory is its own.

`python benchmarks/intake.py ROWS --other CHECKOUT [--pairs 5]` runs the product of another checkout in turn with this
one's on the same file, prints the ratios of the pairs and whether both made the same tables; it writes no table.

The delivery has 60 columns: a firm, 24 numbers in Dutch notation, 20 yes-or-no questions, 13 categories, a date and a
free text. About 1 in 1,000 values breaks a rule.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
NUMBERS, FACTS, CATEGORIES = 24, 20, 13
CODES = ("1", "2", "3", "4")


def write_survey(folder: Path) -> None:
    """The definition of the delivery: 60 columns, of which 59 are questions with concepts of the survey's own."""
    concepts, questions = (
        [],
        ["  firm: {column: kvk}", "  comments: {column: opmerking}", "  answered_on: {column: datum}"],
    )
    for i in range(NUMBERS):
        kind = "percentage" if i % 3 == 0 else "number"
        most = 100 if kind == "percentage" else 10_000_000
        label = f"label: {{nl: n{i}, en: n{i}}}"
        concepts.append(f"  n{i}: {{type: {kind}, minimum: 0, maximum: {most}, {label}}}")
        questions.append(f"  n{i}: {{column: n{i}}}")
    for i in range(FACTS):
        concepts.append(f"  b{i}: {{type: boolean, label: {{nl: b{i}, en: b{i}}}}}")
        routed = ", asked_of: b0" if i == 1 else ""
        questions.append(f'  b{i}: {{column: b{i}, codes: {{"1": "true", "2": "false"}}{routed}}}')
    for i in range(CATEGORIES):
        codes = ", ".join(f"k{code}: {{nl: k{code}, en: k{code}}}" for code in CODES)
        concepts.append(f"  c{i}: {{type: category, label: {{nl: c{i}, en: c{i}}}, codes: {{{codes}}}}}")
        mapped = ", ".join(f'"{code}": k{code}' for code in CODES)
        questions.append(f"  c{i}: {{column: c{i}, codes: {{{mapped}}}}}")
    (folder / "waves").mkdir(parents=True)
    (folder / "survey.yaml").write_text(
        "survey: bulk\nname: {nl: Bulk, en: Bulk}\nlanguages: [nl, en]\nsynthetic: true\n"
        "source: {nl: Gemaakt, en: Made}\npopulation: {nl: Bedrijven, en: Firms}\nseed: 1\n"
        "concepts:\n  answered_on: {type: date, label: {nl: Datum, en: Date}}\n" + "\n".join(concepts) + "\n"
        'design: {weights: equal}\nbases:\n  all: {sql: "true", label: {nl: Alle, en: All}}\n'
        "measures:\n"
        "  top_innovator: {sql: n0 > 40, type: boolean, label: {nl: Top, en: Top}}\n"
        "  cooperates: {sql: b0, type: boolean, label: {nl: Samen, en: Together}}\n"
        "  invests: {sql: b1, type: boolean, label: {nl: Investeert, en: Invests}}\n"
        "domains: [c0]\n"
        "indicators:\n  top: {measure: top_innovator, estimator: share, base: all, label: {nl: Top, en: Top}}\n"
        "models: {}\n",
        encoding="utf-8",
    )
    (folder / "waves" / "2020.yaml").write_text(
        'wave: "2020"\nreference_year: 2019\n'
        'delivery: {format: delimited, file: bulk.csv, delimiter: ";", encoding: utf-8, decimal: ",", thousands: "."}\n'
        'missing: {"888": dont_know}\nquestions:\n' + "\n".join(questions) + "\n",
        encoding="utf-8",
    )


def write_delivery(path: Path, rows: int) -> None:
    """The delivery: whole numbers, decimal commas and grouped thousands mixed; a few values that break a rule."""
    columns = ["lpad(CAST(i AS VARCHAR), 8, '0') AS kvk"]
    for i in range(NUMBERS):
        draw = f"hash(i * 97 + {i})"
        if i % 3 == 0:
            share = f"replace(CAST(({draw} % 1000) / 10 AS VARCHAR), '.', ',')"
            value = f"CASE WHEN {draw} % 1000 = 0 THEN '130' ELSE {share} END"
        elif i % 3 == 1:
            value = f"CAST({draw} % 5000 AS VARCHAR)"
        else:
            value = (
                f"CASE WHEN {draw} % 1000 = 0 THEN 'veel' ELSE format('{{:t.}}', CAST({draw} % 3000000 AS BIGINT)) END"
            )
        columns.append(f"{value} AS n{i}")
    facts = [f"CAST(1 + hash(i * 89 + {i}) % 2 AS VARCHAR)" for i in range(FACTS)]
    facts[1] = f"CASE WHEN {facts[0]} = '1' THEN {facts[1]} END"
    columns += [f"{fact} AS b{i}" for i, fact in enumerate(facts)]
    columns += [
        f"CASE WHEN hash(i * 83 + {i}) % 1000 = 0 THEN '7' ELSE CAST(1 + hash(i * 83 + {i}) % 4 AS VARCHAR) END AS c{i}"
        for i in range(CATEGORIES)
    ]
    columns += ["format('{}-{}-2020', 1 + i % 28, 1 + i % 12) AS datum", "'Geen opmerkingen ' || i AS opmerking"]
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {', '.join(columns)} FROM range({rows}) AS t(i)) TO '{path}' (DELIMITER ';', HEADER)"
        )


def product(folder: Path) -> dict[str, object]:
    """Intake and validation by the product: raw, staged, validated with the rows that fail."""
    from monitor.running import beside

    # As the command does: Great Expectations is imported meanwhile, in the process that then runs the rules.
    beside.start(["great_expectations", "monitor.stages.validated"])
    from monitor.stages import raw, staged, validated
    from monitor.storage.lake import Lake
    from monitor.survey import load_survey

    survey = load_survey(folder / "survey")
    lake, wave = Lake(folder / "home", survey.name), survey.waves["2020"]
    parts = {}
    for name, stage in (("raw", raw), ("staged", staged), ("validated", validated)):
        start = time.perf_counter()
        files = [[folder / "bulk.csv"]] if name == "raw" else []
        if name == "validated":
            beside.begin(stage.run, lake, survey, wave)()
        else:
            stage.run(lake, survey, wave, *files)
        parts[name] = round(time.perf_counter() - start, 2)
    rules = lake.read("validated_rules", "2020")
    beyond = beside.begin(time.process_time)()
    return {**parts, "rules": len(rules), "failing_values": int(rules["failed"].sum()), "cpu_beside": beyond}


def duckdb_alone(folder: Path) -> dict[str, object]:
    """DuckDB without the product: the cells verbatim and typed into two Parquet files, no codes, kinds or evidence."""
    with duckdb.connect() as connection:
        source = f"read_csv('{folder / 'bulk.csv'}', delim = ';', header = true, all_varchar = true)"
        start = time.perf_counter()
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS row_number, * FROM {source}) TO '{folder / 'text.parquet'}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        typed = [f"try_cast(replace(replace(n{i}, '.', ''), ',', '.') AS DOUBLE) AS n{i}" for i in range(NUMBERS)]
        typed += [f"CASE b{i} WHEN '1' THEN true WHEN '2' THEN false END AS b{i}" for i in range(FACTS)]
        typed += [f"c{i}" for i in range(CATEGORIES)]
        connection.execute(
            f"COPY (SELECT kvk, {', '.join(typed)} FROM '{folder / 'text.parquet'}') TO '{folder / 'typed.parquet'}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        intake = time.perf_counter() - start
        start = time.perf_counter()
        rules = [f"count(*) FILTER (n{i} NOT BETWEEN 0 AND 100)" for i in range(0, NUMBERS, 3)]
        rules += [f"count(*) FILTER (n{i} IS NULL)" for i in range(NUMBERS - 1)]
        rules += [f"count(*) FILTER (c{i} NOT IN ('1', '2', '3', '4'))" for i in range(40 - len(rules))]
        counts = connection.execute(f"SELECT {', '.join(rules)} FROM '{folder / 'typed.parquet'}'").fetchall()[0]
    return {
        "intake": round(intake, 2),
        "validated": round(time.perf_counter() - start, 2),
        "rules": len(rules),
        "failing_values": sum(counts),
    }


def great_expectations_on_pandas(folder: Path) -> dict[str, object]:
    """The same 40 rules by Great Expectations on a pandas frame, with the rows that fail."""
    import great_expectations as gx
    import pandas as pd

    start = time.perf_counter()
    frame = pd.read_parquet(folder / "typed.parquet")
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("bulk").add_dataframe_asset("bulk")
    batch = asset.add_batch_definition_whole_dataframe("bulk")
    kinds = gx.expectations
    rules = [
        kinds.ExpectColumnValuesToBeBetween(column=f"n{i}", min_value=0, max_value=100) for i in range(0, NUMBERS, 3)
    ]
    rules += [kinds.ExpectColumnValuesToNotBeNull(column=f"n{i}") for i in range(NUMBERS - 1)]
    rules += [kinds.ExpectColumnValuesToBeInSet(column=f"c{i}", value_set=list(CODES)) for i in range(40 - len(rules))]
    suite = context.suites.add(gx.ExpectationSuite(name="bulk", expectations=rules))
    evidence = {"result_format": "COMPLETE", "unexpected_index_column_names": ["kvk"]}
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="bulk", data=batch, suite=suite))
    result = definition.run(batch_parameters={"dataframe": frame}, result_format=evidence)
    failing = sum(int(r.result.get("unexpected_count") or 0) for r in result.results)
    return {"validated": round(time.perf_counter() - start, 2), "rules": len(rules), "failing_values": failing}


WAYS = {
    "product": product,
    "DuckDB alone": duckdb_alone,
    "Great Expectations on pandas": great_expectations_on_pandas,
}
PARTS = ("raw", "staged", "intake", "validated", "rules", "failing_values", "seconds", "cpu_seconds", "peak_gb")


def one(way: str, folder: Path) -> None:
    """Run one way in this process and print its figures."""
    start, cpu = time.perf_counter(), time.process_time()
    figures = WAYS[way](folder)
    figures["seconds"] = round(time.perf_counter() - start, 2)
    figures["cpu_seconds"] = round(time.process_time() - cpu + float(str(figures.pop("cpu_beside", 0))), 2)
    print(json.dumps(figures))


def measured(command: Sequence[str], environment: dict[str, str]) -> tuple[str, float]:
    """What a command prints, and the most memory (GB) that it and its children held at once, looked at all along."""
    peak, looks, members = 0, 0, set[int]()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            # Looking for children takes longer than looking at them, and would slow down what is measured.
            members = family(process.pid) if looks % 20 == 0 else members
            own, shared = zip(*map(resident, members), strict=True)
            peak = max(peak, sum(own) + max(shared))
            looks += 1
            time.sleep(0.05)
        printed = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed, round(peak / 1e6, 2)


def family(first: int) -> set[int]:
    """A process, its children and theirs."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    found = {first}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident(process: int) -> tuple[int, int]:
    """Kilobytes in memory that are a process's own, and those of files (libraries), which it shares with the others."""
    with suppress(OSError, KeyError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        held = {name: value for name, _, value in (line.partition(":") for line in lines) if name.startswith("Rss")}
        own, shared, files = (int(held[name].split()[0]) for name in ("RssAnon", "RssShmem", "RssFile"))
        return own + shared, files
    return 0, 0


def in_turn(rows: int, other: Path, pairs: int) -> None:
    """The product of this checkout and of another one on the same file, in turn; the ratios of the pairs."""
    found: dict[Path, list[dict[str, float]]] = {PROJECT: [], other: []}
    made: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = delivered(Path(place), rows)
        for number in range(pairs):
            # Who goes first changes from pair to pair, so that what drifts favours neither.
            for checkout in list(found) if number % 2 else list(found)[::-1]:
                found[checkout].append(figures := timed("product", folder, checkout))
                told = " ".join(f"{part} {figures[part]}" for part in PARTS if part in figures)
                print(f"{rows:,} {'other' if checkout == other else 'this':5} {told}", flush=True)
                for table, content in contents(folder / "home").items():
                    made.setdefault(table, set()).add(content)
    for part in ("raw", "staged", "validated", "seconds", "cpu_seconds", "peak_gb"):
        ratios = [this[part] / that[part] for this, that in zip(found[PROJECT], found[other], strict=True)]
        least = (min(run[part] for run in runs) for runs in found.values())
        print(f"{part}: this / other {statistics.median(ratios):.2f}; least {' and '.join(map(str, least))}")
    differ = sorted(table for table, content in made.items() if len(content) > 1)
    print(f"tables: {len(made)}, those that differ between runs: {', '.join(differ) or 'none'}")


def delivered(folder: Path, rows: int) -> Path:
    """The folder, with a survey and its delivery in it."""
    write_survey(folder / "survey")
    write_delivery(folder / "bulk.csv", rows)
    return folder


def timed(way: str, folder: Path, checkout: Path = PROJECT) -> dict[str, float]:
    """The figures of one way in a process of its own, by the code and the interpreter of a checkout."""
    own = checkout / ".venv" / "bin" / "python"
    python = sys.executable if checkout == PROJECT or not own.exists() else str(own)
    shutil.rmtree(folder / "home", ignore_errors=True)
    (folder / "home").mkdir()
    # Pseudonyms follow from the key: the same one, so that the tables of two runs can be held against each other.
    (folder / "home" / "identity.key").write_text("0f" * 32, encoding="ascii")
    (folder / "home" / "identity.key").chmod(0o600)
    printed, peak = measured([python, __file__, "--one", way, str(folder)], os.environ | {"PYTHONPATH": str(checkout)})
    return json.loads(printed.splitlines()[-1]) | {"peak_gb": peak}


def contents(home: Path) -> dict[str, str]:
    """Table -> a checksum of its columns' names and types and of its rows in their order, whatever its file's form."""
    found = {}
    with duckdb.connect() as connection:
        for path in sorted((home / "lake").glob("*/*/wave=*/*.parquet")):
            source = f"read_parquet('{path}', hive_partitioning = false, file_row_number = true)"
            about = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            numbered = f"(SELECT *, file_row_number FROM {source}) AS row"
            rows = connection.execute(f"SELECT count(*), bit_xor(hash(row)) FROM {numbered}").fetchall()
            found[path.stem] = f"{about} {rows}"
    return found


def main(sizes: Sequence[int]) -> None:
    """Every way for every size, each in a process of its own; their lines go into intake.md."""
    table = PROJECT / "benchmarks" / "intake.md"
    known = {key: line for line in table.read_text(encoding="utf-8").splitlines() if (key := size_of(line))}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as place:
            folder = delivered(Path(place), rows)
            for way in WAYS:
                figures = timed(way, folder)
                line = f"| {way} | {rows:,} | {' | '.join(str(figures.get(p, '')) for p in PARTS)} |"
                known[(rows, way)] = line
                print(line, flush=True)
    lines = [
        "# Intake and validation of a large delivery",
        "",
        "Made by `python benchmarks/intake.py`. Seconds by the clock; cpu_seconds over all threads, which other work",
        "on the machine changes less. The product's rules are those that follow from the questionnaire; it keeps the",
        "file, the verbatim cells, the typed answers and every missing value with its kind.",
        "",
        f"{os.cpu_count()} cores.",
        "",
        f"| way | rows | {' | '.join(PARTS)} |",
        f"| --- | --- | {' | '.join('---' for _ in PARTS)} |",
        *(known[key] for key in sorted(known, key=lambda key: (key[0], list(WAYS).index(key[1])))),
    ]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")


def size_of(line: str) -> tuple[int, str] | None:
    """Rows and way of a line of the table; None for any other line."""
    cells = [cell.strip() for cell in line.strip("| ").split("|")]
    return (int(cells[1].replace(",", "")), cells[0]) if cells[0] in WAYS else None


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("rows", nargs="*", type=int, default=list(SIZES), help="sizes of the delivery")
        parser.add_argument("--other", type=Path, metavar="CHECKOUT", help="another checkout of the project")
        parser.add_argument("--pairs", type=int, default=3, help="runs of each with --other (default: 3)")
        asked = parser.parse_args()
        if asked.other:
            for size in asked.rows:
                in_turn(size, asked.other.resolve(), asked.pairs)
        else:
            main(asked.rows)
