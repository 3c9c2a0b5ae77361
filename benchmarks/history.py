"""PostgreSQL on the store's machine, for Dagster's history as containers keep it (Debian's `postgresql`).

Belongs here: the server, Dagster's settings for it, what stands in it. Does not belong here: runs (`store`).
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machines
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian has them, by version"""
USER = "dagster"


@dataclass(frozen=True)
class History:
    """A server that answers, on a machine of the bench."""

    machine: int
    host: str
    password: str
    dagster_home: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process of Dagster knows."""
        return {"DAGSTER_HOME": str(self.dagster_home), "DAGSTER_PASSWORD": self.password}

    def runs(self) -> Mapping[str, int]:
        """Job and how its run ended -> events that the history has of it."""
        asked = (
            "SELECT pipeline_name || ' ' || status, count(event_logs.id) FROM runs"
            " JOIN event_logs USING (run_id) GROUP BY runs.id, pipeline_name, status ORDER BY runs.id"
        )
        told = subprocess.run(
            self.command("psql", "--tuples-only", "--no-align", "--command", asked, USER), check=True, text=True,
            stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
        return {name: int(events) for name, events in (line.split("|") for line in told.splitlines())}

    def command(self, name: str, *arguments: str) -> list[str]:
        """A client's command, as it is given on the server's machine."""
        known = ["env", f"PGPASSWORD={self.password}", f"PGHOST={self.host}", f"PGUSER={USER}"]
        return machines.inside(self.machine, *known, str(programs() / name), *arguments)


def programs() -> Path:
    """The newest version's."""
    found = sorted(PROGRAMS.glob("*/bin"), key=lambda place: int(place.parent.name))
    if not found:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


@contextmanager
def history(machine: int, host: str, folder: Path) -> Iterator[History]:
    """A server with an empty database for Dagster, whose settings are those of deploy/dagster.yaml."""
    made = History(machine, host, secrets.token_hex(12), folder / "dagster")
    settings = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
    settings["storage"]["postgres"]["postgres_db"]["hostname"] = host
    made.dagster_home.mkdir()
    (made.dagster_home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    # PostgreSQL does not work as root: its files are Debian's own user's.
    place, secret = folder / "postgresql", folder / "password"
    folder.chmod(0o711)
    place.mkdir()
    secret.write_text(made.password, encoding="utf-8")
    subprocess.run(["chown", "postgres", str(place), str(secret)], check=True)
    own = ["runuser", "-u", "postgres", "--"]
    options = ["--pgdata", str(place), "--username", USER, "--auth", "scram-sha-256", "--pwfile", str(secret)]
    subprocess.run([*own, str(programs() / "initdb"), *options], check=True, stdout=subprocess.DEVNULL, cwd="/")
    with (place / "pg_hba.conf").open("a", encoding="utf-8") as access:
        access.write(f"host all {USER} {host}/24 scram-sha-256\n")
    serving = [str(programs() / "postgres"), "-D", str(place), "-h", host, "-k", str(place)]
    with (folder / "postgresql.log").open("wb") as log:
        server = subprocess.Popen(
            machines.inside(machine, *own, *serving), cwd="/", stdout=log, stderr=log, start_new_session=True
        )
    try:
        while subprocess.run(made.command("createdb", USER), check=False, capture_output=True).returncode:
            if server.poll() is not None:
                sys.exit((folder / "postgresql.log").read_text(encoding="utf-8"))
            time.sleep(0.2)
        yield made
    finally:
        # Killed, it would leave memory behind that it shares among its processes.
        ending = [*own, str(programs() / "pg_ctl"), "stop", "--pgdata", str(place), "--mode", "fast"]
        subprocess.run(ending, check=False, capture_output=True, cwd="/")
        machines.kill(server)
