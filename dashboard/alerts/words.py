"""How states, verdicts, outcomes and changes are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from babel.units import format_unit

from dashboard.alerts.tables import Alert, AlertState, Change, Outcome
from dashboard.web.formats import Formats
from dashboard.web.i18n import N_


@dataclass(frozen=True)
class Word:
    text: str
    icon: str
    tone: str = ""


OUTCOMES: Mapping[str, Word] = {
    Outcome.OWNER_LOCKED: Word(N_("Owner locked it"), "lock", "ok"),
    Outcome.TAGGED: Word(N_("Left a tag"), "tag", "accent"),
    Outcome.WAS_LOCKED: Word(N_("It was locked"), "check", "ok"),
    Outcome.GONE: Word(N_("Bike was gone"), "gone", ""),
    Outcome.CANNOT_REACH: Word(N_("Could not get there"), "blocked", "warn"),
}
STATES: Mapping[str, Word] = {
    AlertState.OPEN: Word(N_("Waiting"), "bell", "danger"),
    AlertState.OFFERED: Word(N_("Waiting"), "bell", "danger"),
    AlertState.TAKEN: Word(N_("Somebody is on the way"), "hand", "accent"),
    AlertState.DONE: Word(N_("Done"), "check", "ok"),
    AlertState.EXPIRED: Word(N_("Nobody went in time"), "clock", ""),
    AlertState.CLEARED: Word(N_("No longer needed"), "check", "ok"),
}
CLEARED: Mapping[str, Word] = {
    "locked": Word(N_("The camera saw it being locked"), "lock", "ok"),
    "gone": Word(N_("The camera saw the bike leave"), "gone", ""),
}
CHANGES: Mapping[str, str] = {
    Change.RAISED: N_("The camera raised the alert"),
    Change.UPDATED: N_("The camera looked again"),
    Change.PICTURE: N_("The picture arrived"),
    Change.OFFERED: N_("A volunteer was asked"),
    Change.TAKEN: N_("Taken"),
    Change.RELEASED: N_("Given back"),
    Change.OUTCOME: N_("Answered"),
    Change.CLEARED: N_("Cleared by the camera"),
    Change.EXPIRED: N_("Time ran out"),
}
UNCERTAIN = Word(N_("Unsure which bike"), "question", "warn")
UNCERTAIN_WHY = N_("Somebody left a bike here, but which of the bikes here is uncertain.")
LIKELY, ALMOST_SURE = 0.75, 0.92
UNITS: Mapping[str, int] = {"hour": 3600, "minute": 60, "second": 1}


def ending(alert: Alert) -> Word:
    """How it ended, for the list of what is over: the person's answer before the camera's."""
    if alert.outcome is not None:
        return OUTCOMES[alert.outcome]
    return CLEARED.get(alert.clear_reason or "", STATES[alert.state])


def verdict(state: str | None, p_unlocked: float | None) -> Word:
    """The verdict with its probability as plain words."""
    if state == "locked":
        return Word(N_("Looks locked"), "lock", "ok")
    if state != "unlocked":
        return Word(N_("Cannot tell if it is locked"), "question", "warn")
    if p_unlocked is not None and p_unlocked >= ALMOST_SURE:
        return Word(N_("Almost certainly not locked"), "unlock", "danger")
    if p_unlocked is None or p_unlocked >= LIKELY:
        return Word(N_("Probably not locked"), "unlock", "danger")
    return Word(N_("Perhaps not locked"), "unlock", "warn")


def took(seconds: float, fmt: Formats) -> str:
    """How long something took, in its two largest units: `3 min 20 sec`."""
    whole, locale = round(seconds), fmt.translator.locale
    names = list(UNITS)
    first = next((place for place, name in enumerate(names) if whole >= UNITS[name]), len(names) - 1)
    parts: list[str] = []
    for name in names[first : first + 2]:
        number, whole = divmod(whole, UNITS[name])
        if number or not parts:
            parts.append(format_unit(number, name, "short", locale=locale))
    return ("" if fmt.translator.language == "zh-CN" else " ").join(parts)


KINDS: Mapping[str, str] = {"bicycle": N_("Bicycle"), "motorcycle": N_("Motorcycle or e-bike")}
