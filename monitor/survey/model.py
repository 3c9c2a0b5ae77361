"""What a survey, a wave, a question and a concept are.

Belongs here: frozen dataclasses. Does not belong here: reading files (`load`), answers (the stages).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.formats.delivery import Delivery
from monitor.problems import Lines, Problem
from monitor.statistics.decisions.claim import Claim
from monitor.statistics.design.plan import DesignPlan
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.storage.identity import IdentifierForm, identity_key, synthetic_key
from monitor.survey.automation import Notices, Schedule
from monitor.survey.citation import Citation
from monitor.survey.framework import Framework
from monitor.survey.models import Model
from monitor.survey.programmes import Programme
from monitor.survey.register import Initiative, Register
from monitor.survey.text import Text

INTERVIEW = "interview"
"""The period of a question about the present, when the firm answers"""


@dataclass(frozen=True)
class Concept:
    """A canonical variable that questions of different waves map to."""

    name: str
    type: str
    """identifier, number, integer, percentage (0..100), boolean, category, categories (a set), date, text"""
    label: Text
    definition: Text
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    codes: Mapping[str, Text] = field(default_factory=dict)
    """Canonical code -> label, in order; the first is a model's reference level unless it declares another."""
    codes_of: str | None = None
    """The official classification its codes are from (SBI, ISIC, municipalities), where the survey lists none"""
    cis_code: Text = field(default_factory=dict)
    """`"2018"` (CIS 2018 and before) and `"2020"` (CIS 2020 on) -> code"""
    eurostat_list: str | None = None
    """Eurostat's code list that its codes are told in: REF_AREA (NUTS), NACE_R2, NACE_R2_1 or NUMBER_EMPL"""
    eurostat: Mapping[str, str] = field(default_factory=dict)
    """Canonical code -> the code of that list that means exactly the same"""
    direct_identifier: bool = False
    """Names, e-mail, phone, IP address, coordinates: dropped at `staged` together with every `text` concept."""
    imputable: bool = False


@dataclass(frozen=True)
class Question:
    """One item of a wave's questionnaire: its source columns, its codes, who was asked."""

    concept: str
    columns: Mapping[str, str]
    """Source column -> canonical code it ticks (`categories`), or one source column -> the concept's name"""
    line: int
    text: Text = field(default_factory=dict)
    period: str | None = None
    """What it asks about: a year (`2018`), years (`2016-2018`) or `interview`; None: not declared"""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Source code -> canonical code (for booleans `true` / `false`)"""
    ticked: tuple[str, ...] = ()
    separator: str | None = None
    """Multi-select in one cell: what stands between its options"""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Source code -> missing kind, over and above the wave's"""
    factor: float = 1.0
    """Source unit x factor = concept unit (thousands of euro: 1000)"""
    asked_of: str | None = None
    """SQL predicate over concepts; who was routed past has missing kind `not_asked`"""
    otherwise: Any = None
    """The value that follows from the routing for firms not asked; None: no value follows"""
    blank: Any = None
    """The value an empty cell means, where the wave declares that blanks mean something (a skipped share is 0)"""
    blank_when: str | None = None
    """SQL predicate over concepts under which a blank means `blank`"""
    of_staff: bool = False
    """Whether the column holds persons employed (or fte), of which the size band follows"""
    required: bool = True
    """Whether the delivery must have the columns"""
    comparability: str = "asked"
    """asked, reworded, recoded"""
    comparable_since: str | None = None
    changed: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """The wave's sampling frame: a delimited file beside the delivery."""

    file: str
    columns: Mapping[str, str]
    """Frame column -> concept (`firm`, strata, margins) or `invited`, `disposition`"""
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Concept -> (source code -> canonical code)"""
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str = "."
    thousands: str | None = None

    @property
    def delivery(self) -> Delivery:
        """Its layout in a delivery's words: delimited text, where the file's name does not say otherwise."""
        suffix = Path(self.file).suffix.lower()
        kinds = {".xlsx": "excel", ".parquet": "parquet", ".sav": "spss", ".dta": "stata"}
        return Delivery(
            format=kinds.get(suffix, "delimited"),
            file=self.file,
            delimiter=self.delimiter,
            encoding=self.encoding,
            decimal=self.decimal,
            thousands=self.thousands,
        )


@dataclass(frozen=True)
class Wave:
    """One round of fieldwork."""

    name: str
    reference_year: int
    delivery: Delivery
    questions: Mapping[str, Question]
    file: Path
    frame: Frame | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    usable: str = "true"
    """SQL predicate over concepts: which responses are substantially completed"""
    duplicates: str = "fail"
    """fail, most_complete, latest"""
    invited: int | None = None
    """Firms invited, where no frame says so"""
    corrections: str = "corrections.csv"
    grants: Mapping[str, str] = field(default_factory=dict)
    """Programme -> pattern of the list of its grants in the wave's inbox"""
    not_asked: Mapping[str, Text] = field(default_factory=dict)
    """Concepts of other waves this wave did not ask, with why"""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Key of the wave's file -> its line"""


