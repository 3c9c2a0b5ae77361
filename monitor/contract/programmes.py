"""Programmes that firms could take part in: who did, what they were like before, how they differ from firms like them.

Belongs here: their columns with definitions, units and checks. Does not belong here: what of them may be told
(`disclosed.programmes`), what they come to (`statistics.comparison`).
"""

from __future__ import annotations

from monitor.contract.columns import (
    OF_ERROR,
    Column,
    Table,
    ci_high,
    ci_low,
    df,
    held,
    not_negative,
    p_value,
    se,
    share,
    suppressed,
    survey,
)

PARTICIPANTS, REFUSED, OTHERS = STANDINGS = ("participants", "refused", "others")
"""Firms with a grant, firms that applied without getting one, all others that could have applied"""
APPROACHES = ("plain", "entropy_balancing", "propensity", "augmented", "matching", "changes", "placebo")
FROM_FRAME, FROM_ANSWERS = "frame", "answers"

_programme = Column("programme", "VARCHAR", "Programme: the name of its file in the survey folder.")
_wave = Column("wave", "VARCHAR", "Wave after: the newest that asks the plan's outcome.")
_wave_before = Column(
    "wave_before",
    "VARCHAR",
    "Wave before: the newest of which everything was over when the programme began; NULL where there is none.",
)
_standing = Column(
    "standing",
    "VARCHAR",
    "participants (with a grant), refused (applied and got none) or others (could have applied).",
    values=STANDINGS,
)


def _count(name: str, what: str) -> Column:
    return Column(name, "BIGINT", f"{what} (number); NULL where it would tell of few.", not_negative)


