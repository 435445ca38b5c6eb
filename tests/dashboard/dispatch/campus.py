"""A campus with volunteers on shift, and a channel that implements the port."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account, Role
from dashboard.alerts import service as alerts
from dashboard.alerts.service import AlertReport
from dashboard.alerts.tables import Alert
from dashboard.database import Sessions
from dashboard.dispatch.channels.channel import Channel, ChannelError, Notice
from dashboard.dispatch.policy import Rules
from dashboard.dispatch.tables import Delivery
from dashboard.dispatch.worker import dispatch_one
from dashboard.places.tables import Building, Site
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Volunteer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


RULES = Rules(answer_within=timedelta(seconds=90))


@dataclass
class Clock:
    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeChannel:
    """Reaches everybody, except where the script names an error for a person."""

    errors: dict[int, ChannelError] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)
    name: str = "fake"

    def send(self, notice: Notice) -> None:
        if notice.account_id in self.errors:
            raise self.errors[notice.account_id]
        self.sent.append(notice)

    def reached(self) -> list[int]:
        return [notice.account_id for notice in self.sent]


@dataclass(frozen=True)
class Campus:
    """Two buildings of one site, a volunteer at each, and another site next door."""

    sessions: Sessions
    here: int
    far: int


def building(site: Site, code: str, x: float) -> Building:
    return Building(site=site, code=code, name_zh=code, name_en=code, plan_x=x, plan_y=100)


def on_shift(session: Session, name: str, where: Building, *, lead: bool = False, hours: float = 2) -> int:
    account = Account(
        username=name, display_name=name, password_hash="-", role=Role.VOLUNTEER, language="en", created_at=NOON
    )
    post = Post(building=where, name_zh="门口", name_en="Entrance")
    begin = NOON - timedelta(hours=1)
    volunteer = Volunteer(account=account)
    session.add(
        Shift(volunteer=volunteer, post=post, lead=lead, starts_at=begin, ends_at=begin + timedelta(hours=hours))
    )
    session.flush()
    return account.id


def leave_bike(campus: Campus, name: str = "bike-1", *, seconds: float = 0, lasts_s: float = 1800) -> str:
    at = NOON + timedelta(seconds=seconds)
    with campus.sessions.begin() as session:
        return alerts.raise_alert(
            session,
            AlertReport(
                alert_id=name,
                stay_id=f"stay-{name}",
                site_id="campus",
                camera_id="cam",
                rack_id="rack",
                building_id="teaching-1",
                kind="bicycle",
                parked_at=at,
                left_at=at,
                at=at,
                expires_at=at + timedelta(seconds=lasts_s),
                verdict_state="unlocked",
                p_unlocked=0.9,
                reasons={},
                xyxy_norm=(0.1, 0.1, 0.2, 0.2),
            ),
        ).id


def dispatch_all(campus: Campus, channel: Channel, clock: Clock) -> int:
    count = 0
    while dispatch_one(campus.sessions, RULES, clock, (channel,)):
        count += 1
    return count


def states(campus: Campus) -> list[tuple[int, str, str | None]]:
    with campus.sessions.begin() as session:
        return [(d.account_id, d.state, d.error) for d in session.scalars(select(Delivery).order_by(Delivery.id))]


def state_of(campus: Campus, alert_id: str) -> str:
    with campus.sessions.begin() as session:
        return session.get_one(Alert, alert_id).state
