"""The door: who may open a page, and that a form was ours."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from dashboard.accounts.tables import Account, Role
from dashboard.accounts.visitor import know_visitor, visitor_of

EVERYONE = tuple(Role)
STAFF = (Role.COORDINATOR, Role.SECURITY, Role.ADMIN)
ANALYSTS = (Role.ANALYST, Role.ADMIN)
"""Whoever may say what a picture shows, against the volunteer who stood there."""
OBSERVERS = (*STAFF, Role.ANALYST)
"""Whoever may see what the cameras saw and how they are."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_FORM, LARGEST_ANONYMOUS_FORM = 32 * 1024**2, 64 * 1024
"""Bytes."""


class NotLoggedIn(Exception):  # noqa: N818 - a state of the visitor, answered with the login page
    """`page` is false for what is no page of its own: fragments, streams and pictures answer 401."""

    def __init__(self, *, page: bool) -> None:
        super().__init__("Log in first.")
        self.page = page


class NotAllowed(Exception):  # noqa: N818
    """This role may not open this."""


class StrangeForm(Exception):  # noqa: N818
    """A form without our token: sent by another site, or older than the login."""


def require(*roles: Role, page: bool = True) -> Callable[[Request], Account]:
    """A dependency giving the logged-in account, if it has one of the roles. Without roles, any login will do."""

    def logged_in(request: Request) -> Account:
        account = visitor_of(request).account
        if account is None:
            raise NotLoggedIn(page=page and "hx-request" not in request.headers)
        if roles and account.role not in roles:
            raise NotAllowed
        return account

    return logged_in


async def check_form(request: Request, _known: Annotated[None, Depends(know_visitor)]) -> None:
    """Every request that changes something carries the visitor's token, as a header or as a form field."""
    if request.method in READING_METHODS:
        return
    _refuse_too_large(request)
    token = request.headers.get("x-csrf-token") or (await request.form()).get("csrf_token")
    if not isinstance(token, str) or not secrets.compare_digest(
        token.encode(), visitor_of(request).csrf_token.encode()
    ):
        raise StrangeForm


def _refuse_too_large(request: Request) -> None:
    """Before the form is read: what it holds would be spooled to disk, whoever sent it."""
    largest = LARGEST_FORM if visitor_of(request).account else LARGEST_ANONYMOUS_FORM
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > largest:
        raise HTTPException(413)
