"""Two languages. English is the msgid; every noun keeps its Chinese in its own `zh_CN.po`, read at start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from babel import Locale
from babel.messages.pofile import read_po

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "zh-CN"
LANGUAGE_COOKIE = "language"
DASHBOARD = Path(__file__).parent.parent


def N_(message: str) -> str:  # noqa: N802 - gettext's own name: marks a string for extraction, translated when shown
    return message


def NN_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - the same for what is counted
    return singular, plural


@dataclass(frozen=True)
class Translator:
    """One language's words. Chinese has one plural form, English has two."""

    language: Language
    messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    def gettext(self, message: str) -> str:
        return self.messages.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.messages.get(singular) or (singular if number == 1 else plural)

    def named(self, thing: object) -> str:
        """The name of a site, building, rack, branch … in this language; the other one where it is missing."""
        chinese, english = str(getattr(thing, "name_zh", "") or ""), str(getattr(thing, "name_en", "") or "")
        return (chinese or english) if self.language == "zh-CN" else (english or chinese)


def load_translators() -> dict[Language, Translator]:
    return {"zh-CN": Translator("zh-CN", _chinese(sorted(DASHBOARD.glob("*/zh_CN.po")))), "en": Translator("en")}


def _chinese(catalogues: Iterable[Path]) -> dict[str, str]:
    words: dict[str, str] = {}
    for path in catalogues:
        words |= read_catalogue(path)
    return words


def read_catalogue(path: Path) -> dict[str, str]:
    """The finished entries of one catalogue, by (singular) msgid; fuzzy and empty ones are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    words: dict[str, str] = {}
    for entry in catalogue:
        msgid = entry.id if isinstance(entry.id, str) else entry.id[0]
        text = entry.string if isinstance(entry.string, str) else (entry.string or ("",))[0]
        if msgid and text and not entry.fuzzy:
            words[msgid] = text
    return words


def as_language(name: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == name), None)


def language_of(account_language: str | None, cookie: str | None, accept_language: str | None) -> Language:
    """The account's setting, else the cookie, else what the browser asks for, else Chinese."""
    return as_language(account_language) or as_language(cookie) or _accepted(accept_language or "")


def _accepted(header: str) -> Language:
    for name, _weight in sorted(map(_preference, header.split(",")), key=lambda pair: -pair[1]):
        if name.startswith("zh"):
            return "zh-CN"
        if name.startswith("en"):
            return "en"
    return DEFAULT_LANGUAGE


def _preference(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";q=")
    try:
        return name.strip().lower(), float(weight or 1)
    except ValueError:
        return name.strip().lower(), 0.0
