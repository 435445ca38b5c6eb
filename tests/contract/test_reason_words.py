"""Every reason the edge can give is known, in words, on the server and in the report."""

from __future__ import annotations

from dashboard.alerts.reasons import CODES, DOUBTS
from detector.config import Thresholds
from detector.lock import doubts_of
from detector.vocabulary import LockEvidence, ReasonCode


def test_the_dashboard_has_words_for_exactly_the_reasons_of_the_edge() -> None:
    assert set(CODES) == {str(code) for code in ReasonCode}


def test_the_dashboard_counts_exactly_the_doubts_that_make_the_edge_unsure() -> None:
    nothing_right = LockEvidence(
        rider_seen=False,
        shared_bike=True,
        bike_width_px=1.0,
        merged_boxes=True,
        brightness=0.0,
        camera_moved=True,
        not_watched_s=1000.0,
        preexisting=True,
    )
    assert set(DOUBTS) == {str(code) for code in doubts_of(nothing_right, Thresholds())}
