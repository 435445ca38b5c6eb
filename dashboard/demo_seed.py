"""The invented campus of `make demo`: places, people, shifts. A second start keeps what is there and adds nothing twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.accounts.service import HASHES, add_account
from dashboard.accounts.tables import Account, Role
from dashboard.campaigns.service import add_campaign
from dashboard.campaigns.tables import Campaign
from dashboard.places.queries import by_code, site_by_code
from dashboard.places.tables import Building, Camera, Rack, Site
from dashboard.shifts.service import LONGEST, add_post
from dashboard.shifts.tables import Post, Shift
from dashboard.thefts.invented import add_invented_cases
from dashboard.volunteers.queries import branch_by_name
from dashboard.volunteers.service import add_branch, new_password
from dashboard.volunteers.tables import Volunteer

SITE = "demo-campus"
PLAN = Path(__file__).parent / "web" / "static" / "plans" / "demo-campus.json"
LOGINS_FILE = "demo_logins.json"
CHANGED = "(changed since)"
ON_DUTY_FOR = timedelta(hours=9)
CAMPAIGN_DAYS = 28
SLOTS = ((time(7, 30), time(9, 30)), (time(11, 30), time(13, 30)), (time(17, 0), time(19, 0)))
WEEKEND = 5


@dataclass(frozen=True)
class Spot:
    """A building as the campus plan names it, `x` and `y` in the plan's units."""

    code: str
    name_zh: str
    name_en: str
    x: float
    y: float


@dataclass(frozen=True)
class Person:
    """Somebody who may log in to look around. `post`: the building where a volunteer is always on duty."""

    username: str
    name: str
    role: Role
    post: str | None = None
    lead: bool = False


RACKS = {
    "teaching-1": "t1-east",
    "teaching-2": "t2-north",
    "teaching-3": "t3-south",
    "teaching-4": "t4-west",
    "library": "library-gate",
    "science": "science-yard",
    "engineering": "engineering-east",
    "canteen": "canteen-front",
}
CAMERAS = {"t1-east": "teaching-1-east"}
"""The rack and camera that the demo's worker names; the other racks have no camera yet."""
BESIDE = (52.0, 34.0)
"""From a building's middle to its rack, in the plan's units."""
PEOPLE = (
    Person("vol", "小林", Role.VOLUNTEER, "teaching-1"),
    Person("vol2", "阿明", Role.VOLUNTEER, "teaching-2"),
    Person("vol3", "晓雨", Role.VOLUNTEER, "library", lead=True),
    Person("coordinator", "陈老师", Role.COORDINATOR),
    Person("security", "保卫处值班员", Role.SECURITY),
    Person("analyst", "数据分析员", Role.ANALYST),
    Person("admin", "系统管理员", Role.ADMIN),
)
BRANCHES = (
    ("青年志愿者协会", "Youth Volunteers"),
    ("自行车社", "Cycling Club"),
    ("计算机学院分队", "Computer Science Branch"),
)
HELPERS = tuple(f"志愿者{stem}" for stem in "甲乙丙丁戊己庚辛壬癸子丑")
"""Invented helpers who fill the plan; nobody knows their passwords."""

Spotted = TypeVar("Spotted", Building, Camera, Rack)


def seed_demo(session: Session, at: datetime, home: Path) -> dict[str, str]:
    """Put the invented campus in, or bring its shifts up to now.

    Returns each login's password. They are this installation's own and are kept in `home`, readable by its owner only,
    so that a demo whose port is open to others has no password that all the world knows.
    """
    site = _site(session)
    posts = {spot.code: _spot(session, site, spot) for spot in _spots()}
    passwords = _people(session, home / LOGINS_FILE, at)
    zone = ZoneInfo(site.timezone)
    helpers = _helpers(session, at)
    campaign = session.scalar(select(Campaign).where(Campaign.starts_at <= at, Campaign.ends_at > at))
    if campaign is None:
        campaign = _campaign(session, at, zone)
        session.add_all(_planned(campaign, helpers, list(posts.values()), zone))
    for person in PEOPLE:
        if person.post is not None:
            _keep_on_duty(session, person, posts[person.post], campaign, at)
    add_invented_cases(session, at)
    return passwords


def _site(session: Session) -> Site:
    site = site_by_code(session, SITE)
    if site is None:
        site = Site(code=SITE, name_zh=SITE, name_en=SITE)
        session.add(site)
    if site.name_zh == SITE:
        site.name_zh, site.name_en = "演示校园（虚构）", "Demo campus (invented)"
        site.timezone, site.plan_file = "Asia/Shanghai", "demo-campus.svg"
    session.flush()
    return site


def _spots() -> list[Spot]:
    """The buildings of the campus plan, which is the one place that knows where they stand."""
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    spots = [Spot(**building) for building in plan["buildings"]]
    return sorted(spots, key=lambda spot: list(RACKS).index(spot.code))


def _spot(session: Session, site: Site, spot: Spot) -> Post:
    """The building, its rack and camera, and its post."""
    building = _place(session, Building, site, spot.code, (spot.name_zh, spot.name_en))
    building.plan_x, building.plan_y = spot.x, spot.y
    rack = _place(session, Rack, site, RACKS[spot.code], (f"{spot.name_zh}车棚", f"{spot.name_en} rack"))
    rack.building, rack.plan_x, rack.plan_y = building, spot.x + BESIDE[0], spot.y + BESIDE[1]
    if rack.code in CAMERAS:
        rack.camera = _place(
            session, Camera, site, CAMERAS[rack.code], (f"{spot.name_zh}东侧", f"{spot.name_en}, east")
        )
    session.flush()
    post = session.scalar(select(Post).where(Post.building_id == building.id))
    return post or add_post(session, building, f"{spot.name_zh}门口", f"{spot.name_en} entrance")


