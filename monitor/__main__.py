"""`python -m monitor`: the same door as the command `monitor`."""

from monitor.cli import command

if __name__ == "__main__":
    command()
