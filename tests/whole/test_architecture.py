"""The architecture as programs: imports, words, suites, lengths, the two places Dagster reads its entry from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from monitor.contract import BY_NAME as PUBLIC
from monitor.contract.lake import BY_NAME as LAKE
from pipelines.assets import RELEASE_STAGES, WAVE_STAGES

ROOT = Path(__file__).parents[2]
STAGES = (
    "raw", "staged", "validated", "imputed", "derived", "weighted", "estimated", "modelled", "disclosed", "released",
)  # fmt: skip
ROOMS: dict[str, str] = {
    "problems": "",
    "precision": "",
    "refusals": "problems",
    "contract": "precision",
    "frameworks": "",
    "wording": "precision",
    "storage": "problems refusals",
    "versions": "storage",
    "running": "problems refusals storage versions",
    "statistics": "problems precision",
    "formats": "problems storage",
    "survey": "problems storage statistics formats wording frameworks",
    "surveys": "",
    "rules": "problems storage survey",
    "publication": "problems precision contract storage survey running versions wording",
    "stages": (
        "problems precision refusals contract storage running versions statistics formats survey rules publication "
        "wording attack"
    ),
    "authoring": "problems storage running formats survey rules stages",
    "synthetic": "storage statistics survey",
    "attack": "",
    "keeping": "problems refusals storage",
    "notebook": "problems storage statistics",
}
"""Room -> the rooms it may import; its own files it may import always, a stage never another stage"""
DOORS = {"__init__", "__main__", "cli"}
"""What starts the monitor may import every room"""
EXCEPTIONS: dict[str, str] = {}
"""File -> the rooms it imports although it may not; a list that only gets shorter"""
HEAVY = {"great_expectations", "statsmodels", "typst", "sqlalchemy", "dagster"}
SOURCES = sorted((ROOT / "monitor").rglob("*.py"))


@cache
def parsed(file: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(file.read_text(encoding="utf-8"))


def drawer(module: str) -> str:
    """`monitor.formats.qualtrics` -> `formats`."""
    return module.split(".")[1] if "." in module else ""


def imports(file: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """The modules a file imports, and with `top_level_only` only those that importing it imports."""
    tree = parsed(file)
    nodes = _at_import(tree) if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_downwards(file: Path) -> None:
    own = file.relative_to(ROOT / "monitor").with_suffix("").parts
    other = {module.split(".")[0] for module in imports(file)}
    assert "dagster" not in other, "the library knows nothing of Dagster"
    if own[0] in DOORS:
        return
    assert "pipelines" not in other, "only the command line starts Dagster's jobs"
    assert own[0] in ROOMS, f"monitor/{own[0]} has no place in the architecture"
    within = [module.split(".") for module in imports(file) if module.startswith("monitor.")]
    rooms = {module[1] for module in within} - {own[0], "__version__"}
    excepted = set(EXCEPTIONS.get("/".join(own), "").split())
    assert rooms - set(ROOMS[own[0]].split()) == excepted, f"{own[0]} may import {ROOMS[own[0]] or 'nothing'}"
    if own[0] == "stages" and len(own) > 1:
        stages = {module[2] for module in within if module[1] == "stages"} - {own[1]}
        assert stages == set(), f"stage {own[1]} imports another: they meet in tables"


def test_no_room_leads_back_to_itself() -> None:
    """The rooms stand in an order in which each imports only those before it."""
    placed: set[str] = set()
    while left := [room for room in ROOMS if room not in placed]:
        free = [room for room in left if set(ROOMS[room].split()) <= placed]
        assert free, f"these import each other in a circle: {', '.join(left)}"
        placed |= set(free)


def test_no_files_import_each_other_in_a_circle() -> None:
    arrows = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): {
            name for module in imports(file, top_level_only=True) if (name := _module_of(module))
        }
        for file in SOURCES
        if file.name != "__init__.py"
    }
    placed: set[str] = set()
    while left := [file for file in arrows if file not in placed]:
        free = [file for file in left if {other for other in arrows[file] if other in arrows} - {file} <= placed]
        assert free, f"these import each other in a circle: {', '.join(left)}"
        placed |= set(free)


def _module_of(name: str) -> str | None:
    """`monitor.formats.text.open_text` -> `monitor.formats.text`; None where no file of the product is meant."""
    while name.startswith("monitor."):
        if ROOT.joinpath(*name.split(".")).with_suffix(".py").exists():
            return name
        name = name.rpartition(".")[0]
    return None


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_package_opens_without_logic(file: Path) -> None:
    if file.name == "__init__.py":
        body = parsed(file).body
        assert not [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def test_the_report_runs_no_query() -> None:
    for file in (ROOT / "monitor" / "publication" / "report").glob("*.py"):
        assert not {m.split(".")[0] for m in imports(file)} & {"duckdb", "pyarrow", "scipy"}, file
        assert not any(module.startswith("monitor.storage.lake") for module in imports(file)), file


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_heavy_packages_are_imported_where_they_are_used(file: Path) -> None:
    heavy = {module.split(".")[0] for module in imports(file, top_level_only=True)} & HEAVY
    assert not heavy, f"import {', '.join(heavy)} inside the functions that need it"


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_modules_say_what_belongs_in_them(file: Path) -> None:
    assert ast.get_docstring(parsed(file)), "a module opens with what belongs in it"


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_what_others_may_call_says_what_it_is(file: Path) -> None:
    tree = parsed(file)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    shown = [
        node for body in (tree, *classes) for node in body.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    silent = [node.name for node in shown if not node.name.startswith("_") and not ast.get_docstring(node)]
    assert silent == [], "a docstring: meaning, formula, source, units"


def test_no_file_swallows_everything() -> None:
    long = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES}
    assert {str(file.relative_to(ROOT)): lines for file, lines in long.items() if lines > 450} == {}


LONGEST = 45
"""Lines a function may have, its docstring among them"""
LONG = {
    "publication/exchange.py:ddi",
    "publication/report/charts.py:lines",
    "publication/report/site.py:write",
    "publication/secure.py:firm_tables",
    "stages/disclosed/stage.py:disclose",
    "stages/modelled/modelling.py:decide_claims",
    "stages/modelled/pooled.py:conditional_result",
    "statistics/design/tables.py:columns_of",
    "statistics/disclosure/complementary.py:_programme",
    "statistics/imputation/rubin.py:combine",
    "statistics/weighting/calibration.py:_fit_proportions",
    "statistics/weighting/calibration.py:calibrate",
    "survey/check.py:_wave",
    "survey/load.py:declared",
    "synthetic/firms.py:_firms",
    "synthetic/limesurvey.py:_columns",
    "synthetic/qualtrics.py:_columns",
    "synthetic/spss.py:_numbers",
}
"""Functions that are longer still; a list that only gets shorter"""


def test_a_function_is_read_at_once() -> None:
    """A part of a long function gets a name of its own."""
    long = {
        f"{file.relative_to(ROOT / 'monitor').as_posix()}:{node.name}"
        for file in SOURCES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > LONGEST
    }
    assert long == LONG


def test_only_the_lake_opens_duckdb() -> None:
    opening = [f.name for f in SOURCES if re.search(r"duckdb\.connect\(", f.read_text(encoding="utf-8"))]
    assert opening == ["lake.py"]


def test_only_one_place_makes_temporary_files() -> None:
    files = [*SOURCES, *(ROOT / "pipelines").rglob("*.py")]
    making = [f.name for f in files if re.search(r"\b(tempfile|mkdtemp|mkstemp)\b", f.read_text(encoding="utf-8"))]
    assert making == ["private.py"]
    spilling = [f.name for f in files if "temp_directory" in f.read_text(encoding="utf-8")]
    assert spilling == ["lake.py"]


OF_ONE_SURVEY = re.compile(r"\b(?:p_)?(?:cooperates|invests|top_innovator)(?:_only)?\b")
NAMED = {"survey/check.py", "statistics/models/contrast.py"}
"""Where the standard measures are listed, and what two of them are called in a contrast's name"""


