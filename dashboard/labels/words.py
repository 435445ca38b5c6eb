"""How an analyst's answers and what they are asked for are called."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.alerts import words as alerts
from dashboard.alerts.tables import Alert
from dashboard.alerts.words import Word
from dashboard.labels.queries import Show
from dashboard.labels.tables import Saying
from dashboard.web.i18n import N_

SAYINGS: Mapping[str, Word] = {
    Saying.UNLOCKED: Word(N_("Not locked"), "unlock", "danger"),
    Saying.LOCKED: Word(N_("Locked"), "lock", "ok"),
    Saying.NOT_A_BIKE: Word(N_("Not a bike"), "blocked", ""),
    Saying.LEAVE_OUT: Word(N_("Cannot tell"), "question", "warn"),
}
"""In the order of the page's buttons and of the keys 1 to 4."""
SHOWS: Mapping[Show, str] = {
    Show.OPEN: N_("To look at"),
    Show.DISAGREEING: N_("Found locked"),
    Show.UNSURE: N_("Camera unsure"),
    Show.CORRECTED: N_("Corrected"),
}
EMPTY: Mapping[Show, tuple[str, str]] = {
    Show.OPEN: (N_("Nothing to look at"), N_("Pictures appear here once their alert is over.")),
    Show.DISAGREEING: (N_("Nobody found a bike locked"), N_("Where a volunteer does, against the camera, it is here.")),
    Show.UNSURE: (N_("The camera was sure"), N_("Where it has doubts about the lock, it is here.")),
    Show.CORRECTED: (N_("Nothing is corrected yet"), N_("What analysts said is here, and can be taken back.")),
}
SINCE_LOCKED = Word(N_("Not locked at first, then locked"), "lock", "ok")


def judged(alert: Alert) -> Word:
    """What the camera said of the bike in the picture, which was taken when it took it for unlocked."""
    if alert.verdict_state == "locked":
        return SINCE_LOCKED
    return alerts.verdict(alert.verdict_state, alert.p_unlocked)
