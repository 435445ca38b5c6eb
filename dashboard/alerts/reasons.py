"""Why the camera thinks so: every reason code as a sentence with its number.

The codes are those that travel; a test outside this package holds them against the edge's own list.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.web.formats import Formats
from dashboard.web.i18n import N_, NN_

LASTING: Mapping[str, str] = {
    "left_after_s": N_("The rider walked off after %(number)s."),
    "attended_s": N_("The rider stayed with the bike for %(number)s."),
    "bent_s": N_("The rider bent down at the bike for %(number)s."),
    "longest_bend_s": N_("The longest bend took %(number)s."),
    "hands_low_s": N_("The rider's hands were at wheel or frame for %(number)s."),
    "return_attended_s": N_("Somebody was back at the bike for %(number)s."),
    "return_bent_s": N_("Whoever came back bent down for %(number)s."),
    "lost_at_bike_s": N_("The rider was out of sight at the bike for %(number)s."),
    "not_watched_s": N_("Nobody looked for %(number)s while the rider was at the bike or just leaving."),
}
COUNTED: Mapping[str, tuple[str, str]] = {
    "bends": NN_("The rider bent down once.", "The rider bent down %(num)s times."),
    "return_visits": NN_("Somebody came back to the bike once.", "Somebody came back to the bike %(num)s times."),
    "lock_seen_views": NN_("A lock was seen in one picture.", "A lock was seen in %(num)s pictures."),
    "lock_carried_views": NN_(
        "In one picture the lock hangs unused on the bike.", "In %(num)s pictures the lock hangs unused on the bike."
    ),
    "no_lock_views": NN_("One picture shows no lock.", "%(num)s pictures show no lock."),
    "bike_too_small_px": NN_(
        "The bike is too small in the picture: one pixel wide.",
        "The bike is too small in the picture: %(num)s pixels wide.",
    ),
}
PLAIN: Mapping[str, str] = {
    "left_straight": N_("The rider walked straight off without stopping again."),
    "shared_bike": N_("It is a shared bike, which locks itself."),
    "rider_not_seen": N_("The rider was not seen at the bike."),
    "merged_boxes": N_("The bike cannot be told from its neighbours."),
    "too_dark": N_("It is too dark to see."),
    "camera_moved": N_("The camera has been moved."),
    "preexisting": N_("The bike stood there before the camera started."),
}
NEVER: Mapping[str, str] = {
    "left_after_s": N_("The rider walked straight off."),
    "attended_s": N_("The rider did not stay with the bike."),
    "bent_s": N_("The rider did not bend down at the bike."),
    "bends": N_("The rider did not bend down."),
    "longest_bend_s": N_("No bend lasted."),
    "hands_low_s": N_("The rider's hands were not seen at wheel or frame."),
    "left_straight": N_("The rider stopped again near the bike before leaving."),
    "return_attended_s": N_("Nobody stayed who came back."),
    "return_bent_s": N_("Whoever came back did not bend down."),
    "return_visits": N_("Nobody came back to the bike."),
    "lock_seen_views": N_("No lock was seen in any picture."),
}
DOUBTS: Mapping[str, str] = {
    "shared_bike": N_("shared bike"),
    "merged_boxes": N_("merged with a neighbour"),
    "bike_too_small_px": N_("too small"),
    "too_dark": N_("too dark"),
    "camera_moved": N_("camera moved"),
    "not_watched_s": N_("not watched"),
    "rider_not_seen": N_("rider not seen"),
    "preexisting": N_("there before the camera"),
}
"""Each of these alone makes the camera say that it cannot tell; shortly, to be counted."""
MIXED_SIGNS = N_("mixed signs")
"""No such doubt, and what was seen speaks for neither."""
SAME_AT_ZERO = {("bent_s", "bends"), ("bent_s", "longest_bend_s")}
"""Where both numbers are nothing they say the same, once."""
CODES = frozenset(LASTING) | frozenset(COUNTED) | frozenset(PLAIN)


def sentences(reasons: Mapping[str, float], fmt: Formats) -> list[str]:
    """Each reason in words, in the order given; an unknown code as it is."""
    told = {code: number for code, number in reasons.items() if not _said_already(code, reasons)}
    return [_sentence(code, number, fmt) for code, number in told.items()]


def _said_already(code: str, reasons: Mapping[str, float]) -> bool:
    return any(reasons.get(first) == reasons.get(code) == 0 for first, second in SAME_AT_ZERO if second == code)


def _sentence(code: str, number: float, fmt: Formats) -> str:
    words = fmt.translator
    whole = round(number)
    if whole <= 0 and code in NEVER:
        return words.gettext(NEVER[code])
    if code in LASTING:
        return words.gettext(LASTING[code]) % {"number": fmt.span(number)}
    if code in COUNTED:
        return words.ngettext(*COUNTED[code], whole) % {"num": whole}
    return words.gettext(PLAIN[code]) if code in PLAIN else f"{code} = {number:g}"
