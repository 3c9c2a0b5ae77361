"""From a survey folder to a `Survey`, or to every mistake in it at once.

Belongs here: reading `survey.yaml`, `waves/`, `claims.yaml`, `rules.yaml`, `register/`, `ecosystems.yaml`,
`programmes/` and `margins/`, and the checks that need one file only. Does not belong here: checks that tie files
together (`check`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from monitor.problems import DefinitionError, Problem
from monitor.statistics.design.plan import Calibration
from monitor.survey import check, names
from monitor.survey.automation import read_notices, read_schedule
from monitor.survey.citation import read_citation
from monitor.survey.claims import read_claims
from monitor.survey.domains import remarks
from monitor.survey.ecosystems import read_framework
from monitor.survey.folders import FOLDER_NAME_IS, is_folder_name
from monitor.survey.imputation import read_imputation
from monitor.survey.model import (
    Base,
    Concept,
    DesignPlan,
    Disclosure,
    IdentifierForm,
    Indicator,
    Measure,
    Survey,
)
from monitor.survey.models import read_models
from monitor.survey.nonresponse import read_nonresponse
from monitor.survey.packs import read_packs, with_packs
from monitor.survey.programme_files import read_programmes
from monitor.survey.register_files import Known, read_register, with_names
from monitor.survey.registers import COUNTS, check_rules, read_margins
from monitor.survey.states import with_states
from monitor.survey.todos import todos
from monitor.survey.waves import read_waves
from monitor.survey.yaml_lines import Report, Section, read
from monitor.wording.sentences import LANGUAGES, spoken_languages

CONCEPTS = Path(__file__).with_name("concepts.yaml")
CONCEPT_TYPES = (
    "identifier",
    "number",
    "integer",
    "percentage",
    "boolean",
    "category",
    "categories",
    "date",
    "text",
)
EUROSTAT_LISTS = ("REF_AREA", "NACE_R2", "NACE_R2_1", "NUMBER_EMPL")
ESTIMATORS = ("share", "mean", "total", "ratio", "median")


def load_survey(folder: Path) -> Survey:
    """Read and check a survey folder.

    Raises DefinitionError with every problem of every file, each with file, line, what was expected, what was found
    and what to do.
    """
    folder = Path(folder)
    if not (folder / "survey.yaml").is_file():
        raise DefinitionError(
            Problem(
                "this is not a survey folder",
                file=str(folder),
                expected="a folder with survey.yaml and waves/",
                found="no survey.yaml" if folder.is_dir() else "no such folder",
                do="give the folder with --survey, or begin one with `monitor new-survey DIR --from FILE`",
            )
        )
    reports: list[Report] = []
    survey = _survey(folder, reports)
    problems = [problem for report in reports for problem in in_order(report.problems)]
    # Checks between files read what single-file checks accepted; on a broken file they would only repeat its problems.
    problems = problems or in_order(check.between_files(survey))
    if problems:
        raise DefinitionError(problems)
    used = check.concepts_used(survey)
    concepts = {name: c for name, c in survey.concepts.items() if name in used}
    return replace(survey, concepts=concepts, remarks=remarks(survey), todos=todos(folder))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: file by file in the order in which they were found, in a file by line.

    What stands on no line (0) follows from what somebody wrote, as the base of each state does; its problem is only a
    consequence where any other was found.
    """
    found = list(dict.fromkeys(problems))
    once = [problem for problem in found if problem.line != 0] or found
    files = list(dict.fromkeys(problem.file for problem in once))
    return sorted(once, key=lambda problem: (files.index(problem.file), problem.line or 0))


@cache
def canonical_concepts() -> Mapping[str, Concept]:
    """The concepts that come with the product."""
    report, top = read(CONCEPTS, "concepts.yaml")
    concepts = _concepts(top, LANGUAGES) if top else {}
    report.require_none()
    return concepts


def _survey(folder: Path, reports: list[Report]) -> Survey:
    report, top = read(folder / "survey.yaml", "survey.yaml")
    reports.append(report)
    if top is None:
        raise DefinitionError(report.problems)
    return declared(top, folder, reports)