def _place(session: Session, table: type[Spotted], site: Site, code: str, names: tuple[str, str]) -> Spotted:
    """A worker may have made it known before: then only its bare id is renamed. The caller finishes and flushes it."""
    with session.no_autoflush:
        place = by_code(session, table, site, code) or table(site_id=site.id, code=code, name_zh=code, name_en=code)
    session.add(place)
    if place.name_zh == code:
        place.name_zh, place.name_en = names
    return place


def _people(session: Session, logins: Path, at: datetime) -> dict[str, str]:
    known = _read_logins(logins)
    passwords = {person.username: known.get(person.username) or new_password() for person in PEOPLE}
    _write_logins(logins, passwords)
    return {person.username: _person(session, person, passwords[person.username], known, at) for person in PEOPLE}


def _person(session: Session, person: Person, password: str, known: dict[str, str], at: datetime) -> str:
    """The account with this password. A password that somebody has changed since is theirs and stays."""
    account = session.scalar(select(Account).where(Account.username == person.username))
    if account is None:
        account = add_account(session, person.username, password, person.role, at, display_name=person.name)
    elif person.username not in known:
        account.password_hash = HASHES.hash(password)
    elif not HASHES.verify(password, account.password_hash):
        return CHANGED
    if person.role is Role.VOLUNTEER:
        _volunteer(session, account, 0)
    return password


def _read_logins(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return {str(name): str(password) for name, password in found.items()} if isinstance(found, dict) else {}


def _write_logins(path: Path, passwords: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(passwords, file, indent=2)
    fresh.replace(path)


def _helpers(session: Session, at: datetime) -> list[Volunteer]:
    return [_helper(session, f"helper{number:02d}", name, number, at) for number, name in enumerate(HELPERS, 1)]


def _helper(session: Session, username: str, name: str, number: int, at: datetime) -> Volunteer:
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None:
        account = add_account(session, username, new_password(), Role.VOLUNTEER, at, display_name=name)
    return _volunteer(session, account, number % len(BRANCHES))


def _volunteer(session: Session, account: Account, branch: int) -> Volunteer:
    volunteer = session.scalar(select(Volunteer).where(Volunteer.account_id == account.id))
    if volunteer is None:
        home = branch_by_name(session, BRANCHES[branch][0]) or add_branch(session, *BRANCHES[branch])
        volunteer = Volunteer(account=account, branch=home)
        session.add(volunteer)
        session.flush()
    return volunteer


def _campaign(session: Session, at: datetime, zone: ZoneInfo) -> Campaign:
    """Four weeks around now, from the Monday of last week."""
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday() + 7)
    begin = datetime.combine(monday, time(), zone)
    month = format_date(today, "MMMM y", locale="en")
    names = f"请锁车四周行动 {today.year} 年 {today.month} 月（虚构）", f"Please lock: four weeks, {month} (invented)"
    return add_campaign(session, *names, begin, begin + timedelta(days=CAMPAIGN_DAYS))


def _planned(campaign: Campaign, helpers: list[Volunteer], posts: list[Post], zone: ZoneInfo) -> Iterator[Shift]:
    """Every post at every busy hour of the weekdays; nobody stands in two places, and everybody has time off."""
    first = campaign.starts_at.astimezone(zone).date()
    days = [day for day in _days(first, CAMPAIGN_DAYS) if day.weekday() < WEEKEND]
    for (turn, (day, (begin, end))), (place, post) in product(enumerate(product(days, SLOTS)), enumerate(posts)):
        yield Shift(
            volunteer=helpers[(turn * len(posts) + place) % len(helpers)],
            post=post,
            campaign=campaign,
            lead=place == 0,
            starts_at=datetime.combine(day, begin, zone),
            ends_at=datetime.combine(day, end, zone),
        )


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def _keep_on_duty(session: Session, person: Person, post: Post, campaign: Campaign, at: datetime) -> None:
    """Fill what is missing between now and the next hours: the last shift is made longer, or another one added."""
    of_person = select(Volunteer).join(Volunteer.account).where(Account.username == person.username)
    volunteer = session.scalars(of_person).one()
    until = _full_hour(at) + ON_DUTY_FOR
    mine = select(Shift).where(
        Shift.volunteer_id == volunteer.id, Shift.ends_at > at - LONGEST, Shift.starts_at < until
    )
    for last, begin, end in _gaps(session.scalars(mine.order_by(Shift.starts_at)).all(), at, until):
        if last is not None and last.ends_at == begin and end - last.starts_at <= LONGEST:
            last.ends_at = end
            continue
        begins = max(_full_hour(begin), last.ends_at) if last else _full_hour(begin)
        duty = Shift(volunteer=volunteer, post=post, campaign=campaign, lead=person.lead, starts_at=begins, ends_at=end)
        session.add(duty)


def _gaps(shifts: Sequence[Shift], at: datetime, until: datetime) -> Iterator[tuple[Shift | None, datetime, datetime]]:
    """When nobody stands there: the shift before, and from when until when."""
    last, covered = None, at
    for shift in shifts:
        if shift.starts_at > covered:
            yield last, covered, shift.starts_at
        last, covered = shift, max(covered, shift.ends_at)
    if covered < until:
        yield last, covered, until


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
