"""The content check: each rule has a broken example, named with its file and line; the real content is sound."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.content_commands import content as content_command
from bot.knowledge import gsm, readability, reviews, schemas
from bot.knowledge.check import check
from bot.knowledge.content_files import read
from bot.knowledge.source_lines import Problem

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content"
ON = date(2026, 11, 22)
Edit = Callable[[str, str, str], Path]

FIRST, SECOND, FIGURES = "national/money.first.yml", "national/support.second.yml", "figures/first.yml"
LEEDS, WORDS = "local_offers/leeds.yml", "words.yml"
WHO = "Anyone who looks after a child can ask for this."
FIRST_TEXT = f"    who: {WHO}"
LONG = "word " * 21
PHONE = "{value: 0300 123 4567, from: 2026-01-01, to: null}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small content folder with nothing wrong in it."""
    shutil.copytree(Path(__file__).parent / "small", tmp_path / "content")
    shutil.copy(CONTENT / "style.yml", tmp_path / "content")
    return tmp_path / "content"


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Changes one text in one file of it."""

    def change(name: str, old: str, new: str) -> Path:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return change


def problems(folder: Path, on: date = ON, *, strict: bool = False) -> list[Problem]:
    return check(folder, on, strict=strict, code=folder / "code")


def test_small_content_is_sound(folder: Path) -> None:
    assert problems(folder) == []


# (file, old, new, what the line named begins with, what is said)
BROKEN = [
    # shape
    (FIRST, "about: the first kind of money", "abuot: the first kind of money", "abuot:", "Extra inputs"),
    (FIRST, "checked_on: 2026-11-01", "checked_on: last week", "  checked_on: last week", "write the day as"),
    (FIRST, "  sources:\n  - {title: A page, url: 'https://www.gov.uk/page'}\n", "", "- id: money.first", "required"),
    (FIRST, "  says:", "  says", "    answer:", "could not find expected ':'"),
    (FIRST, FIRST_TEXT, f"{FIRST_TEXT}\n    who: Nobody.", "    who: Nobody.", "is there twice"),
    (FIRST, "title: First money", "title: Stop the money", "title:", "never text me again"),
    # names
    (FIRST, "topic: money.first", "topic: money.other", "topic:", "the file is called money.first.yml"),
    (FIRST, "[support.second]", "[support.nowhere]", "follow_on:", "no such topic"),
    (FIRST, "[support.second]", "[money.first]", "follow_on:", "leads back to this topic"),
    (SECOND, "- id: support.second", "- id: support.third", "- id: support.third", "does not begin with the topic"),
    (FIRST, "- id: money.first.order", "- id: money.first.teen", "- id: money.first.teen", "is used twice"),
    (FIRST, "  when: {arrangement: [special_guardianship_order]}\n", "", "- id: money.first.order", "a second entry"),
    (SECOND, "- id: support.second\n", "- id: support.second\n  when: {previously_looked_after: true}\n",
     "entries:", "no entry for everyone"),
    (SECOND, "    answer: Your council can tell you more.\n", "", "  says:", "has no answer"),
    (SECOND, "  sms: Your council can tell you more.\n", "", "- id: support.second", "an answer and no sms"),
    (FIRST, "    answer: Yes, with your order you can claim {figures.first.amount}.",
     "    how_long: It takes a week.", "- id: money.first.order", "an sms and no answer"),
    (SECOND, "  review_by: 2027-03-31", "  review_by: 2027-03-31\n  valid_to: 2027-01-01", "- id: support.second",
     "has valid_from or valid_to"),
    (FIRST, "[arrangement, child_age]", "[arrangement]", "depends_on:", "leaves out child_age"),
    (FIRST, "    who: A child of this age can ask for it too.",
     "    answer: Yes, at this age.\n  sms: Yes, at this age.", "  when: {child_age", "fits the same carers"),
    ("taxonomy.yml", "  support.second:", "  support.third:", "  support.third:", "has no file"),
    ("taxonomy.yml", "  support.second:", "  support.third:", "", "no topic of the taxonomy"),
    ("taxonomy.yml", "  adoption:", "  adopted:", "  adopted:", "not in both the taxonomy and the schema"),
    ("taxonomy.yml", "- assistant.greeting", "- assistant.hello", "- assistant.hello", "is not under topics"),
    (WORDS, "- money.first", "- money.nowhere", "- money.nowhere", "no such topic"),
    ("arrangements.yml", "follow_on: [money.first]", "follow_on: [money.gone]", "    follow_on:", "no such topic"),
    (FIRST, "entries:\n", "labels: {how_long: How long is it?}\nentries:\n", "labels:", "a part that nothing says"),
    (FIRST, "entries:\n", "buttons: [who, how_long]\nentries:\n", "buttons:", "a part that nothing says"),
    (FIRST, "entries:\n", "labels: {who: Who can have any of this?}\nentries:\n", "labels:", "at most 24"),
    (FIRST, "entries:\n", "labels: {who: Cancel it?}\nentries:\n", "labels:", "never text me again"),
    # figures
    (FIRST, "{figures.first.phone}", "{figures.first.fone}", "    answer:", "is not defined"),
    (FIRST, "{figures.first.phone}", "{figure.first.phone}", "    answer:", "braces that name no figure"),
    (FIGURES, "  phone:", "  other:", "  other:", "is used nowhere"),
    (FIGURES, "    values:\n    - {value: '£10 a week', from: 2026-04-06, to: 2027-04-05}",
     "    values:\n    - {value: 03001 234567, from: 2026-01-01, to: null}", "  phone:", "number of first.amount again"),
    (FIGURES, PHONE, PHONE + "\n    - {value: 0300 765 4321, from: 2026-06-01, to: null}",
     "    - {value: 0300 765 4321", "still holds"),
    (FIGURES, "from: 2026-04-06, to: 2027-04-05", "from: 2026-04-06, to: null", "    - {value: '£10", "never ends"),
    (FIGURES, "from: 2026-04-06, to: 2027-04-05", "from: 2027-04-06, to: 2027-04-05", "    - {value: '£10", "ends before"),
    (FIGURES, "otherwise: a weekly amount", "otherwise: £10, an amount", "    otherwise: £10", "says '£10'"),
    (FIGURES, "'£10 a week'", "'£10 a week.'", "", "reads badly on 2026-11-22"),
    (FIRST, WHO, "It is £12.50 a week.", "    who:", "says '£12.50' in the text itself"),
    (FIRST, WHO, "Ring 0800 1111 now.", "    who:", "says '0800 1111'"),
    (FIRST, WHO, "Ring 999 now.", "    who:", "says '999'"),
    # style
    (FIRST, WHO, "Please note this.", "    who:", "says 'please note'"),
    (FIRST, WHO, "You will get this.", "    who:", "says 'you will get'"),
    (FIRST, WHO, "Unfortunately not.", "    who:", "says 'unfortunately'"),
    (FIRST, WHO, "Ask now!", "    who:", "the character '!'"),
    (FIRST, WHO, "Ask for the child’s money.", "    who:", "right single quotation mark"),
    (FIRST, WHO, "Ask for it 🙂", "    who:", "the picture"),
    (FIRST, WHO, f"{LONG}.", "    who:", "a sentence of 21 words"),
    (FIRST, WHO, "Short words go here now. " * 17, "    who:", "has 85 words"),
    (FIRST, WHO, "Administrative eligibility considerations necessitate documentation.", "    who:", "a reading grade of"),
    (SECOND, "  sms: Your council can tell you more.", "  sms: " + "Ask them. " * 30, "  sms:", "4 characters too long"),
    (SECOND, "  sms: Your council can tell you more.", "  sms: Ask ☎ now.", "  sms:", "text messages lack: ☎"),
    (SECOND, "  sms: Your council can tell you more.", "  sms: See [this](https://a.uk).", "  sms:", "link in brackets"),
    (WORDS, "- Hello again.", "- Hello again!", "- Hello again!", "the character '!'"),
    ("glossary.yml", "A paper from a court.", f"{LONG}.", "  meaning:", "a sentence of 21 words"),
    ("arrangements.yml", "You can decide most things.", "Unfortunately nothing.", "    means:", "says 'unfortunately'"),
    ("style.yml", "average_grade: 6.5", "average_grade: 0.1", "  average_grade:", "on average"),
    # words.yml and the program
    (WORDS, "  next_step:", "  last_step:", "  last_step:", "is never said"),
    ("code/speaking.py", '"greet"', '"greet.hello"', "    return", "words.yml hasn't got it"),
    (WORDS, "- Hello again.", "- 7", "- 7", "is not text"),
    # councils
    (LEEDS, "authority: leeds", "authority: bradford", "authority:", "the file is called leeds.yml"),
    (LEEDS, "authority: leeds", "authority: bradford", "authority:", "there is no such council"),
    (LEEDS, "  phone: 0113 496 0000\n", "", "- role: kinship_team", "can't be reached"),
    (LEEDS, "[support.second]", "[support.nowhere]", "  topics:", "no such topic"),
    (LEEDS, "- id: leeds.groups", "- id: bradford.groups", "- id: bradford", "does not begin with the council's name"),
    (LEEDS, "  url: https://www.leeds.gov.uk/kinship\n", "", "offer:", "has no address"),
    (LEEDS, "review_by: 2027-05-01", "review_by: 2026-10-01", "review_by:", "not later than checked_on"),
    ("authorities.yml", "- slug: leeds", "- slug: bury\n  name: Bury Council\n  short_name: Bury\n"
     "  type: metropolitan_district\n  region: North West\n- slug: leeds", "- slug: bury", "add-council bury"),
    # the rest
    ("helpline.yml", "monday:", "mondy:", "  mondy:", "Input should be 'monday'"),
    ("glossary.yml", "review_by: 2027-05-01", "review_by: 2026-05-01", "order:", "later day"),
    ("arrangements.yml", "outcome: o-order", "outcome: o-lost", "    - {label: 'Yes'", "names no outcome"),
]


@pytest.mark.parametrize(("name", "old", "new", "at", "said"), BROKEN, ids=[f"{b[0]}: {b[4]}" for b in BROKEN])
def test_broken(folder: Path, edit: Edit, name: str, old: str, new: str, at: str, said: str) -> None:
    path = edit(name, old, new)
    found = problems(folder)
    naming = [p for p in found if said in f"{p.why} {p.how}"]
    assert naming, "\n".join(map(str, found)) or "nothing was found"
    assert all(p.what and p.why and p.how for p in found)
    assert all(str(p).startswith(f"{p.file}:{p.line}: ") and ". To mend it: " in str(p) for p in found)
    if at:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert any(p.file == path and lines[p.line - 1].startswith(at) for p in naming), naming


def test_everything_at_once(folder: Path, edit: Edit) -> None:
    """One mistake doesn't hide another, in the same file or the next."""
    edit(FIRST, WHO, "Please note, ring 0800 1111!")
    edit(LEEDS, "authority: leeds", "authority: bury")
    edit(FIGURES, "checked_on: 2026-11-01", "checked_on: soon")
    found = problems(folder)
    assert {p.file.name for p in found} >= {"money.first.yml", "leeds.yml", "first.yml"}
    assert sum(p.file.name == "money.first.yml" for p in found) >= 3
    assert found == sorted(found)


