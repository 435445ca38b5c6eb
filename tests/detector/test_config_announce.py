from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from pydantic import ValidationError

from detector.announce import AnnouncePolicy
from detector.config_announce import AnnounceConfig
from tests.brokers import AT


def config(**keys: object) -> AnnounceConfig:
    return AnnounceConfig.model_validate({"mqtt": True} | keys)


def policy(**keys: object) -> AnnouncePolicy:
    return AnnouncePolicy(config(**keys))


def test_two_announcements_in_one_place_keep_their_distance_and_places_do_not_wait_for_each_other() -> None:
    one = policy(pause_s=30)
    assert one.may_speak("rack-1", AT)
    assert not one.may_speak("rack-1", AT + timedelta(seconds=29))
    assert one.may_speak("rack-2", AT + timedelta(seconds=1))
    assert one.may_speak("rack-1", AT + timedelta(seconds=30))


def test_a_clock_that_is_set_back_silences_nobody() -> None:
    one = policy(pause_s=30)
    assert one.may_speak("rack-1", AT)
    assert one.may_speak("rack-1", AT - timedelta(hours=1))


QUIET = {
    "before it over midnight": ("22:00", "07:00", "13:59", True),
    "its first minute": ("22:00", "07:00", "14:00", False),
    "past midnight": ("22:00", "07:00", "19:30", False),
    "its last minute": ("22:00", "07:00", "22:59", False),
    "its end": ("22:00", "07:00", "23:00", True),
    "at noon, within the day": ("12:00", "14:00", "05:00", False),
    "after noon, within the day": ("12:00", "14:00", "06:00", True),
}


@pytest.mark.parametrize("case", QUIET)
def test_quiet_hours_are_those_of_the_site(case: str) -> None:
    """UTC times; Shanghai is eight hours ahead."""
    begins, ends, now, speaks = QUIET[case]
    hour, minute = (int(part) for part in now.split(":"))
    at = datetime(2026, 5, 4, hour, minute, tzinfo=UTC)
    assert policy(quiet_from=begins, quiet_until=ends, zone="Asia/Shanghai").may_speak("rack-1", at) is speaks


def test_times_of_day_may_be_written_without_quotes() -> None:
    """YAML takes 22:30 for 1350."""
    read = AnnounceConfig.model_validate(yaml.safe_load("{mqtt: true, quiet_from: 22:30, quiet_until: 07:00}"))
    assert (str(read.quiet_from), str(read.quiet_until)) == ("22:30:00", "07:00:00")


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "nobody says it": ({"mqtt": False}, "nobody would say it"),
    "no file to play": ({"player": ["aplay"]}, "must hold {file}"),
    "a shell's line": ({"player": "aplay {file}"}, "tuple"),
    "half a night": ({"quiet_from": "22:00"}, "both quiet_from and quiet_until"),
    "no night at all": ({"quiet_from": "22:00", "quiet_until": "22:00"}, "the same time"),
    "no time of day": ({"quiet_from": 1440, "quiet_until": "07:00"}, "no time of day"),
    "an unknown zone": ({"zone": "Campus/North"}, "no time zone 'Campus/North'"),
    "too loud": ({"volume": 101}, "less than or equal to 100"),
    "an unknown language": ({"languages": ["fr"]}, "zh-CN"),
    "no language": ({"languages": []}, "at least 1"),
    "an unknown key": ({"loudness": 5}, "Extra inputs"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_refused(case: str) -> None:
    keys, sentence = WRONG[case]
    with pytest.raises(ValidationError, match=sentence):
        config(**keys)
