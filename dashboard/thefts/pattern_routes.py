"""What many cases have in common: where and when. Nothing personal is on these pages."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.accounts.visitor import visitor_of
from dashboard.places.tables import Building, Site
from dashboard.thefts.hot_places import HotPlace, hot_places
from dashboard.thefts.labels import labels_of
from dashboard.thefts.queries import CaseFacts, buildings, facts, first_site
from dashboard.thefts.views import READERS, AskedFor, CaseClock, Staff, as_day
from dashboard.thefts.when import times_of
from dashboard.thefts.where import Picture, View, map_picture, place_of, plan_picture, positions
from dashboard.web.deps import DbSession
from dashboard.web.i18n import Translator
from dashboard.web.pages import render

router = APIRouter()
SHOWN_PLACES = 20
SMALLEST_SHOWN = 3
"""Who may not open single cases does not see places with fewer: one case at one address points at one person."""


@dataclass(frozen=True)
class Where:
    """The picture, and what it leaves out."""

    picture: Picture | None
    on_plan: int
    on_map: int


@router.get("/thefts/where")
def where(request: Request, session: DbSession, account: Staff, asked: AskedFor) -> Response:
    found = facts(session, asked.wanted)
    known = {building.id: building for building in buildings(session)}
    placed = [place for place in map(place_of, found) if place is not None]
    sees_cases = account.role in READERS
    ranked = hot_places(placed)
    hottest = [hot for hot in ranked if sees_cases or hot.count >= SMALLEST_SHOWN]
    site = first_site(session)
    shown = _picture(found, known, site, request.query_params.get("view", ""), hottest)
    return render(
        request,
        "thefts/where.html",
        asked=asked,
        found=len(found),
        placed=len(placed),
        where=shown,
        labels=labels_of(shown.picture.spots, _names(request, known)) if shown.picture else [],
        hottest=hottest[:SHOWN_PLACES],
        places=len(ranked),
        top=ranked[: min(SHOWN_PLACES, -(-len(ranked) // 4))],
        known=known,
        site=site,
        sees_cases=sees_cases,
        smallest=SMALLEST_SHOWN,
        buildings=list(known.values()),
    )


@router.get("/thefts/when")
def when(request: Request, session: DbSession, _account: Staff, asked: AskedFor) -> Response:
    found = facts(session, asked.wanted)
    clock = CaseClock(visitor_of(request).zone)
    times = times_of(found, clock.zone, as_day(asked.shown["since"]), as_day(asked.shown["until"]))
    zones = sorted({clock.zone(case.timezone).key for case in found})
    return render(
        request,
        "thefts/when.html",
        asked=asked,
        found=len(found),
        times=times,
        zones=zones,
        buildings=buildings(session),
    )


def _names(request: Request, known: Mapping[int, Building]) -> Callable[[Hashable], str]:
    translator: Translator = request.app.state.translators[visitor_of(request).language]
    return lambda place: translator.named(known[place]) if isinstance(place, int) else str(place)


def _picture(
    found: Sequence[CaseFacts],
    known: Mapping[int, Building],
    site: Site | None,
    asked_view: str,
    hottest: Sequence[HotPlace],
) -> Where:
    on_plan, plan_points = positions(found, known, "plan")
    on_map, degrees = positions(found, known, "map")
    better: View = "plan" if len(on_plan) >= len(on_map) else "map"
    view: View = "plan" if asked_view == "plan" else "map" if asked_view == "map" else better
    picture = None
    if view == "plan" and on_plan and site:
        size = (site.plan_width, site.plan_height)
        picture = plan_picture([found[index] for index in on_plan], plan_points, size, hottest)
    elif view == "map" and on_map:
        picture = map_picture([found[index] for index in on_map], degrees, hottest)
    return Where(picture, len(on_plan), len(on_map))
