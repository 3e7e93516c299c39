"""Where a carer lives, from what she types."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.authorities import Authority, load_authorities
from bot.knowledge.places import PlaceFinder, Whereabouts
from bot.knowledge.source_lines import ContentError

CONTENT = Path(__file__).resolve().parents[2] / "content"
TABLE = yaml.safe_load((Path(__file__).parent / "places.yml").read_text(encoding="utf-8"))
FINDER = PlaceFinder.load(CONTENT)
AUTHORITIES = load_authorities(CONTENT / "authorities.yml")
CASES = [(said, want, part == "asked") for part in ("told", "asked") for said, want in TABLE[part].items()]


def _slugs(value: Any) -> tuple[str, ...]:
    if value in (None, "none"):
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


@pytest.mark.parametrize(("said", "want", "asked"), CASES, ids=[case[0] for case in CASES])
def test_table(said: str, want: Any, asked: bool) -> None:
    """Every line of places.yml."""
    expected = want if isinstance(want, dict) else {"home": want}
    found = FINDER.find(said, asked=asked)
    assert sorted(found.home) == sorted(_slugs(expected["home"])), found
    assert found.nation == expected.get("nation")
    if "elsewhere" in expected:
        assert set(_slugs(expected["elsewhere"])) <= set(found.elsewhere)
    assert found.placing == expected.get("placing")
    if "sector" in expected:
        assert found.postcode_sector == expected["sector"]


def _own_names(authority: Authority) -> list[str]:
    return [authority.name, authority.short_name, *authority.aliases]


SHARED = {
    name
    for authority in AUTHORITIES.values()
    for name in _own_names(authority)
    if sum(name in _own_names(other) for other in AUTHORITIES.values()) > 1
}


@pytest.mark.parametrize("slug", AUTHORITIES)
def test_every_council_is_found_by_its_names(slug: str) -> None:
    """As an answer by every name; in a sentence by its own."""
    authority = AUTHORITIES[slug]
    for name in (n for n in _own_names(authority) if n not in SHARED):
        assert FINDER.find(name, asked=True).home == (slug,), name
        assert FINDER.find(f"We live in {name} with two grandchildren").home == (slug,), name
    assert FINDER.find(f"{authority.short_name} council will not pay us").home == (slug,)
    assert FINDER.find(f"we live in {authority.short_name.lower()}").home == (slug,)


def test_every_place_is_found_as_an_answer() -> None:
    """Each place and district leads to its council, or is overruled by a council of that name."""
    missed = [
        (slug, place)
        for slug, authority in AUTHORITIES.items()
        for place in (*authority.districts, *authority.places)
        if not (found := FINDER.find(place, asked=True)).home and not found.nation
    ]
    assert missed == []


def test_shared_letters_are_asked_about() -> None:
    assert set(FINDER.find("SCC", asked=True).home) >= {"surrey", "suffolk", "staffordshire"}


SECTORS = sorted({line.split(",")[0] for line in (CONTENT / "postcode_sectors.csv").read_text().splitlines()[1:]})
UNITS = st.text("ABDEFGHJLNPQRSTUWXYZ", min_size=2, max_size=2)


FRAMES = st.sampled_from(["{}", "we live at {} thanks", "his mum is at {}"])


@given(st.sampled_from(SECTORS), UNITS, st.sampled_from(["", " "]), st.booleans(), FRAMES)
@settings(max_examples=300, deadline=None)
def test_no_more_than_a_sector_is_kept(sector: str, unit: str, gap: str, small: bool, frame: str) -> None:
    """Whatever is said round it, a postcode's last two letters are in no output."""
    outward, inward = sector.split()
    postcode = f"{outward}{gap}{inward}{unit}"
    found = FINDER.find(frame.format(postcode.lower() if small else postcode), asked=True)
    assert not re.search(rf"\d\s*{unit}\b", repr(found), re.I)
    if "mum" not in frame and not (small and re.fullmatch(r"[BLMNWG][148]", outward)):
        assert found.postcode_sector == sector
        assert 1 <= len(found.home) <= 4


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=300, deadline=None)
def test_never_raises(text: str, asked: bool) -> None:
    _sound(FINDER.find(text, asked=asked))


SAID = """we live in not his mum from to , . - ( ) council prison S66 8AB near and but placed us Leeds reading Wales
Maltby Rotherham Bury Newport London 's SCC CF10"""
WORDS = st.lists(st.sampled_from([*SAID.split(), "\n"]), max_size=14)


@given(WORDS, st.booleans())
@settings(max_examples=500, deadline=None)
def test_any_order_of_words_is_sound(words: list[str], asked: bool) -> None:
    _sound(FINDER.find(" ".join(words), asked=asked))


def _sound(found: Whereabouts) -> None:
    assert set(found.home) <= AUTHORITIES.keys()
    assert set(found.elsewhere) <= AUTHORITIES.keys() - set(found.home)
    assert found.placing is None or found.placing in AUTHORITIES.keys() - set(found.home)
    assert not (found.home and found.nation)
    assert len(set(found.home)) == len(found.home)


def test_fast_enough() -> None:
    """Well under the 3 ms a long message may take, on a busy machine too."""
    message = "We live in Ossett and he came to us from Leeds when his mum went into hospital in Bradford. " * 6
    FINDER.find(message)
    start = time.process_time()
    for _ in range(20):
        FINDER.find(message)
    assert (time.process_time() - start) / 20 < 0.02


def test_mistakes_in_the_councils_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "authorities.yml"
    said = "- slug: Leeds\n  name: Leeds\n  type: city\n  places: Morley\n  plces: []\n- slug: Leeds\n"
    path.write_text(said, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_authorities(path)
    said = str(caught.value)
    for part in (":1: Leeds.slug", ":3: Leeds.type", ":4: Leeds.places", ":5: Leeds.plces", "Leeds.region", "twice"):
        assert part in said


@pytest.mark.parametrize("row", ["S66 8,rotherham", "S66,rotherham,4", "S66 8,nowhere,4", "S66 8,rotherham,x"])
def test_mistakes_in_the_sectors_are_named_by_line(tmp_path: Path, row: str) -> None:
    from bot.knowledge.postcodes import PostcodeBook

    path = tmp_path / "postcode_sectors.csv"
    path.write_text(f"sector,council,postcodes\n{row}\n", encoding="utf-8")
    with pytest.raises(ContentError, match=":2: "):
        PostcodeBook.load(path, {}, AUTHORITIES)
