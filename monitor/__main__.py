"""`python -m monitor`: the same door as the command `monitor`."""

from monitor.cli import command

command()
