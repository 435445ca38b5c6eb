"""The page: complete, in both languages, asking nobody for anything."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from lxml import html  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

from detector.evaluation import words
from detector.evaluation.alert_outcomes import Clearing, Wrong
from detector.evaluation.command import as_json, shown_of
from detector.evaluation.found import FoundClip
from detector.evaluation.matching import Tolerances
from detector.evaluation.mistakes import MistakeKind, mistakes_of
from detector.evaluation.outcomes import Link, Said, outcome_of
from detector.evaluation.page import MOST_SHOWN, Shown, render_page
from detector.evaluation.pictures import Pictures
from detector.evaluation.results import Pair, Paired
from detector.evaluation.scores import scores_of
from detector.evaluation.table import rates_of
from detector.evaluation.targets import Name
from detector.evaluation.truth import ClipTruth, RackTruth
from detector.words import Words
from tests.detector.drawn_footage import scene, write_video
from tests.detector.evaluation.cases import found, locked, parked, said, stay, stood, told, truth

ODD_GROUP = "<script>alert(1)</script> & 雨天"
RACK = RackTruth(id="east", outline_norm=((0.05, 0.3), (0.9, 0.3), (0.9, 0.7), (0.05, 0.7)))


def pair(clip: ClipTruth, result: FoundClip, folder: Path) -> Pair:
    return Pair(clip, folder / "yard.truth.json", None, result)


def every_kind(folder: Path) -> list[Pair]:
    """Two clips with every kind of mistake; the second has no footage."""
    unlocked = (said("unlocked", p_unlocked=0.9),)
    seen = found(
        stay(0, 1, verdicts=unlocked, alerts=(told(), told(40.0)), gone_at_s=60.0),
        stay(1, 2, verdicts=(said("unlocked", 35.0, 0.8),), alerts=(told(35.0, 40.0, "locked"),)),
        stay(2, 3, verdicts=(said("unsure", p_unlocked=0.5),)),
        stay(4, 5, verdicts=unlocked),
        stay(3, 4, parked_at_s=50.0, verdicts=(said("locked", 60.0, 0.1),)),
    )
    drawn = truth(
        locked(0), parked(1), parked(2), stood(3), parked(4), racks=(RACK,), group=ODD_GROUP, width=320, height=240
    )
    missed = truth(parked(0), clip="other.mp4", group="plain", racks=(RACK,))
    return [pair(drawn, seen, folder), pair(missed, found(), folder)]


def rendered(pairs: list[Pair]) -> str:
    outcomes = [outcome_of(one.truth, one.found, Tolerances()) for one in pairs]
    mistakes = mistakes_of(outcomes)
    scores = scores_of(outcomes, Tolerances())
    return render_page("results", scores, shown_of(Paired(tuple(pairs), (), ()), outcomes, mistakes))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_video(folder / "yard.mp4", scene, count=60, fps=5)
    (folder / "page.html").write_text(rendered(every_kind(folder)), encoding="utf-8")
    return folder / "page.html"


@pytest.fixture(scope="module")
def page(file: Path) -> html.HtmlElement:
    return html.fromstring(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (words.TARGETS, set(get_args(Name))),
        (words.KINDS, set(MistakeKind)),
        (words.SAID, set(Said)),
        (words.GROUPS, set(words.GROUPS)),
        (words.FIGURES, set(rates_of(scores_of([], Tolerances()).overall))),
    ],
)
def test_everything_that_is_shown_has_words_in_both_languages(table: dict[str, Words], wanted: set[str]) -> None:
    assert set(table) == wanted
    for one in table.values():
        assert re.search(r"[a-z]{3}", one.en)
        assert re.search(r"[\u4e00-\u9fff]", one.zh)


def test_every_way_to_be_wrong_has_words() -> None:
    kind = MistakeKind
    expected = {
        *((kind.WRONG_ALERT, why) for why in Wrong if why is not Wrong.SECOND),
        *((kind.WRONG_LINK, link) for link in Link if link not in {Link.RIGHT, Link.DROP_MISSED}),
        *((kind.WRONG_CLEARING, why) for why in Clearing if why is not Clearing.RIGHT),
        *((kind.WRONG_VERDICT, one) for one in (Said.LOCKED, Said.UNLOCKED)),
        *((kind.ABSTAINED, one) for one in (Said.UNSURE, Said.NONE)),
        *((one, "") for one in (kind.LATE_ALERT, kind.MISSED_ALERT, kind.INVENTED_STAY, kind.MISSED_STAY)),
        (kind.SECOND_ALERT, Wrong.SECOND),
    }
    assert set(words.WHAT_HAPPENED) == expected


def test_the_page_asks_nobody_for_anything(page: html.HtmlElement, file: Path) -> None:
    assert page.xpath("//link | //iframe | //object | //script[@src] | //base") == []
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.xpath("//@src"))
    assert all(target.startswith("#") for target in page.xpath("//@href"))
    assert not re.search(r"https?://|url\(|@import", file.read_text(encoding="utf-8"))


def test_every_text_is_there_in_both_languages(page: html.HtmlElement) -> None:
    chosen = page.xpath("//body//span[@lang]")
    english, chinese = ([one for one in chosen if one.get("lang") == tag] for tag in ("en", "zh-CN"))
    assert len(english) == len(chinese) > 100
    assert all(one.text_content().strip() for one in chosen)
    neutral = re.compile(r"^[\d\s:.,·/%\-–≥≤<=nsp]*$|^95 %")
    bare = page.xpath("//main//text()[not(ancestor::*[@lang]) and normalize-space()]")
    names = page.xpath("//h1/text() | //span[@class='from']//text()")
    assert [text for text in bare if text not in names and not neutral.match(text.strip())] == []


def test_every_mistake_is_an_article_of_its_kind(page: html.HtmlElement) -> None:
    kinds = [section.get("id") for section in page.xpath("//section[contains(@class, 'kind')]")]
    assert kinds == [kind.value for kind in MistakeKind]
    told_counts = [int(count.text) for count in page.xpath("//ul[@class='jump']//b")]
    articles = [len(section.xpath(".//article")) for section in page.xpath("//section[contains(@class, 'kind')]")]
    assert told_counts == articles


def test_a_mistake_tells_truth_result_reasons_and_shows_when(page: html.HtmlElement) -> None:
    wrong = page.xpath("//section[@id='wrong_alert']//article")[0]
    text = wrong.text_content()
    for part in (
        "Alert for a bike that was locked",
        "为已上锁的车发出提醒",
        "Parked 0:10.0",
        "Judged 0:24.0: not locked, 90 %",
    ):
        assert part in text
    assert len(wrong.xpath(".//div[@class='versus']/svg")) == 2
    captions = [one.text_content() for one in wrong.xpath(".//ol/li//b/span[@lang='en']")]
    assert captions == ["Parked", "At the bike", "Left", "Judged · Alert", "Alert", "Said gone"]
    assert len(wrong.xpath(".//ol/li//svg/rect[@class='true']")) == len(captions)


def test_without_footage_the_place_is_drawn(page: html.HtmlElement) -> None:
    (missed,) = page.xpath("//section[@id='missed_stay']//article")
    assert missed.xpath(".//img") == []
    assert len(missed.xpath(".//svg[@class='place']/polygon")) == 1
    assert len(missed.xpath(".//svg[@class='place']/rect[@class='true']")) == 1


def test_targets_and_groups_are_told_with_their_intervals(page: html.HtmlElement) -> None:
    labels = [one.text_content() for one in page.xpath("//ul[@class='targets']//p[@class='label']/span[@lang='en']")]
    assert labels == [words.TARGETS[name].en for name in get_args(Name)]
    rows = page.xpath("//table[.//th/span[text()='Precision']]/tbody/tr")
    names = [row.xpath("./th/span[@lang='en']")[0].text for row in rows]
    assert names == ["All", ODD_GROUP, "Plain cases", "< 60 px", "≥ 100 px"]
    assert rows[0].xpath("./td[2]/*[not(@class='what')]/text()") == ["80 %", "4/5", "38–96 %"]
    assert rows[0].xpath("./td[2]/span[@class='what']/span/text()") == ["Found", "找到"]
    assert rows[2].xpath("./th/span[@lang='zh-CN']/text()") == ["普通情形"]


def test_every_group_of_our_scenarios_has_a_name_in_both_languages(project_root: Path) -> None:
    files = [*(project_root / "sample_videos/render/scenarios").glob("*.toml")]
    assert {tomllib.loads(file.read_text(encoding="utf-8"))["group"] for file in files} == set(words.GROUPS) - {
        ClipTruth.model_fields["group"].default
    }


def test_a_mistake_says_its_group_in_words(page: html.HtmlElement) -> None:
    (missed,) = page.xpath("//section[@id='missed_stay']//article")
    assert missed.xpath(".//span[@class='from']/small/span/text()") == ["Plain cases", "普通情形"]


def test_a_name_is_text_and_never_code(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_real_footage_that_cannot_be_shown_says_why(tmp_path: Path) -> None:
    (tmp_path / "yard.mp4").write_bytes(b"anything")
    clip, result = truth(parked(), rendered=False), found(stay(verdicts=(said("locked"),)))
    assert "--save-detections" in rendered([pair(clip, result, tmp_path)])


def test_a_kind_with_very_many_mistakes_says_how_many_it_leaves_out(tmp_path: Path) -> None:
    one = every_kind(tmp_path)[1]
    outcome = outcome_of(one.truth, one.found, Tolerances())
    (shown,) = shown_of(Paired((one,), (), ()), [outcome], mistakes_of([outcome]))
    many: list[Shown] = [replace(shown, pictures=Pictures())] * (MOST_SHOWN + 5)
    tree = html.fromstring(render_page("many", scores_of([outcome], Tolerances()), many))
    assert len(tree.xpath("//section[@id='missed_stay']//article")) == MOST_SHOWN
    assert tree.xpath("//section[@id='missed_stay']/p")[0].text_content().strip().endswith(" 5")
    assert str(MOST_SHOWN + 5) in tree.xpath("//section[@id='missed_stay']/h2")[0].text_content()


def test_without_a_mistake_the_page_says_so() -> None:
    tree = html.fromstring(render_page("good", scores_of([], Tolerances()), []))
    assert tree.xpath("//article") == []
    assert "There is none." in tree.text_content()
    assert as_json(scores_of([], Tolerances()), ())


@pytest.mark.service("chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_one_language_at_a_time_and_nothing_too_wide(
    file: Path, chromium_path: str, width: int
) -> None:
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        tab = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN").new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(file.as_uri())
        assert "全部错误" in tab.inner_text("main")
        assert "Every mistake" not in tab.inner_text("main")
        tab.click("text=English")
        assert "Every mistake" in tab.inner_text("main")
        assert "全部错误" not in tab.inner_text("main")
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        tables = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
        assert tab.evaluate(tables) == 0
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