def test_a_file_that_cannot_be_read_hides_nothing_and_blames_nobody(folder: Path, edit: Edit) -> None:
    edit(FIRST, "  says:", "  says")
    assert [p.file.name for p in problems(folder)] == ["money.first.yml"]


def test_a_file_missing(folder: Path) -> None:
    (folder / "helpline.yml").unlink()
    assert any(p.file.name == "helpline.yml" and "cannot be read" in p.what for p in problems(folder))


def test_group_of_figures_in_two_files(folder: Path) -> None:
    shutil.copy(folder / FIGURES, folder / "figures" / "second.yml")
    assert any("is in first.yml too" in p.why for p in problems(folder))


def test_two_variants_are_settled_by_a_narrower_one(folder: Path, edit: Edit) -> None:
    edit(FIRST, "    who: A child of this age can ask for it too.", "    answer: Yes, at this age.\n  sms: Yes, at this age.")
    text = (folder / FIRST).read_text(encoding="utf-8")
    narrower = text[text.index("- id: money.first.teen") :].replace("money.first.teen", "money.first.both")
    narrower = narrower.replace("{child_age:", "{arrangement: [special_guardianship_order], child_age:")
    (folder / FIRST).write_text(text + narrower, encoding="utf-8")
    assert problems(folder) == []


