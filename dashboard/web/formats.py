"""How moments, spans and shares are written, in a visitor's language and the site's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta

from dashboard.web.i18n import Translator


def day_span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day begins and ends in a zone, as UTC."""
    begins = datetime.combine(day, time.min, zone)
    return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)


@dataclass(frozen=True)
class Formats:
    """`at` is the moment the page is made, so that every age on it agrees."""

    translator: Translator
    zone: ZoneInfo
    at: datetime

    def clock(self, moment: datetime) -> str:
        return format_time(moment, "HH:mm", tzinfo=self.zone, locale=self.translator.locale)

    def day(self, moment: datetime) -> str:
        """Today's date in words."""
        return format_date(moment.astimezone(self.zone), "full", locale=self.translator.locale)

    def moment(self, moment: datetime) -> str:
        """Date and time; the time alone where it is today."""
        local = moment.astimezone(self.zone)
        if local.date() == self.at.astimezone(self.zone).date():
            return self.clock(moment)
        skeleton = "M月d日 HH:mm" if self.translator.language == "zh-CN" else "d MMM, HH:mm"
        return format_datetime(moment, skeleton, tzinfo=self.zone, locale=self.translator.locale)

    def ago(self, moment: datetime) -> str:
        return format_timedelta(moment - self.at, add_direction=True, locale=self.translator.locale)

    def span(self, seconds: float) -> str:
        """How long, in its largest unit: `4 seconds`, `12 minutes`."""
        return format_timedelta(round(seconds), threshold=1.5, locale=self.translator.locale)

    def iso(self, moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")

    def percent(self, share: float) -> str:
        return f"{round(share * 100)}%"
