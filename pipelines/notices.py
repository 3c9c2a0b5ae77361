"""Telling people, by mail and by webhook: of a stopped wave, of many warnings, of a published release.

Belongs here: the message, and where it is sent. Does not belong here: when (`notice_sensors`).

Nothing is sent unless the environment says where to (`docs/how-to.md`). A message leaves the house: it names no firm,
no answer and no file of answers; those stand on the run's page.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from monitor.problems import Problem

SERVER, SENDER, RECEIVERS, WEBHOOK = (
    "MONITOR_MAIL_SERVER", "MONITOR_MAIL_FROM", "MONITOR_MAIL_TO", "MONITOR_WEBHOOK",
)  # fmt: skip
SECONDS = 20
"""How long a server is waited for"""
DEFINITION = ".yaml"
"""A mistake on a line of such a file is about a definition; on a line of any other it may be about an answer"""
LISTED = 10
"""How many different problems a message tells of"""


@dataclass(frozen=True)
class Notice:
    """One message: what happened, and what to do."""

    kind: str
    """stopped, warnings or released"""
    survey: str
    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The message as a person reads it."""
        return "\n".join((self.title, "", *self.lines)) + "\n"

    def as_dict(self) -> dict[str, object]:
        """The message for a machine; `text` is what chat programs show of a webhook."""
        return {"kind": self.kind, "survey": self.survey, "title": self.title, "text": self.text}


def stopped(survey: str, what: str, problems: Sequence[Problem]) -> Notice:
    """A run that stopped: its problems, each kind once, and what to do about it."""
    told = Counter((_sentence(problem), problem.do or "") for problem in problems)
    lines: list[str] = []
    for (sentence, do), times in told.most_common(LISTED):
        lines += [f"- {sentence}" + (f" ({times} times)" if times > 1 else "")] + ([f"  do: {do}"] if do else [])
    more = len(told) - LISTED
    lines += [f"- and {more} more"] if more > 0 else []
    lines += ["- the run ended without saying why: look at its page"] if not told else []
    return Notice("stopped", survey, f"{survey}: {what} stopped; the last good release stays", tuple(lines))


def warned(survey: str, wave: str, failed: Mapping[str, int], most: int) -> Notice:
    """A wave that went through with more warnings than its survey declares; failed: rule -> answers that failed it."""
    lines = [f"- {rule}: {count}" for rule, count in sorted(failed.items(), key=lambda each: (-each[1], each[0]))]
    title = f"{survey}: {sum(failed.values())} answers of wave {wave} failed a rule that warns, more than {most}"
    return Notice("warnings", survey, title, (*lines, "do: look at the rules' table of failures on the wave's page"))


def released(survey: str, release: str, waves: Sequence[str]) -> Notice:
    """A release that was published."""
    told = f"do: look at it with `monitor open --of {survey}`"
    return Notice("released", survey, f"{survey}: {release} is published, waves {', '.join(waves)}", (told,))


def _sentence(problem: Problem) -> str:
    """What is wrong, without anything that an answer says."""
    of_answer = problem.line is not None and not (problem.file or "").endswith(DEFINITION)
    if problem.firm is None and not of_answer:
        return problem.what
    return f"rule {problem.rule} ({problem.severity}) does not hold" if problem.rule else "an answer cannot be taken in"


def channels(environment: Mapping[str, str]) -> list[str]:
    """By what notices are sent; none where the environment names no place."""
    mail = environment.get(SERVER) and environment.get(RECEIVERS)
    return [*(["mail"] if mail else []), *(["webhook"] if environment.get(WEBHOOK) else [])]


def send(notice: Notice, environment: Mapping[str, str]) -> list[str]:
    """Send a message to every place that the environment names. Returns why it did not arrive where it did not: a mail
    server that is down keeps neither the other message nor any run back."""
    ways = {"mail": _mail, "webhook": _call}
    failed = []
    for channel in channels(environment):
        try:
            ways[channel](notice, environment)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # Not its words: a server's answer may repeat a password or an address.
            failed.append(f"{channel}: {type(error).__name__}")
    return failed


def _mail(notice: Notice, environment: Mapping[str, str]) -> None:
    place = urlsplit(environment[SERVER])
    receivers = [address.strip() for address in environment[RECEIVERS].split(",")]
    message = EmailMessage()
    message["Subject"] = notice.title
    message["From"] = environment.get(SENDER) or receivers[0]
    message["To"] = ", ".join(receivers)
    message.set_content(notice.text)
    context = ssl.create_default_context()
    host, port = place.hostname or "", place.port
    if place.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context)
    elif place.scheme in ("smtp", "smtp+starttls"):
        server = smtplib.SMTP(host, port or 25, timeout=SECONDS)
    else:
        raise ValueError("the mail server's address begins with smtp://, smtp+starttls:// or smtps://")
    with server:
        if place.scheme == "smtp+starttls":
            server.starttls(context=context)
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
        server.send_message(message)


def _call(notice: Notice, environment: Mapping[str, str]) -> None:
    address = environment[WEBHOOK]
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("a webhook's address begins with http:// or https://")
    body = json.dumps(notice.as_dict(), ensure_ascii=False).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass
