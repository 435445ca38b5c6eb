"""Every string a person sees exists in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from dashboard.web.i18n import DASHBOARD, Translator, language_of, load_translators, read_catalogue

METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "NN_": (1, 2),
    # Sentences about bad input carry their English text to where it is said.
    "Problem": None,
    "BadValueError": None,
    "UploadRefusedError": None,
}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def used() -> dict[str, str]:
    """Every marked string of templates and code, with the file that uses it first."""
    strings: dict[str, str] = {}
    for file, _line, message, _comments, _context in extract_from_dir(DASHBOARD, METHODS, OPTIONS, keywords=KEYWORDS):
        strings.setdefault(message if isinstance(message, str) else message[0], str(file))
    return strings


def entries() -> Iterator[tuple[Path, Message]]:
    for path in sorted(DASHBOARD.glob("*/zh_CN.po")):
        with path.open("rb") as file:
            yield from ((path, entry) for entry in read_po(file, locale="zh_CN") if entry.id)


def test_the_extraction_finds_strings_in_templates_and_in_code() -> None:
    strings = used()
    assert strings["I will go"].endswith(".html")
    assert strings["The rider walked straight off."].endswith(".py")
    assert len(strings) > 100


def test_every_string_people_see_has_a_chinese_translation() -> None:
    chinese = load_translators()["zh-CN"].messages
    missing = {text: file for text, file in used().items() if text not in chinese}
    assert not missing, f"add these to the zh_CN.po beside the file: {missing}"


def test_no_translation_is_fuzzy_empty_or_left_over() -> None:
    strings = used()
    for path, entry in entries():
        first = entry.id if isinstance(entry.id, str) else entry.id[0]
        text = entry.string if isinstance(entry.string, str) else (entry.string or ("",))[0]
        assert not entry.fuzzy, f"{path}: {first!r} is fuzzy"
        assert text, f"{path}: {first!r} is empty"
        assert first in strings, f"{path}: nothing uses {first!r} any more"


def test_two_nouns_translate_the_same_words_the_same_way() -> None:
    said: dict[str, str] = {}
    for path in sorted(DASHBOARD.glob("*/zh_CN.po")):
        for text, chinese in read_catalogue(path).items():
            assert said.setdefault(text, chinese) == chinese, f"{path}: {text!r} is translated in two ways"


def test_a_translation_keeps_every_placeholder() -> None:
    for text, chinese in load_translators()["zh-CN"].messages.items():
        assert set(PLACEHOLDER.findall(chinese)) <= set(PLACEHOLDER.findall(text)) | {"num"}, text
        if "%(num)s" not in text:
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(chinese)), text


@pytest.mark.parametrize(
    ("account", "cookie", "accept", "expected"),
    [
        # The account's own setting wins.
        ("en", "zh-CN", "zh-CN", "en"),
        # Then what was chosen in this browser.
        ("", "en", "zh-CN", "en"),
        (None, "zh-CN", "en", "zh-CN"),
        # Then what the browser asks for, best first.
        (None, None, "en-GB,en;q=0.9,zh-CN;q=0.8", "en"),
        (None, None, "fr;q=0.9,zh-TW;q=0.8,en;q=0.5", "zh-CN"),
        # Then Chinese.
        (None, "tlh", "fr, de;q=x", "zh-CN"),
        (None, None, None, "zh-CN"),
    ],
)
def test_the_language_is_the_accounts_then_the_browsers_choice_then_its_wish(
    account: str | None, cookie: str | None, accept: str | None, expected: str
) -> None:
    assert language_of(account, cookie, accept) == expected


def test_a_name_missing_in_one_language_is_shown_in_the_other() -> None:
    class Named:
        name_zh = "图书馆"
        name_en = ""

    assert Translator("en").named(Named()) == "图书馆"
    assert Translator("zh-CN").named(Named()) == "图书馆"
