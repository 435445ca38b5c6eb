from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from dashboard.alerts import reasons, words
from dashboard.web.formats import Formats
from dashboard.web.i18n import Language, load_translators
from tests.dashboard.builders import NOON

TRANSLATORS = load_translators()


def formats(language: Language) -> Formats:
    return Formats(TRANSLATORS[language], ZoneInfo("Asia/Shanghai"), NOON)


@pytest.mark.parametrize(
    ("given", "english", "chinese"),
    [
        # A number of seconds is a span in words.
        ({"left_after_s": 4.2}, "The rider walked off after 4 seconds.", "车主停车4秒钟后离开。"),
        ({"attended_s": 95}, "The rider stayed with the bike for 2 minutes.", "车主在车旁停留了2分钟。"),
        # A count has its singular.
        ({"bends": 1}, "The rider bent down once.", "车主弯腰 1 次。"),
        ({"bends": 3}, "The rider bent down 3 times.", "车主弯腰 3 次。"),
        # Nothing is said as such.
        ({"bent_s": 0.2}, "The rider did not bend down at the bike.", "车主没有在车旁弯腰。"),
        (
            {"bike_too_small_px": 18.4},
            "The bike is too small in the picture: 18 pixels wide.",
            "车在画面里太小，只有 18 像素宽。",
        ),
        # A doubt has no number, even where one travels along.
        ({"too_dark": 0.0}, "It is too dark to see.", "光线太暗，看不清。"),
        # A code this version does not know is shown as it is.
        ({"moon_phase": 0.25}, "moon_phase = 0.25", "moon_phase = 0.25"),
    ],
)
def test_a_reason_is_a_sentence_with_its_number(given: Mapping[str, float], english: str, chinese: str) -> None:
    assert reasons.sentences(given, formats("en")) == [english]
    assert reasons.sentences(given, formats("zh-CN")) == [chinese]


def test_not_bending_is_said_once() -> None:
    assert len(reasons.sentences({"bent_s": 0.0, "bends": 0.0}, formats("en"))) == 1
    assert len(reasons.sentences({"bent_s": 2.0, "bends": 1.0}, formats("en"))) == 2


def test_every_code_has_a_sentence_in_both_languages() -> None:
    for code in reasons.CODES:
        for number in (0.0, 1.0, 7.0):
            english, chinese = (reasons.sentences({code: number}, formats(tongue)) for tongue in ("en", "zh-CN"))
            assert "=" not in english[0]
            assert english != chinese


@pytest.mark.parametrize(
    ("state", "p_unlocked", "text"),
    [
        ("unlocked", 0.97, "Almost certainly not locked"),
        ("unlocked", 0.8, "Probably not locked"),
        ("unlocked", 0.6, "Perhaps not locked"),
        ("unlocked", None, "Probably not locked"),
        ("unsure", 0.5, "Cannot tell if it is locked"),
        ("locked", 0.03, "Looks locked"),
        (None, None, "Cannot tell if it is locked"),
    ],
)
def test_a_probability_is_said_in_plain_words(state: str | None, p_unlocked: float | None, text: str) -> None:
    assert words.verdict(state, p_unlocked).text == text
