"""The bundled survey folders. Belongs here: where they lie. Does not belong here: any other survey."""

from pathlib import Path

BUNDLED = Path(__file__).parent / "noord_nederland"
"""The demonstration survey: synthetic, and saying so on every page"""
