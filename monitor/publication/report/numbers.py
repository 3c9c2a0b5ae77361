"""Numbers as each language writes them.

Belongs here: turning a value into text. Does not belong here: computing one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.wording.sentences import say

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Numbers:
    """How one language writes numbers: `nl` 1.234,5 and 36%; `de` 1.234,5 and 36 %. Its signs are words of it."""

    language: str

    def plain(self, value: object, decimals: int = 0) -> str:
        """1.234,5 in Dutch, 1,234.5 in English; an en dash for what is not known."""
        number = known(value)
        if number is None:
            return DASH
        text = f"{abs(number):,.{decimals}f}"
        signs = {",": self._sign("group"), ".": self._sign("decimal")}
        text = "".join(signs.get(digit, digit) for digit in text)
        negative = number < 0 and any(digit in text for digit in "123456789")
        return (MINUS if negative else "") + text

    def percent(self, value: object, decimals: int = 0) -> str:
        """A share in 0..1 as the language writes it: `36%`, `36 %`."""
        number = known(value)
        return DASH if number is None else self._sign("percent", value=self.plain(number * 100, decimals))

    def _sign(self, key: str, **value: str) -> str:
        """What the language writes for a key, on one line."""
        return say("numbers", key, self.language, **value).replace(" ", NBSP)

    def points(self, value: object, decimals: int = 1) -> str:
        """A difference of shares in percentage points, with its sign: `+8,0`."""
        number = known(value)
        if number is None:
            return DASH
        text = self.plain(number * 100, decimals)
        return text if text.startswith(MINUS) or number <= 0 else f"+{text}"

    def value(self, value: object, unit: object, decimals: int | None = None) -> str:
        """A value in its unit: shares as per cent, differences of them in points, euros with their sign, else plain."""
        if unit == "share":
            return self.percent(value, 1 if decimals is None else decimals)
        if unit == "points":
            return self.points(value, 1 if decimals is None else decimals)
        number = known(value)
        if number is None:
            return DASH
        if unit == "EUR" and abs(number) >= 10_000_000:
            million = say("report", "million", self.language)
            return self._sign("euro", value=f"{self.plain(number / 1_000_000)}{NBSP}{million}")
        places = (
            decimals
            if decimals is not None
            else (0 if abs(number) >= 100 or unit == "EUR" or number.is_integer() else 1)
        )
        told = self.plain(number, places)
        return self._sign("euro", value=told) if unit == "EUR" else told

    def interval(self, low: object, high: object, unit: object = "share", decimals: int | None = None) -> str:
        """`32,4–39,9%`: the unit once."""
        if known(low) is None or known(high) is None:
            return DASH
        if unit == "points":
            return self.points_interval(low, high, 1 if decimals is None else decimals)
        upper = self.value(high, unit, decimals)
        lower = self.value(low, unit, decimals)
        if unit == "share":
            lower = lower.removesuffix(self._sign("percent", value=""))
        if MINUS in lower + upper:
            return say("report", "from_low_to_high", self.language, low=lower, high=upper)
        return f"{lower}{DASH}{upper}"

    def points_interval(self, low: object, high: object, decimals: int = 1) -> str:
        """`−3,1 tot +12,4`, in percentage points: between signs a dash would be read as one of them."""
        if known(low) is None or known(high) is None:
            return DASH
        lower, upper = self.points(low, decimals), self.points(high, decimals)
        return say("report", "from_low_to_high", self.language, low=lower, high=upper)

    def p_value(self, value: object) -> str:
        """`0,034`, or `< 0,001`."""
        number = known(value)
        if number is None:
            return DASH
        if number < 0.001:
            return f"<{NBSP}{self.plain(0.001, 3)}"
        return self.plain(number, 3)


def known(value: object) -> float | None:
    """The value as a number, or None where there is none (NULL, not a number, infinite)."""
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
