"""The volunteer's own page: no account anywhere else, nothing to install."""

from __future__ import annotations

from dashboard.dispatch.channels.channel import Notice


class InAppChannel:
    """The delivery's row is the notice: stored is sent, and the open page shows it and says `seen`."""

    name = "in_app"

    def send(self, notice: Notice) -> None:
        """Nothing leaves the server: pages read the rows."""
