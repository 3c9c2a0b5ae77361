"""What the models say: fits, terms, contrasts, the choices tried beside them, and claims with their verdicts.

Belongs here: their columns with definitions, units and checks. Does not belong here: filling them.
"""

from __future__ import annotations

from monitor.contract.columns import (
    OF_ERROR,
    Column,
    Table,
    ci_high,
    ci_low,
    effect_unit,
    held,
    model,
    not_negative,
    p_value,
    share,
    suppressed,
    survey,
    uncertainty,
    variant,
    wave,
)

MODELS: tuple[Table, ...] = (
    Table(
        "models",
        "Models: one row per survey, wave (or `pooled`), model and variant; why none is published where none is.",
        ("survey", "wave", "model", "variant"),
        (
            survey,
            wave,
            model,
            variant,
            Column("outcome", "VARCHAR", "Measure explained."),
            Column("base", "VARCHAR", "Firms the model is about."),
            Column(
                "estimator",
                "VARCHAR",
                "logit, firth, fractional_logit or conditional_logit.",
                values=("logit", "firth", "fractional_logit", "conditional_logit"),
            ),
            Column("weighted", "BOOLEAN", "Whether the design's weights were used."),
            Column(
                "n",
                "BIGINT",
                "Answers in the model (number): a firm counts once in every wave it answered; mean over the completed "
                "copies.",
                not_negative,
            ),
            Column(
                "firms",
                "BIGINT",
                "Different firms in the model (number, mean over the completed copies); NULL where too few of them "
                "answered in several waves.",
                not_negative,
            ),
            Column(
                "events",
                "BIGINT",
                "Firms with the outcome (number); where answers were filled in, the mean over the completed copies.",
                not_negative,
            ),
            Column("n_dropped", "BIGINT", "Firms of the base left out for a missing value (number).", not_negative),
            Column("df", "DOUBLE", "Degrees of freedom of the design."),
            Column(
                "minimum_detectable_effect",
                "DOUBLE",
                "Smallest complementarity found with 80 % power (share, 0..1).",
            ),
            Column("converged", "BOOLEAN", "Whether the fit converged."),
            Column("warning", "VARCHAR", "What to know about this fit, or why it is not published (English)."),
            Column("warning_nl", "VARCHAR", "What to know about this fit, or why it is not published (Dutch)."),
            Column(
                "counts_held",
                "BOOLEAN",
                "Whether n, firms, events and n_dropped are those of an earlier release (NULL where it had none): "
                "fewer firms changed since than may be told apart.",
            ),
            Column(
                "held",
                "BOOLEAN",
                "Whether all figures of this model are those of an earlier release: fewer firms changed since in what "
                "it is made of than may be told apart.",
            ),
            Column("published", "BOOLEAN", "Whether there are terms and contrasts of this fit."),
            suppressed,
        ),
        ("n", "firms", "events", "n_dropped", "df", "minimum_detectable_effect"),
    ),
    Table(
        "terms",
        "Terms: the coefficients of each model on its own scale (log-odds for a logit).",
        ("survey", "wave", "model", "variant", "term"),
        (
            survey,
            wave,
            model,
            variant,
            Column("term", "VARCHAR", "Coefficient."),
            Column("estimate", "DOUBLE", "Coefficient on the model's scale (log-odds).", precision=OF_ERROR),
            *uncertainty,
            Column("odds_ratio", "DOUBLE", "exp(estimate), for logits."),
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value", "odds_ratio"),
    ),
    Table(
        "contrasts",
        "Contrasts on the probability scale: standardised probabilities of the four states, effects, complementarity.",
        ("survey", "wave", "model", "variant", "contrast"),
        (
            survey,
            wave,
            model,
            variant,
            Column(
                "contrast",
                "VARCHAR",
                "Of two practices a and b: p_neither, p_b_only, p_a_only, p_both, ame_a, ame_b, effect_a_without_b, "
                "effect_a_with_b, complementarity (= p_both - p_a_only - p_b_only + p_neither), with the practices' "
                "names; of more p[those present] and complementarity[a:b|others present]; of levels p[level] and "
                "trend; of a dose p[dose=0] and ame_dose.",
            ),
            effect_unit,
            Column(
                "estimate", "DOUBLE", "Probability or difference of probabilities (share, -2..2).", precision=OF_ERROR
            ),
            *uncertainty,
            Column("p_greater", "DOUBLE", "One-sided p-value against zero or less.", share),
            Column("p_less", "DOUBLE", "One-sided p-value against zero or more.", share),
            Column("p_holm", "DOUBLE", "p-value within its family of tests, after Holm.", share),
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value", "p_greater", "p_less", "p_holm"),
    ),
    Table(
        "curve",
        "Curve: contrasts of the primary model with the outcome cut at other values.",
        ("survey", "wave", "model", "measure", "sign", "cut", "contrast"),
        (
            survey,
            wave,
            model,
            Column("measure", "VARCHAR", "Measure that is cut."),
            Column("sign", "VARCHAR", "> or >=: how the cut is passed."),
            Column("cut", "DOUBLE", "Cut, in the measure's unit (per cent: 0..100)."),
            Column(
                "own_choice",
                "BOOLEAN",
                "Whether it asks what the model's main variant asks: the same number as in table `contrasts`.",
            ),
            Column("contrast", "VARCHAR", "Contrast on the probability scale."),
            Column("estimate", "DOUBLE", "Probability or difference of probabilities (share).", precision=OF_ERROR),
            *uncertainty,
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value"),
    ),
    Table(
        "specifications",
        "Specifications: the primary question under every declared combination of defensible choices.",
        ("survey", "wave", "model", "number", "contrast"),
        (
            survey,
            wave,
            model,
            Column("number", "BIGINT", "Number of the specification."),
            Column("weights", "VARCHAR", "weighted or unweighted."),
            Column("answers", "VARCHAR", "imputed or complete."),
            Column("base", "VARCHAR", "Firms it is about."),
            Column("outcome", "VARCHAR", "Measure explained."),
            Column("practice_a", "VARCHAR", "Measure of the model's first practice."),
            Column("practice_b", "VARCHAR", "Measure of its second practice."),
            Column("controls", "VARCHAR", "Set of controls."),
            Column("left_out", "VARCHAR", "Firms left out."),
            Column(
                "own_choice",
                "BOOLEAN",
                "Whether it asks what the model's main variant asks: the same number as in table `contrasts`.",
            ),
            Column("contrast", "VARCHAR", "Contrast on the probability scale."),
            Column("estimate", "DOUBLE", "Difference of probabilities (share).", precision=OF_ERROR),
            *uncertainty,
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value"),
    ),
    Table(
        "robustness",
        "Robustness: tests beside the models – joint tests, E-values, power, inverted U, panel, attrition.",
        ("survey", "wave", "model", "variant", "test", "subject"),
        (
            survey,
            wave,
            model,
            variant,
            Column("test", "VARCHAR", "What is tested."),
            Column("subject", "VARCHAR", "On what."),
            Column("estimate", "DOUBLE", "Estimate.", precision=OF_ERROR),
            ci_low,
            ci_high,
            p_value,
            Column("statistic", "DOUBLE", "Test statistic."),
            Column("bound", "DOUBLE", "Bound or critical value."),
            Column("verdict", "VARCHAR", "Outcome in a word."),
            Column("note_nl", "VARCHAR", "Outcome in a sentence (Dutch)."),
            Column("note_en", "VARCHAR", "Outcome in a sentence (English)."),
            suppressed,
        ),
        ("estimate", "ci_low", "ci_high", "p_value", "statistic", "bound", "verdict", "note_nl", "note_en"),
    ),
    Table(
        "claims",
        "Claims: sentences with a declared decision rule, and their verdict per wave.",
        ("survey", "wave", "claim"),
        (
            survey,
            wave,
            Column("claim", "VARCHAR", "Claim: its short name."),
            Column("text_nl", "VARCHAR", "The claim in Dutch."),
            Column("text_en", "VARCHAR", "The claim in English."),
            Column("estimand", "VARCHAR", "What is estimated to decide it."),
            effect_unit,
            Column(
                "estimate", "DOUBLE", "Estimate of the estimand (share, or difference of shares).", precision=OF_ERROR
            ),
            ci_low,
            ci_high,
            Column("decision_rule", "VARCHAR", "When it counts as supported (English)."),
            Column(
                "verdict",
                "VARCHAR",
                "supported, contradicted, inconclusive or not testable (the wave cannot tell: `reason`); NULL where "
                "it is withheld.",
                values=("supported", "contradicted", "inconclusive", "not testable"),
            ),
            Column("reason", "VARCHAR", "Why this verdict (English)."),
            Column("decision_rule_nl", "VARCHAR", "When it counts as supported (Dutch)."),
            Column("reason_nl", "VARCHAR", "Why this verdict (Dutch)."),
            Column("minimum_detectable_effect", "DOUBLE", "Smallest difference found with 80 % power (share)."),
            Column("model", "VARCHAR", "The model whose contrast decides it (table `contrasts`); NULL: firms counted."),
            Column("variant", "VARCHAR", "That model's variant."),
            Column("contrast", "VARCHAR", "That model's contrast."),
            Column(
                "n",
                "BIGINT",
                "Responses that settle it, unweighted and with nothing filled in, where no model decides it (number).",
                not_negative,
            ),
            Column(
                "events", "BIGINT", "Of them, those with the property (number); NULL for a difference.", not_negative
            ),
            suppressed,
            held,
            Column("declared", "VARCHAR", "When the claim and its rule were written, as the survey says."),
            Column("committed", "VARCHAR", "The commit the survey says they were written in."),
            Column(
                "declared_before",
                "VARCHAR",
                "What proves that they were written before the wave's answers arrived: an earlier release with the "
                "same claims, or a commit's date; NULL where nothing does.",
                values=("release", "commit"),
            ),
        ),
        ("estimate", "ci_low", "ci_high", "verdict", "reason", "reason_nl", "minimum_detectable_effect", "n", "events"),
    ),
)
