"""The report: one file for anybody, in both languages, that says why."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from lxml import html  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

from detector.boxes import XyxyNorm
from detector.clips import Clip
from detector.config import ViewConfig
from detector.frames import EPOCH
from detector.offline import Wanted, run_clip
from detector.report import summary
from detector.report_timeline import lane_of, ticks_of
from detector.stay_book import PICTURE_LONG_SIDE_PX, Moment, StayRecord
from detector.vocabulary import Kind, LockState, LockVerdict, ReasonCode, Stay, StayState
from detector.words import CLEARED, KINDS, MOMENTS, NEVER, REASONS, VERDICTS, Words, clip_time, reasons_in_words
from tests.detector.drawn_footage import drawn_model, scene, write_video

ODD_NAME = "<script>alert(1)</script> & 东门"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    video = write_video(folder / "gate.mp4", scene, count=70)
    run_clip(Clip("gate", video), Wanted(folder, ViewConfig()), drawn_model())
    return folder / "gate" / "report.html"


@pytest.fixture(scope="module")
def page(report: Path) -> html.HtmlElement:
    return html.fromstring(report.read_text(encoding="utf-8"))


def record(state: StayState = StayState.PARKED, **more: object) -> StayRecord:
    facts: dict[str, object] = {
        "stay_id": "s",
        "rack_id": "east",
        "building_id": "b",
        "kind": Kind.BICYCLE,
        "state": state,
        "xyxy_norm": XyxyNorm(0, 0, 1, 1),
        "preexisting": False,
        "parked_at": EPOCH + timedelta(seconds=10),
    }
    return StayRecord(1, Stay(**(facts | more)))  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words_in_both_languages(code: ReasonCode) -> None:
    said = REASONS[code].about(3.2)
    assert re.search(r"[a-z]{3}", said.en)
    assert re.search(r"[\u4e00-\u9fff]", said.zh)
    assert ("3.2" in said.en) == ("3.2" in said.zh)


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (VERDICTS, set(LockState)),
        (MOMENTS, set(Moment)),
        (KINDS, set(Kind)),
        (CLEARED, {"locked", "gone", "expired"}),
    ],
)
def test_every_word_of_ours_is_said_in_both_languages(table: dict[str, Words], wanted: set[str]) -> None:
    assert set(table) == wanted
    for words in table.values():
        assert words.en
        assert re.search(r"[\u4e00-\u9fff]", words.zh)


def test_a_reason_of_zero_is_said_as_never() -> None:
    assert set(NEVER) <= set(ReasonCode)
    verdict = LockVerdict(
        LockState.UNLOCKED, 0.9, {ReasonCode.BENT_S: 0, ReasonCode.BENDS: 0, ReasonCode.ATTENDED_S: 3}
    )
    said = [words.en for words in reasons_in_words(verdict)]
    assert said == ["Was not seen bending down at the bike", "Somebody was at the bike for 3 s"]


def test_the_page_asks_nobody_for_anything(page: html.HtmlElement, report: Path) -> None:
    assert page.xpath("//link | //iframe | //object | //script[@src] | //base") == []
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.xpath("//@src"))
    assert all(target.startswith("#") for target in page.xpath("//@href"))
    assert not re.search(r"https?://|url\(|@import", report.read_text(encoding="utf-8"))


def test_every_text_is_there_in_both_languages(page: html.HtmlElement) -> None:
    chosen = page.xpath("//body//span[@lang]")
    english, chinese = ([one for one in chosen if one.get("lang") == tag] for tag in ("en", "zh-CN"))
    assert len(english) == len(chinese) > 30
    assert all(one.text_content().strip() for one in chosen)
    neutral = re.compile(r"^[\d\s:.,·×%\-—–+]*$|^(pleaselock|gate|drawn-v0)")
    bare = page.xpath("//main//*[not(self::script)]/text()[not(ancestor::*[@lang]) and normalize-space()]")
    prose = [
        text
        for text in bare
        if not neutral.match(text.strip()) and not text.getparent().xpath("ancestor::dl | self::title")
    ]
    assert prose == []


def test_the_stay_is_told_with_its_pictures_verdict_and_reasons(page: html.HtmlElement) -> None:
    (stay,) = page.xpath("//article")
    assert "unlocked" in stay.get("class")
    captions = [caption.text_content() for caption in stay.xpath(".//ol/li//b/span[@lang='en']")]
    assert captions == ["Parked", "Attended", "Left"]
    said = stay.text_content()
    for part in ("Not locked", "未上锁", "Was not seen bending down", "Alert at 0:", "停好"):
        assert part in said
    assert page.xpath("//*[@class='lane']/@href") == ["#stay-1"]
    assert stay.get("id") == "stay-1"


def test_the_page_tells_what_made_it(page: html.HtmlElement) -> None:
    settings = page.xpath("//section[@class='settings']")[0].text_content()
    for part in ("drawn-v0", "0" * 64, "score_low 0.1", "grace_s 4", "1970-01-01T00:00:00Z"):
        assert part in settings


def pictures(page: html.HtmlElement, path: str) -> list[np.ndarray]:
    sources = page.xpath(f"{path}//img/@src")
    raw = (np.frombuffer(base64.b64decode(source.split(",")[1]), dtype=np.uint8) for source in sources)
    return [np.asarray(cv2.imdecode(one, cv2.IMREAD_COLOR)) for one in raw]


def test_the_pictures_are_small_and_show_no_head(page: html.HtmlElement, report: Path) -> None:
    strip = pictures(page, "//article")
    assert len(strip) == 3
    assert all(max(image.shape) <= PICTURE_LONG_SIDE_PX for image in strip)
    assert report.stat().st_size < 300_000
    (overview,) = pictures(page, "//figure")
    red = overview[:, :, 2].astype(int) - overview[:, :, :2].max(axis=2) > 80
    red = cv2.erode(red.astype(np.uint8), np.ones((25, 25), dtype=np.uint8)).astype(bool)
    grey = np.where(red, cv2.cvtColor(overview, cv2.COLOR_BGR2GRAY), 80)[int(overview.shape[0] * 64 / 240) :][:40]
    assert red.any(), "the person is on this picture"
    assert np.ptp(grey) < 40, "the dark and bright stripes of the head are gone"


def test_a_name_is_text_and_never_code(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", scene, count=4)
    header_only = Clip(ODD_NAME.replace("/", "_"), video)
    run_clip(header_only, Wanted(tmp_path, ViewConfig()), drawn_model())
    text = (tmp_path / header_only.name / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


SUMMARIES = [
    ("nobody", [], 0, "Nobody was seen parking here."),
    ("one, judged unlocked", [LockState.UNLOCKED], 0, "1 bike was parked, 1 left unlocked."),
    ("two, one of them", [LockState.UNLOCKED, LockState.LOCKED], 0, "2 bikes were parked, 1 left unlocked."),
    ("one, unsure", [LockState.UNSURE], 1, "1 bike was parked, none judged unlocked. 1 more stood there before."),
    ("not judged", [None], 2, "1 bike was parked, none judged unlocked. 2 more stood there before."),
]


@pytest.mark.parametrize(
    ("states", "old", "said"), [case[1:] for case in SUMMARIES], ids=[case[0] for case in SUMMARIES]
)
def test_the_clip_in_one_sentence(states: list[LockState | None], old: int, said: str) -> None:
    records = [record() for _ in states]
    for one, state in zip(records, states, strict=True):
        one.verdict = LockVerdict(state, 0.5) if state else None
    words = summary(records, [record(preexisting=True) for _ in range(old)])
    assert words.en == said
    assert re.search(r"[\u4e00-\u9fff]。$", words.zh)


def test_a_lane_shows_the_time_at_the_bike_and_the_time_alone() -> None:
    one = record(left_at=EPOCH + timedelta(seconds=30), gone_at=EPOCH + timedelta(seconds=80))
    one.verdict, one.alert_at = LockVerdict(LockState.UNLOCKED, 0.9), EPOCH + timedelta(seconds=35)
    lane = lane_of(one, EPOCH, 100)
    assert [(bar.tone, bar.x, bar.width) for bar in lane.bars] == [("attended", 100, 200), ("unlocked", 300, 500)]
    assert lane.alert_x == 350


@pytest.mark.parametrize(
    ("length_s", "texts"),
    [
        (0.2, ["0:00", "0:00"]),
        (37, ["0:00", "0:10", "0:20", "0:30", "0:37"]),
        (600, ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00"]),
        (86400, ["0:00", "4:00:00", "8:00:00", "12:00:00", "16:00:00", "20:00:00", "24:00:00"]),
    ],
)
def test_the_axis_has_a_few_round_times(length_s: float, texts: list[str]) -> None:
    assert [tick.text for tick in ticks_of(length_s)] == texts


@pytest.mark.parametrize(("second", "shown"), [(0, "0:00"), (65.9, "1:05"), (3725, "1:02:05")])
def test_times_are_shown_as_players_show_them(second: float, shown: str) -> None:
    assert clip_time(second) == shown


@pytest.mark.service("chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_one_language_at_a_time_and_nothing_too_wide(
    report: Path, chromium_path: str, width: int
) -> None:
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN").new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())
        assert "停放" in page.inner_text("main")
        assert "Parked" not in page.inner_text("main")
        page.click("text=English")
        assert "Parked" in page.inner_text("main")
        assert "停放" not in page.inner_text("main")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        page.click("[data-set-theme]")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
