"""What others measure innovation by: packs of comparable indicators and what they need to know of a firm, as data.

Belongs here: `terms.yaml`, what indicators of several programmes are made of; a file for each programme. Does not
belong here: reading them (`survey.packs`), the answers.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where the files of this room lie"""
