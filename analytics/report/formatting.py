"""Format figures for use in sentences. All functions are pure."""

import math

from analytics.report.statistics import Estimate


def count(number: float, one: str = "", many: str = "") -> str:
    """Format a count, such as ``1,234``. With a word, the result is ``1 player`` or ``1,234 players``."""
    word = one if number == 1 else (many or f"{one}s" if one else "")
    return f"{number:,.0f} {word}".rstrip()


def percent(value: float | Estimate, digits: int = 1) -> str:
    """Format a share, such as ``12.3 %``. For an estimate, add its interval: ``12.3 % (11.9 to 12.7)``."""
    if isinstance(value, Estimate):
        low, high = (f"{end * 100:,.{digits}f}" for end in (value.low, value.high))
        return f"{value.value * 100:,.{digits}f} % ({low} to {high})"
    return f"{value * 100:,.{digits}f} %"


def points(value: Estimate) -> str:
    """Format a difference between two shares, such as ``+1.2 points (-0.3 to +2.7)``."""
    low, high = (f"{end * 100:+,.1f}" for end in (value.low, value.high))
    return f"{value.value * 100:+,.1f} points ({low} to {high})"


def times(value: Estimate) -> str:
    """Format a ratio, such as ``× 1.52 (1.40 to 1.65)``."""
    return f"× {value.value:,.2f} ({value.low:,.2f} to {value.high:,.2f})"


def number(value: Estimate, unit: str = "", digits: int = 0) -> str:
    """Format an estimate with its unit, such as ``12 gold (10 to 14)``."""
    middle = f"{value.value:,.{digits}f} {unit}".rstrip()
    return f"{middle} ({value.low:,.{digits}f} to {value.high:,.{digits}f})"


def seconds(value: float) -> str:
    """Format a duration in the unit that is easiest to read, such as ``0.14 s``, ``12 s``, ``15 min`` or ``2.0 h``."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def size(number_of_bytes: float) -> str:
    """Format a size, such as ``12 kB`` or ``3.4 MB``."""
    power = min(4, int(math.log(number_of_bytes, 1000))) if number_of_bytes >= 1 else 0
    return f"{number_of_bytes / 1000**power:,.{0 if power < 2 else 1}f} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def name(code: str) -> str:
    """Turn a code into words: ``dragon_sword`` becomes ``dragon sword``."""
    return code.replace("_", " ")


def listed(parts: list[str]) -> str:
    """Join parts into an enumeration, such as ``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" and {parts[-1]}"
