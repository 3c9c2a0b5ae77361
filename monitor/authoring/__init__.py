"""`monitor new-survey` and `monitor new-wave`: a first definition from a file; what a person must decide is `todo`."""

from monitor.authoring.proposal import propose_survey, propose_wave

__all__ = ["propose_survey", "propose_wave"]