def test_both_sides_of_the_next_april(folder: Path, edit: Edit) -> None:
    """A wording that fails only once the amount has ended is found today."""
    edit(FIGURES, "otherwise: a weekly amount that changes each April", "otherwise: an amount.")
    assert any("reads badly on 2027-04-06" in p.why for p in problems(folder))


def test_stale_is_a_problem_only_where_it_is_asked_for(folder: Path) -> None:
    late = date(2027, 4, 1)
    assert problems(folder, late) == []
    strict = problems(folder, late, strict=True)
    assert {p.file.name for p in strict} == {"money.first.yml", "support.second.yml", "first.yml"}
    assert all("was to be looked at again by 2027-03-31" in p.why for p in strict)
    assert [r.review_by for r in reviews.reviews(read(folder))] == sorted(r.review_by for r in reviews.reviews(read(folder)))


# The commands


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(content_command, ["--content", str(folder), *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def test_check_command(folder: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.knowledge.check.check.__kwdefaults__", {"strict": False, "code": folder / "code"})
    assert run(folder, "check", "--as-of", "2026-11-22") == (0, "The content is sound.\n")
    edit(FIRST, WHO, "Please note this.")
    code, said = run(folder, "check", "--as-of", "2026-11-22")
    assert code == 1
    assert "money.first.yml:10: money.first, who: says 'please note'. To mend it: leave it out" in said


def test_check_says_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "syllapy", None)
    readability._count_syllables.cache_clear()
    code, said = run(folder, "check")
    assert code == 1
    assert "needs the package 'syllapy'" in said


def test_stale_command(folder: Path) -> None:
    code, said = run(folder, "stale", "--as-of", "2027-04-01")
    assert code == 1
    assert said.startswith("PAST 2027-03-31")
    assert "6 past their review day" in said
    assert run(folder, "stale", "--as-of", "2026-11-22")[0] == 0


def test_show_command(folder: Path) -> None:
    code, said = run(folder, "show", "money.first", "--arrangement", "special_guardianship_order", "--age", "16",
                     "--as-of", "2026-11-22")
    assert code == 0
    assert "Yes, with your order you can claim £10 a week (2026-27)." in said
    assert "Source: A page, https://www.gov.uk/page" in said
    assert "Entry money.first.order: for carers where the arrangement is special_guardianship_order" in said
    assert "It asks for more than money.first (0), so it wins" in said
    assert "A child of this age can ask for it too." in said
    assert said.endswith("== buttons\n[Am I eligible?] [Second help]\n")
    assert "£10" not in run(folder, "show", "money.first", "--as-of", "2027-04-10")[1]


def test_show_of_a_council(folder: Path) -> None:
    said = run(folder, "show", "support.second", "--council", "leeds")[1]
    assert "A group meets on the first Monday" in said
    assert "Next step: Ring the council" in said
    assert "Nothing is written here" in run(folder, "show", "support.second", "--facet", "how_much")[1]
    assert "doesn't depend on the council" in run(folder, "show", "money.first", "--council", "leeds")[1]


def test_show_as_a_text_message(folder: Path) -> None:
    said = run(folder, "show", "money.first", "--sms", "--as-of", "2026-11-22")[1]
    assert said.startswith("You can claim £10 a week for the child (2026-27). Ring 0300 123 4567. Reply MORE\n")
    assert "characters, 1 text messages" in said


def test_show_of_a_name_that_is_not_there(folder: Path) -> None:
    code, said = run(folder, "show", "money.frist")
    assert code == 1
    assert "Nearest: money.first" in said


def test_coverage_command(folder: Path, tmp_path: Path) -> None:
    code, said = run(folder, "coverage", "--as-of", "2026-11-22")
    assert code == 0
    assert "Councils with a file: 1 of 1" in said
    assert "Topics with an answer: 3 of 3 (1 of them in words.yml)" in said
    assert any(line.startswith("money.first") and "●○––––––" in line for line in said.splitlines())
    page = tmp_path / "coverage.html"
    assert run(folder, "coverage", "--html", str(page))[0] == 0
    html = page.read_text(encoding="utf-8")
    assert '<html lang="en-GB">' in html
    assert 'scope="row"' in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")  # nothing is fetched


def test_add_council_command(folder: Path) -> None:
    (folder / LEEDS).unlink()
    assert run(folder, "add-council", "leeds", "--as-of", "2026-11-22")[0] == 0
    assert problems(folder) == []
    code, said = run(folder, "add-council", "leeds")
    assert code == 1
    assert "is there already" in said
    assert "Nearest: leeds" in run(folder, "add-council", "leads")[1]


def test_schemas_are_current() -> None:
    """`signpost content schema` writes them anew."""
    written = {path.name: path.read_text(encoding="utf-8") for path in (CONTENT / "schema").glob("*.json")}
    assert written == schemas.schemas()
    assert "values" in json.dumps(json.loads(written["figures.json"]))


def test_schema_command(folder: Path) -> None:
    assert run(folder, "schema")[0] == 0
    assert sorted(path.name for path in (folder / "schema").iterdir()) == ["figures.json", "local_offer.json", "topic.json"]


# docs/editing.md, walked through on the real content


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A copy of the real content."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"docs/editing.md changes this line, and it is not in {path.name}: {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_walk_next_aprils_amount(real: Path) -> None:
    line = "    - {value: '£27.05 a week', from: 2026-04-06, to: 2027-04-05}\n"
    assert line.strip() in (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    before = run(real, "show", "money.child_benefit", "--facet", "how_much", "--as-of", "2027-04-10")[1]
    assert "£27.05" not in before
    assert "a weekly amount that changes each April" in before
    swap(real / "figures" / "child_benefit.yml", line,
         "    - {value: '£28.05 a week', from: 2027-04-06, to: 2028-04-05}\n" + line)
    assert "£28.05 a week" in run(real, "show", "money.child_benefit", "--facet", "how_much", "--as-of", "2027-04-10")[1]
    assert "£27.05 a week" in run(real, "show", "money.child_benefit", "--facet", "how_much", "--as-of", "2027-04-05")[1]
    assert not [p for p in check(real, ON) if p.file.name == "child_benefit.yml"]


def test_walk_a_peer_group(real: Path) -> None:
    path = real / "local_offers" / "harrow.yml"
    text = path.read_text(encoding="utf-8")
    group = (
        "- id: harrow.tuesday_group\n"
        "  topics: [support.peer_groups]\n"
        "  text: A group for kinship carers meets on Tuesday mornings. You can just turn up.\n"
        "  sources:\n"
        "  - {title: Council page on groups, url: 'https://www.harrow.gov.uk/kinship-groups'}\n"
    )
    assert group in (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    text = text.replace("entries: []\n", "entries:\n") if "entries: []" in text else text
    path.write_text(f"{text.rstrip()}\n{group}", encoding="utf-8")
    assert not [p for p in check(real, ON) if p.file == path]
    assert "Tuesday mornings" in run(real, "show", "support.peer_groups", "--council", "harrow")[1]


def test_walk_breaking_things(real: Path) -> None:
    """The messages that docs/editing.md shows are the real ones."""
    documented = (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    path = real / "national" / "money.child_benefit.yml"
    swap(path, "follow_on: [money.guardians_allowance", "follow_on: [money.guardian_allowance")
    swap(path, "{figures.child_benefit.eldest} for the eldest child", "{figures.child_benefit.oldest} for the eldest child")
    swap(path, "You need no court order.", "Please note that you need no court order.")
    swap(path, "Most often that means the child lives with you.", "Most often that is £27.05.")
    said = [str(p).replace(f"{real.parent}/", "") for p in check(real, ON) if p.file == path]
    assert len(said) == 4
    assert [line for line in said if line not in documented] == []


def test_the_real_content_is_sound() -> None:
    assert [str(p) for p in check(CONTENT, ON)] == []


# Text messages and reading


def test_gsm_alphabet() -> None:
    assert gsm.is_gsm7("£27.05 a week @ 9am? Ring: 0800 (free)\n")
    assert gsm.foreign("It’s ☎ – it’s") == ["’", "☎", "–"]
    assert gsm.septets("a€[b]") == 8
    with pytest.raises(ValueError, match="’"):
        gsm.septets("it’s")
    assert len(gsm.BASIC) == 127  # 128 with the escape to the second table
    assert [gsm.segments("a" * n) for n in (1, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]


def test_sentences() -> None:
    text = "Ring GOV.UK at 9.30am. Then ask:\n- who can help\n- what it costs. It may be free.\n\nSee [the page](https://a.b/c.d)."
    assert readability.sentences(text) == [
        "Ring GOV.UK at 9.30am.", "Then ask:", "who can help", "what it costs.", "It may be free.", "See the page.",
    ]
    assert readability.words("Ring 0808 801 0366 - now") == ["Ring", "number", "now"]
    assert readability.sentences("A line that goes\non in the next.") == ["A line that goes on in the next."]


def test_grades() -> None:
    reader = readability.Reader(["Special Guardianship Order"], {"hour": 2})
    assert reader.grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59)
    assert reader.grade("") == 0
    assert reader.grade("You have a Special Guardianship Order.") == reader.grade("You have a it.")
    assert reader.grade("Write to city.advice@toynbeehall.org.uk or frg.org.uk/help.") == reader.grade("Write to it or it.")
    assert reader.grade("An hour.") > readability.Reader((), {"hour": 1}).grade("An hour.")
