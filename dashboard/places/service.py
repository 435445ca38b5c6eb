"""Places make themselves known: what a worker names and nobody has entered yet is added under its id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from dashboard.places.queries import by_code, site_by_code
from dashboard.places.tables import Building, Camera, Rack, Site

Row = TypeVar("Row", Site, Building, Rack, Camera)
LATE = timedelta(minutes=1)
"""A count older than the last by less than this came late; by more, the clock of the edge was set back."""
UNNAMED = "unnamed"
"""The building of a rack of which only the rack is known."""


@dataclass(frozen=True)
class Place:
    site: Site
    building: Building
    rack: Rack
    camera: Camera


@dataclass(frozen=True)
class OccupancyReport:
    """How many bikes stand at one rack, and of how many the lock is open or unsure."""

    site_id: str
    rack_id: str
    at: datetime
    bikes: int
    unlocked: int
    unsure: int


def ensure_place(session: Session, site_id: str, building_id: str, rack_id: str, camera_id: str) -> Place:
    """The rows of these ids; unknown ones are added. A rack moves to the building and camera last said."""
    site = ensure_site(session, site_id)
    camera = ensure_camera(session, site_id, camera_id)
    rack = _ensure_rack(session, site, rack_id, building_id)
    rack.camera = camera
    return Place(site, rack.building, rack, camera)


def ensure_site(session: Session, site_id: str) -> Site:
    found = site_by_code(session, site_id)
    return found or _added(session, Site(code=site_id, name_zh=site_id, name_en=site_id))


def ensure_camera(session: Session, site_id: str, camera_id: str) -> Camera:
    site = ensure_site(session, site_id)
    found = by_code(session, Camera, site, camera_id)
    return found or _added(session, Camera(site=site, code=camera_id, name_zh=camera_id, name_en=camera_id))


def record_occupancy(session: Session, report: OccupancyReport) -> None:
    """Remember the newest count of a rack; one that comes late changes nothing."""
    rack = _ensure_rack(session, ensure_site(session, report.site_id), report.rack_id, UNNAMED)
    late = rack.occupancy_at is not None and rack.occupancy_at - LATE < report.at < rack.occupancy_at
    if not late:
        rack.occupancy_at, rack.bikes = report.at, report.bikes
        rack.unlocked, rack.unsure = report.unlocked, report.unsure


def _ensure_rack(session: Session, site: Site, rack_id: str, building_id: str) -> Rack:
    rack = by_code(session, Rack, site, rack_id)
    if rack is None:
        building = _ensure_building(session, site, building_id)
        return _added(session, Rack(site_id=site.id, building=building, code=rack_id, name_zh=rack_id, name_en=rack_id))
    if building_id not in (UNNAMED, rack.building.code):
        rack.building = _ensure_building(session, site, building_id)
    return rack


def _ensure_building(session: Session, site: Site, building_id: str) -> Building:
    found = by_code(session, Building, site, building_id)
    return found or _added(session, Building(site=site, code=building_id, name_zh=building_id, name_en=building_id))


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
