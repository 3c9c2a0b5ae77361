"""The report: what researchers read. Pages and figures from disclosed tables only."""

from monitor.publication.report.build import build, spoken

__all__ = ["build", "spoken"]
