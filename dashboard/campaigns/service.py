"""Setting up the weeks a campaign runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dashboard.campaigns.tables import Campaign
from dashboard.web.i18n import N_

LONGEST = timedelta(days=366)


class CannotAddCampaign(ValueError):  # noqa: N818 - the sentence is the error, a msgid
    pass


def add_campaign(session: Session, name_zh: str, name_en: str, starts_at: datetime, ends_at: datetime) -> Campaign:
    """A campaign from one moment until another; a name missing in one language is the other's.

    Raises:
        CannotAddCampaign: no name, or dates that do not fit.
    """
    if not (name_zh or name_en):
        raise CannotAddCampaign(N_("The campaign has no name. Give it one."))
    if ends_at <= starts_at:
        raise CannotAddCampaign(N_("The campaign ends before it begins. Choose a later last day."))
    if ends_at - starts_at > LONGEST:
        raise CannotAddCampaign(N_("The campaign is longer than a year. Choose an earlier last day."))
    campaign = Campaign(name_zh=name_zh or name_en, name_en=name_en or name_zh, starts_at=starts_at, ends_at=ends_at)
    session.add(campaign)
    session.flush()
    return campaign