@dataclass(frozen=True)
class Margin:
    """One calibration total."""

    variables: tuple[str, ...]
    categories: tuple[str, ...]
    total: float
    counts: str
    """enterprises or local_units"""
    source: str
    date: str
    line: int


@dataclass(frozen=True)
class Measure:
    """An analytic variable: an SQL expression over concepts."""

    name: str
    sql: str
    type: str
    """boolean, number, percentage, category"""
    label: Text
    definition: Text
    noun: Text = field(default_factory=dict)
    """What it is called within a sentence; its label between quotation marks where nothing is declared"""
    unit: str | None = None
    line: int = 0
    codes: Mapping[str, Text] = field(default_factory=dict)
    """Code of a category -> label, in order"""
    needs: frozenset[str] = frozenset()
    """Concepts without which a wave does not have it at all; empty: a wave has it as far as the answers decide it"""


@dataclass(frozen=True)
class Base:
    """The firms a measure or model is about: an SQL predicate over concepts."""

    name: str
    sql: str
    label: Text
    line: int = 0

    @property
    def everyone(self) -> bool:
        """Whether it is every firm."""
        return self.sql.strip().lower() == "true"


@dataclass(frozen=True)
class Indicator:
    """A published estimate's recipe: which measure, estimated how, for which base."""

    name: str
    measure: str
    estimator: str
    """share, mean, total, ratio (measure over denominator, both weighted totals), median"""
    base: str
    label: Text
    denominator: str | None = None
    headline: bool = False
    cis_code: str | None = None
    """The CIS variable it is an estimate of, where that does not follow from its measure (`released.exchange`)"""
    by_domain: bool = True
    """Whether it is estimated in the domains too, and not only for all firms of its base"""
    line: int = 0


@dataclass(frozen=True)
class Equivalent:
    """What stands in a survey for a term of the packs (`packs`)."""

    sql: str | None
    """Expression over the survey's concepts; None: the survey does not have it"""
    absent: Text
    """Why it does not; empty where it has"""
    line: int


@dataclass(frozen=True)
class Comparable:
    """One indicator of a pack, and whether each wave of this survey can give it."""

    name: str
    """The indicator's name in the survey: `cis_innovation_active`"""
    pack: str
    code: str | None
    """The CIS's code of the variable"""
    estimator: str
    label: Text
    estimand: Text
    population: Text
    """Whom the programme is about"""
    base: Text
    source: str
    address: str
    dimensions: Mapping[str, str]
    """Of which enterprises, as SDMX dimensions: `NUMBER_EMPL` -> `E_GE10`"""
    lacks: Mapping[str, Text | None]
    """Wave -> why it cannot be computed; None where it is"""


@dataclass(frozen=True)
class Imputation:
    """What a survey declares about filling in missing answers; `imputation.imputation_plan` fills in the defaults."""

    copies: int
    """m: completed copies"""
    iterations: int
    """Turns of the chain before a copy is taken"""
    donors: int
    """Nearest firms of which one gives its value (predictive mean matching)"""
    variables: tuple[str, ...] = ()
    """Concepts that are filled in; empty: all that may be"""
    ordered: tuple[str, ...] = ()
    """Of these, categories whose codes stand in order"""
    predictors: tuple[str, ...] = ()
    """Concepts that predict, over and above those the design, the domains and the models use"""
    shares: tuple[tuple[str, ...], ...] | None = None
    """Percentages that sum to 100, filled in jointly; None: the canonical split of turnover"""
    interactions: tuple[tuple[str, ...], ...] | None = None
    """Measures whose products, two by two, predict; None: each model's outcome with its practices"""
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    """Place in the declaration -> its line of survey.yaml"""

    @property
    def names(self) -> frozenset[str]:
        """Every concept and measure it names."""
        groups = [*(self.shares or ()), *(self.interactions or ())]
        return frozenset([*self.variables, *self.ordered, *self.predictors, *(n for group in groups for n in group)])


