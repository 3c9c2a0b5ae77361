"""What a column and a table of the contract are, and the columns that several tables share.

Belongs here: the shapes. Does not belong here: any table.
"""

from __future__ import annotations

from dataclasses import dataclass

OF_ITSELF, OF_ERROR, AS_IT_IS = "of_itself", "of_error", "as_it_is"
"""To how many digits a number is given (`precision`): some of its own; to the place its row's standard error supports;
all, where it counts answers and is the same on every processor"""

EVERYONE = "all"
"""The domain that every firm is in, and the domain variable that splits nothing"""


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, its definition with unit, what every value must satisfy, how a DOUBLE is rounded."""

    name: str
    type: str
    comment: str
    check: str | None = None
    values: tuple[str, ...] = ()
    """The words it may hold; none: any"""
    precision: str = OF_ITSELF


@dataclass(frozen=True)
class Table:
    """One public table: its grain as key, its columns in order, and whether it can carry withheld values."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    withheld: tuple[str, ...] = ()
    """Columns that are NULL where `suppressed` is true"""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)


survey = Column("survey", "VARCHAR", "Survey: the name of the survey programme.")
wave = Column("wave", "VARCHAR", "Wave: the round of fieldwork, named by the year it was sent out.")
POOLED = "pooled"
"""What tables of models call all waves together; in the lake their partition is `all`"""
one_or_all_waves = (
    Column("wave", "VARCHAR", f"{wave.comment[:-1]}; `{POOLED}` for all waves together."),
    Column(
        "pooled",
        "BOOLEAN",
        "Whether the row is of all waves together: without these rows (`NOT pooled`), max(wave) is the newest wave.",
        f"{{0}} = (wave = '{POOLED}')",
    ),
)
suppressed = Column(
    "suppressed", "BOOLEAN", "Whether the values of this row are withheld by disclosure control (they are NULL then)."
)
CONFIDENTIALITY, RELIABILITY = "confidentiality", "reliability"
"""Why a row is withheld"""
withheld_for = Column(
    "withheld_for",
    "VARCHAR",
    "Why the row is withheld: confidentiality (too few firms, firms too much alike or one too large, or it would give "
    "away another such row: which of these is not told), or reliability (its uncertainty alone: shown, it would give "
    "nothing away); NULL where it is shown.",
    values=(CONFIDENTIALITY, RELIABILITY),
)
held = Column(
    "held",
    "BOOLEAN",
    "Whether the row still shows the figures of an earlier release: fewer firms changed since than may be told apart.",
)
share = "{0} BETWEEN 0 AND 1"
not_negative = "{0} >= 0"
ci_low = Column("ci_low", "DOUBLE", "Lower bound of the 95% interval, in the unit of the estimate.", precision=OF_ERROR)
ci_high = Column(
    "ci_high", "DOUBLE", "Upper bound of the 95% interval, in the unit of the estimate.", precision=OF_ERROR
)
se = Column(
    "se",
    "DOUBLE",
    "Standard error from the survey design, in the unit of the estimate.",
    not_negative,
    precision=OF_ERROR,
)
effect_unit = Column(
    "unit",
    "VARCHAR",
    "Unit of the estimate: share (in 0..1), or points (a difference of shares, 0.01 for one percentage point).",
    values=("share", "points"),
)
p_value = Column("p_value", "DOUBLE", "Two-sided p-value against zero.", share)
uncertainty = (se, ci_low, ci_high, p_value)
"""What stands beside every estimate that is tested against zero"""
band = (
    Column(
        "band_low",
        "DOUBLE",
        "Lower bound of the 95% band that holds the whole curve over the cuts at once (Montiel Olea and "
        "Plagborg-Moller 2019), in the unit of the estimate.",
        precision=OF_ERROR,
    ),
    Column(
        "band_high", "DOUBLE", "Upper bound of the 95% band that holds the whole curve at once.", precision=OF_ERROR
    ),
)
"""What stands beside every estimate of a curve"""
df = Column(
    "df",
    "DOUBLE",
    "Degrees of freedom of the Student's t that gives the interval; NULL where none does (`interval_kind`).",
    not_negative,
)
interval_kind = Column(
    "interval_kind",
    "VARCHAR",
    "How the interval follows. With t the 97.5% point of Student's t with df degrees of freedom: difference, estimate "
    "-+ t se; logit, expit(logit(estimate) -+ t se / (estimate (1 - estimate))); log, exp(log(estimate) -+ t se / "
    "estimate); each ends where the measure does (0 of an amount, 0 and 1 of a share). Of few events: exact, Clopper "
    "and Pearson's of the effective number of firms; score, the differences that a test does not reject with the "
    "error each would have. quantile: the values at which the interval of the share below them passes one half "
    "(Woodruff 1952). other: none of these.",
    values=("difference", "logit", "log", "exact", "score", "quantile", "other"),
)
readable = (df, interval_kind)
"""With which a reader gets the interval from estimate and standard error"""
p_adjusted = Column(
    "p_adjusted",
    "DOUBLE",
    "p-value adjusted for the published lines of its family (Benjamini and Hochberg 1995): of the lines below 5% no "
    "more than 5% are chance, on average.",
    share,
)
domain_variable = Column(
    "domain_variable", "VARCHAR", "The variable that forms the subgroup; `all` for all firms of the base."
)
domain = Column("domain", "VARCHAR", "The subgroup's code (table `domains`); `all` for all firms of the base.")
indicator_labels = (
    Column("indicator_nl", "VARCHAR", "The indicator's label (Dutch)."),
    Column("indicator_en", "VARCHAR", "The indicator's label (English)."),
)
measure_labels = (
    Column("measure_nl", "VARCHAR", "The measure's label (Dutch)."),
    Column("measure_en", "VARCHAR", "The measure's label (English)."),
)
unit = Column("unit", "VARCHAR", "Unit of the figures: `share` (in 0..1), or the measure's own; NULL: a plain number.")
cut_unit = Column(
    "cut_unit",
    "VARCHAR",
    "Unit of the cut: the measure's own, a percentage as `percent` (0..100); NULL: a plain number.",
)
of_fit = (
    Column(
        "n",
        "BIGINT",
        "Answers its fit rests on (number), as in `models`; NULL where they are not told there.",
        not_negative,
    ),
    Column(
        "events",
        "BIGINT",
        "Of n, those with the outcome (number), as in `models`; NULL where they are not told there.",
        not_negative,
    ),
)
"""How many answers a line of a model rests on"""
model = Column("model", "VARCHAR", "Model: the registered specification.")
deciding_model = Column(
    "model", "VARCHAR", "The model whose contrast decides the claim (table `contrasts`); NULL: firms counted."
)
VERDICTS = ("supported", "contradicted", "inconclusive", "not testable")
variant = Column("variant", "VARCHAR", "Variant of the model: what was changed against the primary specification.")