def test_nothing_names_the_practices_or_outcome_of_one_survey() -> None:
    """They come from the declaration. The demonstration's own folder and generator name what they declare."""
    kinds = ("*.py", "*.html", "*.typ", "*.js", "*.sql", "*.yaml")
    package = [f for kind in kinds for f in (ROOT / "monitor").rglob(kind)]
    beside = [
        f for folder in ("sql", "expectations", "pipelines") for kind in kinds for f in (ROOT / folder).rglob(kind)
    ]
    named = {
        file.relative_to(ROOT / "monitor").as_posix() if file in package else file.name
        for file in (*package, *beside)
        if not {"surveys", "synthetic"} & set(file.parts)
        if OF_ONE_SURVEY.search(file.read_text(encoding="utf-8"))
    }
    assert named == NAMED


def test_one_word_per_stage() -> None:
    for stage, tables in [*WAVE_STAGES.items(), *RELEASE_STAGES.items()]:
        assert stage in STAGES
        assert (ROOT / "monitor" / "stages" / stage / "stage.py").exists()
        for table in tables:
            assert table.startswith(f"{stage}_")
    for folder in (ROOT / "sql").iterdir():
        assert folder.name in STAGES
    for suite in (ROOT / "expectations").glob("*.yaml"):
        assert suite.stem.split("_")[0] in STAGES