def declared(top: Section, folder: Path, reports: list[Report]) -> Survey:
    """The survey that survey.yaml's mapping declares with the files beside it. Mistakes go into the reports."""
    languages = top.words("languages", LANGUAGES)
    if unknown := [language for language in languages if language not in spoken_languages()]:
        top.report.add(
            "survey.yaml: languages holds an unknown one",
            top.line_of("languages"),
            expected=", ".join(spoken_languages()),
            found=", ".join(unknown),
            do="remove it",
        )
        languages = tuple(x for x in languages if x not in unknown) or LANGUAGES
    own = top.section("concepts", None)
    concepts = dict(canonical_concepts()) | (_concepts(own, languages) if own else {})
    measures, absent = _measures(top, languages)
    waves = read_waves(folder, reports, languages)
    register = read_register(folder, Known(waves, _themes(top, languages), concepts["province"].codes), reports)
    if register.rows:
        labels = {code: initiative.label for code, initiative in register.newest.items()}
        concepts["initiatives"] = replace(concepts["initiatives"], codes=labels)
        waves = {name: with_names(wave, register) for name, wave in waves.items()}
    programmes = read_programmes(folder, reports, languages)
    grants = {name: programme.grants for name, programme in programmes.items()}
    waves = {name: replace(wave, grants=grants) for name, wave in waves.items()}
    claims = read_claims(folder, reports, languages)
    check_rules(folder, reports)
    packs, equivalents = read_packs(top)
    survey = Survey(
        name=_name(top),
        title=top.label("name", languages),
        languages=languages,
        synthetic=top.boolean("synthetic", False),
        source=top.label("source", languages),
        population=top.label("population", languages),
        citation=read_citation(top, languages),
        schedule=read_schedule(top),
        notices=read_notices(top),
        seed=top.number("seed", whole=True, least=0),
        folder=folder,
        concepts=concepts,
        design=_design(top),
        domains=top.words("domains", ()),
        measures=measures,
        absent_measures=absent,
        bases={
            name: Base(name, section.text("sql"), section.label("label", languages), section.line)
            for name, section in top.sections("bases", None).items()
            if _closed(section, "sql", "label")
        },
        indicators=_indicators(top, languages),
        models=read_models(top, languages),
        register=register,
        claims=claims,
        claims_hash=_hash([folder / "claims.yaml"]) if claims else None,
        imputation=read_imputation(top),
        disclosure=_disclosure(top),
        waves=waves,
        margins={name: read_margins(folder, name, reports) for name in waves},
        definition_hash=definition_hash(folder),
        lines=top.lines,
        identifier=_identifier(top),
        nonresponse=read_nonresponse(top),
        framework=read_framework(folder, reports, languages),
        programmes=programmes,
        packs=packs,
        equivalents=equivalents,
    )
    top.close()
    return with_states(with_packs(survey, own.nodes if own else ()))


def _name(top: Section) -> str:
    """The survey's name, which its folders in a home have too."""
    name = str(top.text("survey"))
    if "survey" in top and not is_folder_name(name):
        top.report.add(
            "the survey's name cannot be a folder's",
            top.line_of("survey"),
            expected=FOLDER_NAME_IS,
            found=name or "an empty value",
            do="give it a short name; what people read stands under `name`",
        )
    return name


def _closed(section: Section, *keys: str) -> bool:
    """Ask for the keys a comprehension is about to read, so that unknown ones are reported."""
    section.asked.update(keys)
    section.close()
    return True


def definition_hash(folder: Path) -> str:
    """SHA-256 over every file of a survey folder, whether it can be loaded or not."""
    return _hash(definition_files(folder))


def definition_files(folder: Path) -> list[Path]:
    """The files of a survey folder, hidden ones left out."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _themes(top: Section, languages: tuple[str, ...]) -> dict[str, Mapping[str, str]]:
    """The themes that initiatives of the register may have: code -> label."""
    themes = top.section("themes", None)
    return {code: themes.label(code, languages) for code in themes.nodes} if themes else {}


def _concepts(top: Section, languages: tuple[str, ...]) -> dict[str, Concept]:
    concepts = {}
    for name in top.nodes:
        section = top.section(name)
        if section is None:
            continue
        codes = section.section("codes", None)
        eurostat = section.section("eurostat", None)
        label = section.label("label", languages)
        concepts[name] = Concept(
            name=name,
            type=section.choice("type", CONCEPT_TYPES),
            label=label,
            definition=section.label("definition", languages, label),
            unit=section.text("unit", None),
            minimum=section.number("minimum", None),
            maximum=section.number("maximum", None),
            codes={code: codes.label(code, languages) for code in codes.nodes} if codes else {},
            codes_of=section.text("codes_of", None),
            cis_code=section.mapping("cis_code", {}),
            eurostat_list=eurostat.choice("list", EUROSTAT_LISTS) if eurostat else None,
            eurostat=eurostat.mapping("codes") if eurostat else {},
            direct_identifier=section.boolean("direct_identifier", False),
            imputable=section.boolean("imputable", False),
        )
        if eurostat:
            eurostat.close()
            _check_eurostat(eurostat, concepts[name])
        given = top.report.file != CONCEPTS.name and name not in canonical_concepts()
        if given and (wrong := names.fault(name)):
            what, expected, do = wrong
            top.report.add(f"the concept {name!r} {what}", top.line_of(name), expected=expected, found=name, do=do)
        section.close()
    return concepts


def _check_eurostat(section: Section, concept: Concept) -> None:
    """Each of Eurostat's codes for one code of the concept: a code that means more or less is not its."""
    unknown = sorted(set(concept.eurostat) - set(concept.codes))
    twice = sorted(
        {theirs for theirs in concept.eurostat.values() if list(concept.eurostat.values()).count(theirs) > 1}
    )
    if unknown or twice:
        section.report.add(
            f"{section.where}: codes are not usable",
            section.line_of("codes"),
            expected="codes of the concept, each with a code of Eurostat's list of its own",
            found=", ".join(unknown or twice),
            do="keep those that mean exactly the same; the others need none",
        )


