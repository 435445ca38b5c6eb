"""Every reason the edge can give is known, in words, on the server and in the report."""

from __future__ import annotations

from dashboard.alerts.reasons import CODES
from detector.vocabulary import ReasonCode


def test_the_dashboard_has_words_for_exactly_the_reasons_of_the_edge() -> None:
    assert set(CODES) == {str(code) for code in ReasonCode}