def test_every_suite_is_about_a_table_that_some_stage_writes() -> None:
    tables = {table for stage in (*WAVE_STAGES.values(), *RELEASE_STAGES.values()) for table in stage}
    for file in (ROOT / "expectations").glob("*.yaml"):
        assert file.stem in tables, file.name
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["table"] == file.stem


def test_a_suite_tells_rows_apart_as_the_contract_does() -> None:
    for file in (ROOT / "expectations").glob("*.yaml"):
        keys = yaml.safe_load(file.read_text(encoding="utf-8")).get("keys")
        stage, _, name = file.stem.partition("_")
        declared = PUBLIC[name].key if stage == "disclosed" else LAKE[file.stem].key
        assert keys is None or not declared or set(keys) == {*declared} - {"survey"}, file.name


def test_names_say_what_a_module_is_about() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "functions", "base"}
    for file in [*SOURCES, *(ROOT / "pipelines").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        assert not banned & set(file.relative_to(ROOT).with_suffix("").parts), file


def test_the_tree_holds_no_notes_to_self_and_no_place_of_its_own() -> None:
    """`todo` is a word of the proposals that `monitor new-survey` writes, nowhere else."""
    kinds = ("*.py", "*.sql", "*.yaml", "*.html", "*.toml", "*.R", "*.md", "*.js", "*.css", "*.typ")
    folders = ("monitor", "pipelines", "sql", "expectations", "benchmarks", "tests")
    files = [file for folder in folders for kind in kinds for file in (ROOT / folder).rglob(kind)]
    for file in [*files, ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "pyproject.toml"]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(FIXME|XXX|TODO|HACK)\b", text) or file == Path(__file__), file
        # `releases/` is where the web interface serves them.
        assert not re.search(r"""["'\s(]/(?!dev/|etc/|proc/|public/|releases/|run/|secure/|usr/)[a-z]+/\w""", text), (
            file
        )


LIBRARY = {"monitor.statistics.design.SurveyDesign", "monitor.notebook.design.SurveyDesign"}
"""What the README shows to be called from a notebook"""


@cache
def definitions(module: str) -> dict[str, ast.AST]:
    """Name -> what a module of the product defines under it at its top."""
    file = source_of(module)
    tree = parsed(file) if file else ast.Module([], [])
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


@cache
def source_of(module: str) -> Path | None:
    """The file of a module of the product, None where it is none."""
    place = ROOT.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()), None)


@cache
def named_in(module: str) -> dict[str, str]:
    """What a module imports from the product: its name there -> where it comes from."""
    file = source_of(module)
    found = {}
    for node in ast.walk(parsed(file)) if file else ():
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("monitor", "pipelines"):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def home_of(name: str) -> tuple[str, str]:
    """Where something that is imported by this dotted name is defined: its module and its name there."""
    module, _, own = name.rpartition(".")
    for _ in range(5):
        if own in definitions(module) or own not in named_in(module):
            break
        module, _, own = named_in(module)[own].rpartition(".")
    return module, own


