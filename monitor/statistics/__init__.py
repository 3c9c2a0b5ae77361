"""Survey statistics: arrays in, frozen results out.

Belongs here: formulas, each with its source and held against R. Does not belong here: tables, DuckDB, a survey's
definition.

In a notebook:

    from monitor.statistics import SurveyDesign

    design = SurveyDesign(weights=firms.weight, strata=firms.stratum, population=firms.population)
    some = design.proportion(firms.innovates, domain=firms.province == "PV20")
    some.estimate, some.se, some.interval()
"""

from monitor.statistics.design import Estimate, ResponsePhase, SurveyDesign

__all__ = ["Estimate", "ResponsePhase", "SurveyDesign"]
