"""The staged stage: a wave's concepts, typed and coded by its questionnaire; who is who is gone from here on."""

from monitor.stages.staged.stage import run

__all__ = ["run"]