@cache
def used_by_a_run() -> set[tuple[str, str]]:
    """Everything that the assets and the command line reach: (module, name), by what each definition names."""
    doors = ["pipelines.assets", "pipelines.command", "monitor.cli", "monitor.authoring.delivery_check"]
    doors += [f"monitor.stages.{stage}" for stage in STAGES]
    names = {"run", "run_all", *(name for door in doors[:4] for name in definitions(door))}
    waiting = [(door, name) for door in doors for name in definitions(door) if name in names]
    waiting += [(f"monitor.stages.{stage}.stage", name) for stage in STAGES for name in ("run", "run_all")]
    found: set[tuple[str, str]] = set()
    while waiting:
        place = waiting.pop()
        module, name = place
        if place in found or name not in definitions(module):
            continue
        found.add(place)
        here, own = named_in(module), definitions(module)
        node = definitions(module)[name]
        for part in ast.walk(node):
            word = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else None
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in here:
                waiting.append(home_of(f"{here[part.value.id]}.{part.attr}"))
            if word in own:
                waiting.append((module, word))
            elif word in here:
                waiting.append(home_of(here[word]))
    return found


@pytest.mark.parametrize(
    "file", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT))
)
def test_a_benchmark_times_only_what_a_run_uses(file: Path) -> None:
    """What is timed and printed is what a wave or release does, or what the README shows to be called."""
    used = used_by_a_run() | {home_of(name) for name in LIBRARY}
    for module in imports(file):
        made_up = drawer(module) == "synthetic"  # what a benchmark draws its firms from
        if module.split(".")[0] in ("monitor", "pipelines") and source_of(module) is None and not made_up:
            assert home_of(module) in used, f"{module} is in no run: delete it, or time what a run does"


def test_workspace_and_project_name_the_same_definitions() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert (ROOT / "workspace.yaml").resolve() == ROOT / "pipelines" / "workspace.yaml", "one file, that is installed"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    module = workspace[0]["python_module"]
    assert len(workspace) == 1
    assert module["module_name"] == project["code_location_target_module"]
    assert module["location_name"] == project["code_location_name"]


def test_the_definitions_load_without_the_heavy_packages() -> None:
    heavy = (HEAVY | {"pandas"}) - {"dagster", "sqlalchemy"}
    program = (
        "import sys, pipelines.definitions as d; d.defs(); "
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & {heavy!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_dependencies_have_a_reason_and_constraints_no_address() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for opening in ("dependencies = [", "dev = [", "cluster = [", "store = ["):
        start = lines.index(opening)
        for line in lines[start + 1 : lines.index("]", start)]:
            assert re.search(r'",?\s+# [\w`]', line), f"a reason is missing: {line}"
    constraints = (ROOT / "constraints.txt").read_text()
    assert "://" not in constraints
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in constraints.splitlines() if "==" in line}
    declared = tomllib.loads("\n".join(lines))["project"]
    extras = declared["optional-dependencies"]
    for requirement in [*declared["dependencies"], *extras["dev"], *extras["cluster"], *extras["store"]]:
        assert re.split(r"[<>=\[]", requirement)[0].lower().replace("_", "-") in pinned, requirement


def test_every_dependency_is_one_of_the_product_itself() -> None:
    """What only tests or benchmarks import is no dependency of a run, and what a run imports is declared."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = declared["optional-dependencies"]
    names, workers, store = (
        {re.split(r"[<>=\[]", requirement)[0].replace("-", "_") for requirement in requirements}
        for requirements in (declared["dependencies"], extras["cluster"], extras["store"])
    )
    files = [*SOURCES, *(ROOT / "pipelines").glob("*.py")]
    door = ROOT / "monitor" / "running" / "cluster.py"
    assert workers <= {module.split(".")[0] for module in imports(door)}
    assert not workers & {module.split(".")[0] for module in imports(door, top_level_only=True)}
    for file in SOURCES:
        asking = store & {module.split(".")[0] for module in imports(file)}
        assert not asking or file.name == "objects.py", "one door to object storage"
    used = {module.split(".")[0] for file in files for module in imports(file)} - workers - store
    foreign = used - set(sys.stdlib_module_names) - {"monitor", "pipelines"}
    imported_as = {"yaml": "pyyaml", "graphql": "graphql_core"}
    assert {imported_as.get(name, name) for name in foreign} == names