PROGRAMMES: tuple[Table, ...] = (
    Table(
        "programmes",
        "Programmes: what each pays for, who took part as its list of grants has it, and how many of them the survey "
        "knows. A firm with grants in several rounds counts once.",
        ("survey", "programme"),
        (
            survey,
            _programme,
            _wave,
            _wave_before,
            Column("label_nl", "VARCHAR", "Name (Dutch)."),
            Column("label_en", "VARCHAR", "Name (English)."),
            Column("eligible", "VARCHAR", "Which firms could have applied, as an expression over concepts."),
            Column("budget_eur", "DOUBLE", "What its rounds may spend together (EUR).", not_negative),
            Column("granted_eur", "DOUBLE", "Grants (EUR); NULL where one firm is too large a part.", not_negative),
            _count("participants", "Firms with a grant"),
            _count("refused", "Firms that applied and got none"),
            _count("consortia", "Groups of firms that were granted something together"),
            _count("in_consortia", "Firms with a grant in such a group"),
            _count("in_frame", "Firms with a grant that the frame before knows"),
            _count("others", "Other firms of the frame before that could have applied"),
            _count("answered_before", "Firms with a grant that answered the wave before"),
            _count("answered_after", "Firms with a grant that answered the wave after, and that could have applied"),
            Column("outcome", "VARCHAR", "The plan's outcome: a measure; NULL without a plan."),
            Column("treated", "VARCHAR", "The day from which taking part can have done anything (YYYY-MM-DD)."),
            Column("planned", "VARCHAR", "The day the plan was written (YYYY-MM-DD)."),
            Column("plan_hash", "VARCHAR", "SHA-256 over what the plan decides."),
            held,
        ),
    ),
    Table(
        "programme_groups",
        "Programme groups: the zero measurement. Who takes part, who was refused and who else could have applied, by "
        "what the frame knew of all of them before, and by what those of them answered that the survey asked.",
        ("survey", "programme", "basis", "variable", "category", "standing"),
        (
            survey,
            _programme,
            _wave,
            _wave_before,
            Column(
                "basis",
                "VARCHAR",
                "frame (every firm of the wave before, counted) or answers (of those that answered it, weighted).",
                values=(FROM_FRAME, FROM_ANSWERS),
            ),
            Column("variable", "VARCHAR", "Concept of the frame, or measure."),
            Column(
                "category",
                "VARCHAR",
                "Its code; `true` for yes. Categories that few firms of a group have stand together, joined by `+`.",
            ),
            _standing,
            Column("firms", "BIGINT", "Firms (number); NULL for answers.", not_negative),
            Column("n", "BIGINT", "Firms of the group that answered (number); NULL for the frame.", not_negative),
            Column("estimate", "DOUBLE", "Share of the group's firms (0..1).", share, precision=OF_ERROR),
            se,
            df,
            ci_low,
            ci_high,
            Column("difference", "DOUBLE", "Estimate less that of the others (share, 0..1).", precision=OF_ERROR),
            Column("difference_low", "DOUBLE", "Lower bound of its 95% interval; NULL for the frame, which is whole."),
            Column("difference_high", "DOUBLE", "Upper bound of its 95% interval."),
            Column("difference_p_value", "DOUBLE", "Two-sided p-value of the difference, by the design.", share),
            Column("amount_share", "DOUBLE", "Share of what was granted that went to these firms (0..1).", share),
            suppressed,
            held,
        ),
        (
            "firms",
            "n",
            "estimate",
            "se",
            "df",
            "ci_low",
            "ci_high",
            "difference",
            "difference_low",
            "difference_high",
            "difference_p_value",
            "amount_share",
        ),
    ),
    Table(
        "programme_balance",
        "Programme balance: how alike participants and the firms beside them are in what was known before, as they are "
        "and as the plan's method weighs them.",
        ("survey", "programme", "term"),
        (
            survey,
            _programme,
            _wave,
            _wave_before,
            Column("term", "VARCHAR", "Covariate; of a category `name[code]`."),
            Column("participants", "DOUBLE", "Mean of participants; of a category the share that has it."),
            Column("comparison", "DOUBLE", "The same of all other firms that could have applied."),
            Column("balanced", "DOUBLE", "The same of them under the method's weights; NULL where there are none."),
            Column(
                "difference_before",
                "DOUBLE",
                "Standardised difference: participants less comparison, in standard deviations of both groups before "
                "weighting (Austin 2009).",
            ),
            Column("difference_after", "DOUBLE", "Standardised difference under the method's weights."),
            Column("variance_ratio_before", "DOUBLE", "Variance of participants over comparison; NULL of yes or no."),
            Column("variance_ratio_after", "DOUBLE", "The same under the method's weights."),
            suppressed,
            held,
        ),
        (
            "participants",
            "comparison",
            "balanced",
            "difference_before",
            "difference_after",
            "variance_ratio_before",
            "variance_ratio_after",
        ),
    ),
    Table(
        "programme_effects",
        "Programme effects: how participants differ from other firms that could have applied, after the programme, by "
        "the plan's method and others; why none is told where none is.",
        ("survey", "programme", "approach"),
        (
            survey,
            _programme,
            _wave,
            _wave_before,
            Column(
                "approach",
                "VARCHAR",
                "plain (as the firms are), entropy_balancing (Hainmueller 2012), propensity (odds of taking part), "
                "augmented (propensity and a regression, doubly robust), matching (nearest neighbour), changes (over "
                "the waves, Callaway and Sant'Anna 2021) or placebo (changes before anybody took part).",
                values=APPROACHES,
            ),
            Column("is_primary", "BOOLEAN", "Whether it is the plan's method: the one that counts."),
            Column("outcome", "VARCHAR", "The plan's outcome: a measure."),
            Column("unit", "VARCHAR", "Unit: points (difference of shares, 0.01 a percentage point) or the outcome's."),
            _count("n_participants", "Participants in the comparison"),
            _count("n_comparison", "Other firms in the comparison"),
            Column("effective", "DOUBLE", "Firms that the weighted others are worth (Kish).", not_negative),
            Column("off_support", "DOUBLE", "Share of participants without anybody like them (0..1).", share),
            Column("mean_participants", "DOUBLE", "Outcome of participants.", precision=OF_ERROR),
            Column("mean_comparison", "DOUBLE", "Outcome of the others as the method weighs them.", precision=OF_ERROR),
            Column("estimate", "DOUBLE", "Participants less comparison, in the unit.", precision=OF_ERROR),
            se,
            df,
            ci_low,
            ci_high,
            p_value,
            Column(
                "minimum_detectable_effect",
                "DOUBLE",
                "Smallest true difference that would be found with 80% power, in the unit.",
            ),
            Column(
                "robustness_value",
                "DOUBLE",
                "Share of what is left of both taking part and the outcome that something unmeasured must explain to "
                "take the difference away (Cinelli and Hazlett 2020; 0..1).",
                share,
            ),
            Column("robustness_value_bound", "DOUBLE", "The same to take its significance away (0..1).", share),
            Column(
                "e_value",
                "DOUBLE",
                "Risk ratio that something unmeasured must have with both taking part and the outcome (VanderWeele and "
                "Ding 2017); NULL of an outcome that is no share.",
            ),
            Column("e_value_bound", "DOUBLE", "The same of the interval's bound nearest to no difference."),
            Column("without_low", "DOUBLE", "Smallest estimate when one covariate is left out, in the unit."),
            Column("without_high", "DOUBLE", "Largest estimate when one covariate is left out, in the unit."),
            Column("published", "BOOLEAN", "Whether there is an estimate."),
            Column("warning", "VARCHAR", "Why there is none (English)."),
            Column("warning_nl", "VARCHAR", "Why there is none (Dutch)."),
            suppressed,
            held,
        ),
        (
            "n_participants",
            "n_comparison",
            "effective",
            "off_support",
            "mean_participants",
            "mean_comparison",
            "estimate",
            "se",
            "df",
            "ci_low",
            "ci_high",
            "p_value",
            "minimum_detectable_effect",
            "robustness_value",
            "robustness_value_bound",
            "e_value",
            "e_value_bound",
            "without_low",
            "without_high",
        ),
    ),
)

OF_A_PROGRAMME = tuple(table.name for table in PROGRAMMES)
"""The tables with a programme's lines"""
