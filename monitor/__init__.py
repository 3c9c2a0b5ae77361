"""The innovation monitor: from the yearly answers of firms to a release with honest uncertainty."""

__version__ = "0.1.0"