@dataclass(frozen=True)
class Nonresponse:
    """What a survey holds possible of the firms that did not answer."""

    plausible: tuple[float, float] = (0.67, 1.5)
    """Odds ratios of answering, of firms with a property against those without, from the least to the greatest that the
    survey holds possible"""
    odds: tuple[float, ...] = (0.5, 0.8, 1.25, 2.0, 3.0)
    """Odds ratios at which every figure is told besides: 1 and the ends of the range always are"""
    proxy: tuple[str, ...] | None = None
    """Concepts of the frame that predict an outcome; None: those of the strata and response classes"""
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    """Place in the declaration -> its line of survey.yaml"""

    @property
    def grid(self) -> tuple[float, ...]:
        """Every odds ratio that a figure is told at, in hundredths, from the least on."""
        return tuple(sorted({round(odds, 2) for odds in (1.0, *self.plausible, *self.odds)}))


@dataclass(frozen=True)
class Survey:
    """One survey programme, as its folder declares it."""

    name: str
    title: Text
    languages: tuple[str, ...]
    synthetic: bool
    source: Text
    population: Text
    seed: int
    folder: Path
    concepts: Mapping[str, Concept]
    """Every concept a wave maps, a measure or the design uses: canonical ones and the survey's own"""
    design: DesignPlan
    domains: tuple[str, ...]
    measures: Mapping[str, Measure]
    absent_measures: Mapping[str, str]
    """Standard measures the survey declares absent -> why"""
    bases: Mapping[str, Base]
    indicators: Mapping[str, Indicator]
    models: Mapping[str, Model]
    """In the order of their declaration"""
    claims: tuple[Claim, ...]
    claims_hash: str | None
    imputation: Imputation | None
    disclosure: Disclosure
    waves: Mapping[str, Wave]
    margins: Mapping[str, tuple[Margin, ...]]
    """Wave -> calibration totals"""
    definition_hash: str
    """SHA-256 over every file of the folder"""
    remarks: tuple[Problem, ...] = ()
    """What is allowed and hardly meant"""
    todos: tuple[Problem, ...] = ()
    """What a proposal left to be decided, a problem each: no wave runs and no release is made while there is one"""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Key of survey.yaml -> its line"""
    identifier: IdentifierForm = field(default_factory=IdentifierForm)
    schedule: Schedule | None = None
    """When the wave of the year runs by itself; None: never"""
    notices: Notices = field(default_factory=Notices)
    citation: Citation = field(default_factory=Citation)
    nonresponse: Nonresponse = field(default_factory=Nonresponse)
    register: Register = field(default_factory=Register)
    """Initiatives, the actors behind them and their ties; its codes are the codes of the concept `initiatives`"""
    packs: tuple[str, ...] = ()
    """Packs of comparable indicators that it takes (`packs`)"""
    equivalents: Mapping[str, Equivalent] = field(default_factory=dict)
    """Term of the packs -> what stands for it"""
    comparable: tuple[Comparable, ...] = ()
    """Every indicator of its packs"""
    framework: Framework | None = None
    """The ecosystems it looks at; None: none"""
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    """Programmes that firms could take part in, by name"""

    @property
    def initiatives(self) -> Mapping[str, Initiative]:
        """Code -> initiative, as the newest wave's register has it."""
        return self.register.newest

    def key(self, home: Path) -> bytes:
        """The key of the survey's pseudonyms: the home folder's, or where nobody is to be protected its own."""
        return synthetic_key(self.name, self.seed) if self.synthetic else identity_key(home)


def unit_of(survey: Survey, indicator: Indicator) -> str | None:
    """In what an indicator is published: `share` (in 0..1) of a share, a percentage and a ratio of two amounts in one
    unit; else its measure's unit, of a ratio of unlike amounts the one per the other. None where it has none."""
    measure = survey.measures[indicator.measure]
    if indicator.estimator == "share" or measure.type == "percentage":
        return "share"
    if indicator.denominator is None:
        return measure.unit
    below = survey.measures[indicator.denominator].unit
    return "share" if below == measure.unit else f"{measure.unit or 1} per {below or 1}"