def _measures(top: Section, languages: tuple[str, ...]) -> tuple[dict[str, Measure], dict[str, str]]:
    measures, absent = {}, {}
    for name, section in top.sections("measures").items():
        if "absent" in section:
            absent[name] = section.text("absent")
        else:
            label, codes = section.label("label", languages), section.section("codes", None)
            measures[name] = Measure(
                name=name,
                sql=section.text("sql"),
                type=section.choice("type", ("boolean", "number", "percentage", "category"), "boolean"),
                label=label,
                definition=section.label("definition", languages, label),
                noun=section.label("noun", languages, {}),
                unit=section.text("unit", None),
                codes={code: codes.label(code, languages) for code in codes.nodes} if codes else {},
                line=section.line_of("sql"),
            )
        section.close()
    return measures, absent


def _indicators(top: Section, languages: tuple[str, ...]) -> dict[str, Indicator]:
    indicators = {}
    for name, section in top.sections("indicators", None).items():
        indicators[name] = Indicator(
            name=name,
            measure=section.text("measure"),
            estimator=section.choice("estimator", ESTIMATORS),
            base=section.text("base"),
            label=section.label("label", languages),
            denominator=section.text("denominator", None),
            headline=section.boolean("headline", False),
            cis_code=section.text("cis_code", None),
            by_domain=section.boolean("by_domain", True),
            line=section.line,
        )
        section.close()
    return indicators


def _design(top: Section) -> DesignPlan:
    section = top.section("design")
    if section is None:
        return DesignPlan(weights="equal")
    calibration = section.section("calibration", None)
    plan = DesignPlan(
        weights=section.choice("weights", ("frame", "supplied", "equal")),
        weight=section.text("weight", None),
        strata=section.words("strata", ()),
        response=section.choice("response", ("none", "classes", "logistic"), "none"),
        response_classes=section.words("response_classes", ()),
        calibration=_calibration(calibration) if calibration else Calibration(),
        lonely_stratum=section.choice("lonely_stratum", ("fail", "certainty", "collapse", "centre"), "fail"),
        replicates=section.number("replicates", 500, least=2, whole=True),
        counts=section.choice("counts", COUNTS, "enterprises"),
    )
    section.close()
    return plan


def _calibration(section: Section) -> Calibration:
    calibration = Calibration(
        method=section.choice("method", ("none", "raking", "linear", "logit"), "none"),
        margins=section.groups("margins", ()),
        bounds=section.factors("bounds"),
    )
    section.close()
    return calibration


def _identifier(top: Section) -> IdentifierForm:
    section = top.section("identifier", None)
    if section is None:
        return IdentifierForm()
    form = IdentifierForm(
        length=section.number("length", None, least=1, whole=True),
        digits=section.boolean("digits", False),
        padded=section.boolean("padded", False),
    )
    if form.padded and not (form.length and form.digits):
        top.report.add(
            "identifier: zeros can be put in front of digits of a known number only",
            section.line,
            expected="padded with length and digits: true",
            found="padded alone",
            do="declare `identifier: {length: 8, digits: true, padded: true}`, with your own length",
        )
    section.close()
    return form


def _disclosure(top: Section) -> Disclosure:
    section = top.section("disclosure", None)
    if section is None:
        return Disclosure()
    default = Disclosure()
    disclosure = Disclosure(
        minimum_firms=section.number("minimum_firms", default.minimum_firms, least=1, whole=True),
        minimum_df=section.number("minimum_df", default.minimum_df, least=1, whole=True),
        minimum_events=section.number("minimum_events", default.minimum_events, least=1, whole=True),
        p_percent=float(section.number("p_percent", default.p_percent, least=0)),
        dominance=float(section.number("dominance", default.dominance, least=0)),
        influence=float(section.number("influence", default.influence, above=0)),
    )
    if "influence" in section and not disclosure.tells_influence:
        section.report.add(
            "influence is too near dominance: a figure that says one firm carries more than it would tell how much",
            section.line_of("influence"),
            expected=f"at most {disclosure.most_influence:.3g}, dominance less what p_percent asks for",
            found=f"{disclosure.influence:g}",
            do="lower `influence`, or leave it out: figures then say nothing of single firms",
        )
    section.close()
    return disclosure
