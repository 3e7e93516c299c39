"""What the carer is to the child: 'I'm his nan', 'my sister's kids', 'my daughter is ill, I have her two'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from bot.understanding.found import Found
from bot.understanding.phrases import Group, WordLists, words
from bot.understanding.reading import Reading

_OWNERS = frozenset({"his", "her", "their", "your", "'s", "a_friend"})
_MINE = frozenset({"my", "our", "me", "mi"})
_PARTNERS = frozenset({"husband", "wife", "partner", "boyfriend", "girlfriend"})
_GRANDKIDS = frozenset({"grandson", "granddaughter", "grandkid", "grandsons", "granddaughters", "grandkids"})
_UP = {
    "aunt_uncle": "great_aunt_uncle",
    "grandparent": "great_grandparent",
    "step_parent": "step_grandparent",
    "sibling": "aunt_uncle",
}
_BY_PARENT = {"aunt_uncle": "cousin", "cousin": "cousin", "friend": "friend"}  # "my mum's sister's boy"
_DISTANT = _GRANDKIDS | {"niece", "nephew", "nieces", "nephews"}
_PLURAL_OWNERS = words(
    """
    sisters brothers sons daughters friends neighbours cousins nieces nephews siblings mums dads
    """
)
_COUNT_OWNERS = words("sister brother daughter son friend neighbour cousin")
_LINKED_KIN = words(
    """
    son daughter sister brother niece nephew cousin friend neighbour stepson granddaughter grandson
    sisterinlaw brotherinlaw daughterinlaw ex halfbrother stepbrother partner
    """
)
_EXES = frozenset({"ex", "girlfriend", "boyfriend", "partner", "wife", "husband"})
_YOUNG_OWNERS = words("son daughter sons daughters grandson granddaughter")
_AFTER_COUNT = words(". , and while for with now because since who as ? but so in on full at to right")
_NOT_CHILD_NEXT = frozenset({"mum", "dad", "parents", "nan", "grandad"})


class Relations:
    """Reads the tie between carer and child. Built once, from relations.yml."""

    def __init__(self, data: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is relations.yml as loaded, `lists` all word lists it may name."""
        self._kin: dict[str, tuple[str, str]] = {str(k): (str(v[0]), str(v[1])) for k, v in data["kin"].items()}
        self._self = {str(w): str(rel) for rel, words in data["self"].items() for w in words}
        self._of_parent: dict[str, str] = dict(data["of_parent"])
        self._by_partner: dict[str, str] = dict(data["by_partner"])
        self._adjectives = frozenset(map(str, lists["kinadj"]))
        self._children = frozenset(map(str, lists["kidword"]))
        self._carev = frozenset(map(str, lists["carev"]))
        groups = (
            "self_is",
            "self_alone",
            "self_of_parent",
            "parent_is",
            "raised",
            "other_carer",
            "unrelated",
            "called",
            "is_whose",
            "is_parent",
        )
        self._groups = {name: Group(data[name], lists) for name in groups}

    def parent(self, reading: Reading) -> Found | None:
        """'I'm the mum': a parent speaks, not a carer."""
        where = next(iter(reading.find(self._groups["is_parent"])), None)
        return Found(True, *where) if where else None

    def find(self, reading: Reading, involved: bool) -> Found | None:
        """The tie, if said. `involved`: the child is with the carer or may come (needed for the weaker signs)."""
        if reading.has(self._groups["is_parent"]):
            return None
        best: tuple[int, int, Found] | None = None
        chains: list[Found] = []
        for weight, found in self._candidates(reading, involved):
            if weight in (4, 5):
                chains.append(found)
            if found.value in ("-", "step_sibling"):
                continue
            rank = (-weight, found.first)
            if best is None or rank < best[:2]:
                best = (*rank, found)
        if best is None:
            return None
        deeper = _UP.get(str(best[2].value))  # "I'm Auntie Jean, they're my niece's kids"
        return next((f for f in chains if f.value == deeper), best[2])

    def _candidates(self, reading: Reading, involved: bool) -> Iterator[tuple[int, Found]]:
        """(weight, Found) of everything that speaks of a tie."""
        yield from self._said_of_self(reading)
        for index, tok in enumerate(reading.toks):
            if tok in self._kin:
                yield from self._from_kin(reading, index, involved)

    def _said_of_self(self, reading: Reading) -> Iterator[tuple[int, Found]]:
        """'I'm his nan', 'nan of two', 'I'm her mum's aunt', 'his dad is my nephew', 'we're not related'."""
        toks = reading.toks
        for first, after in reading.find(self._groups["self_of_parent"]):
            tie = next((t for t in reversed(toks[first:after]) if t in self._of_parent), "")
            if "of" in toks[first:after] or "to" in toks[first:after]:
                tie = next((t for t in toks[first:after] if t in self._of_parent), tie)
            yield 6, Found(self._of_parent.get(tie, "-"), first, after)
        for first, after in reading.find(self._groups["parent_is"]):
            own = next((i for i in range(first, after) if toks[i] in _MINE), first)
            tie = next((t for t in toks[own:after] if (t in self._of_parent and t in self._kin) or t in ("nan",)), "")
            yield 5, Found(self._of_parent.get(tie, "-"), first, after)
        alone = [*reading.find(self._groups["self_alone"])] if reading.size <= 10 else []
        for first, after in [*reading.find(self._groups["self_is"]), *alone]:
            tie = next((t for t in reversed(toks[first:after]) if t in self._self), "")
            if tie == "teacher" and toks[after : after + 2] == ["of", "a"]:
                continue
            yield 6, Found(self._self.get(tie, "-"), first, after)
        for first, after in reading.find(self._groups["called"]):
            yield 2, Found(self._self.get(toks[after - 1], "-"), first, after)
        for first, after in reading.find(self._groups["is_whose"]):
            tie = next((t.removesuffix("s") for t in reversed(toks[first:after]) if t.removesuffix("s") in _LINKED_KIN), "")
            yield 4, Found(self._kin[tie][1] if tie else "-", first, after)
        for first, after in reading.find(self._groups["unrelated"]):
            yield 3, Found("foster_other", first, after)

    def _from_kin(self, reading: Reading, index: int, involved: bool) -> Iterator[tuple[int, Found]]:
        """Ties from one word of kinship: whose it is, and whether it owns the child or is the child."""
        start, owner = self._owner(reading, index)
        tok = reading.toks[index]
        as_child, as_parent = self._kin[tok]
        if reading.toks[index - 1] == "foster" or (owner == "mine" and reading.toks[start - 1] == "not"):
            return  # "she isn't my niece, she's my granddaughter"
        if owner == "another's" and self._of_the_partner(reading, start):
            owned = self._owned_child(reading, index)
            value = owned[0] if owned else as_child
            yield 3, Found(self._by_partner.get(value, "-"), start, owned[1] if owned else index + 1)
        if _known_from_class(reading.toks, start, index):
            yield 4, Found("friend" if involved else "-", start, index + 3, False)
            return
        if owner == "another's" or self._someone_else_has(reading, start):
            return
        if _friend_of(reading.toks, start) and tok in ("son", "sons", "daughter", "daughters"):
            yield 4, Found("friend" if involved else "-", start - 2, index + 1)
            return
        owned = self._owned_child(reading, index)
        if owned is not None:
            value, after, sure = owned
            nearby = involved and tok == "neighbour"  # 'next door's girls' have no 'my'
            if owner == "mine" or nearby or tok in _PLURAL_OWNERS or as_parent in ("aunt_uncle", "grandparent") or start == 1:
                distant = bool(_DISTANT & set(reading.toks[index + 1 : after]))
                needs_home = value == "friend" and (distant or (owner != "mine" and start > 1))
                yield 4, Found(value if involved or not needs_home else "-", start, after, sure)
            return
        turned = self._child_of(reading, start)
        if turned is not None and owner == "mine":
            value = _UP.get(as_parent, as_parent) if turned[1] else as_parent
            yield 4, Found(value, turned[0], index + 1)
            return
        if owner == "mine":
            yield from self._parent_of(reading, index, start, involved)
        if (owner == "mine" or reading.toks[index + 2] in _EXES) and as_parent != "-" and _expecting(reading.toks, index):
            yield 5, Found(as_parent, start, index + 2)
        yield from self._as_child(reading, index, start, owner, as_child)

    def _parent_of(self, reading: Reading, index: int, start: int, involved: bool) -> Iterator[tuple[int, Found]]:
        """'my sister ... her two': the person at `index` is the parent of a child spoken of later."""
        tok = reading.toks[index]
        as_child, as_parent = self._kin[tok]
        if tok not in _LINKED_KIN and not (tok in ("sons", "daughters") and reading.toks[index + 1] in _EXES):
            return
        linked = self._linked_child(reading, index)
        if linked is None or as_parent == "-":
            return
        after, strong = linked
        grown = as_child == "-" or as_child.startswith("(")
        near = involved or as_parent in ("aunt_uncle", "grandparent", "great_aunt_uncle")
        if strong or (grown and near and not self._has_itself(reading, index)):
            yield (5 if strong else 2), Found(as_parent, start, after, strong)

    def _as_child(self, reading: Reading, index: int, start: int, owner: str, value: str) -> Iterator[tuple[int, Found]]:
        """'my grandson', and 'my brother' where the carer plainly raises him."""
        if value == "-":
            return
        if not value.startswith("("):
            if owner == "mine" or reading.toks[start - 1] not in ("any", "another", "other", "no", "someone"):
                yield (4 if owner == "mine" else 3), Found(value, start, index + 1)
            return
        coded, words = reading.around(index)
        if owner == "mine" and self._groups["raised"].hit(coded, words):
            yield 3, Found(value.strip("()"), start, index + 1)

    def _owner(self, reading: Reading, index: int) -> tuple[int, str]:
        """(first word of the phrase, 'mine', "another's" or '') for the kinship word at `index`."""
        toks = reading.toks
        at = index - 1
        while at > 0 and index - at <= 7 and (toks[at] in self._adjectives or toks[at].isdigit()):
            at -= 1
        if toks[at] in _MINE:
            return at, "mine"
        if toks[at] in ("and", ",") and self._shares_owner(toks, at):
            return at + 1, "mine"
        if toks[at] in _OWNERS:
            return at, "another's"
        return at + 1, ""

    def _shares_owner(self, toks: list[str], at: int) -> bool:
        """Whether 'and' at `at` joins this word to one that is 'my ...': 'my niece and nephew'."""
        back = at - 1
        if toks[back] not in self._kin:
            return False
        while back > 0 and (toks[back] in self._kin or toks[back] in self._adjectives):
            back -= 1
        return toks[back] in _MINE

    def _owned_child(self, reading: Reading, index: int) -> tuple[str, int, bool] | None:
        """(tie, after last word, sure) for "my sister's little boy" and longer rows, from the first owner on."""
        toks = reading.toks
        tok = toks[index]
        value = self._kin[tok][1]
        at = index + 1
        apostrophe = toks[at] == "'s"
        if apostrophe:
            at += 1
        elif tok in _COUNT_OWNERS and toks[at] in ("kid", "kids", "son", "daughter", "baby", "boy", "girl"):
            return self._plain_child(toks, at, toks[at], value, False)  # 'my sister child live with me'
        elif tok not in _PLURAL_OWNERS:
            return None
        at, counted = self._skip_adjectives(toks, at)
        cared = tok in ("daughters", "sons") and toks[index + 1].isdigit() and bool(self._carev & set(toks[index - 3 : index]))
        aged = tok in _PLURAL_OWNERS and toks[at - 1] == "old"  # "our friends' 13 year old"
        counted = counted and ((apostrophe and tok in _COUNT_OWNERS) or cared or aged)
        head = toks[at]
        if tok in _PARTNERS and head in self._kin:
            return self._through_partner(reading, at)
        if tok in ("mum", "dad") and head in self._kin and (onward := self._owned_child(reading, at)):
            return (_BY_PARENT[onward[0]], *onward[1:]) if onward[0] in _BY_PARENT else None
        if head in _EXES and toks[at + 1] in ("'s", "and"):
            after, _ = self._skip_adjectives(toks, at + 2)
            if toks[after] in self._children:
                return ("step_grandparent" if value == "grandparent" else value), after + 1, False
            return None
        kin = self._kin_of_owner(tok, head, value)
        if kin is not None:
            return kin[0], at + 1, kin[1]
        return self._plain_child(toks, at, head, value, counted)

    @staticmethod
    def _kin_of_owner(tok: str, head: str, value: str) -> tuple[str, bool] | None:
        """(tie, sure) where the second word is itself one of kinship: "my son's friend", "my sister's grandson"."""
        if head in _GRANDKIDS:
            return _UP.get(value, value), True
        if head in ("friend", "friends") and tok in _YOUNG_OWNERS:
            return "friend", False
        if head in ("stepson", "stepsons") and value == "grandparent":
            return "step_grandparent", True
        if head in ("niece", "nephew", "nieces", "nephews") and value in ("friend", "cousin"):
            return value, True
        return None

    def _plain_child(self, toks: list[str], at: int, head: str, value: str, counted: bool) -> tuple[str, int, bool] | None:
        """The end of the row: the child, or the child's own child."""
        if head in self._children:
            if head in ("son", "daughter", "sons", "daughters") and toks[at + 1] in ("'s", "kids"):
                deeper, _ = self._skip_adjectives(toks, at + 2)
                if toks[deeper] in self._children:
                    return _UP.get(value, value), deeper + 1, True
            return value, at + 1, True
        if counted and head not in (
            "year",
            "month",
            "week",
            "day",
            "hour",
            "mum",
            "dad",
            "of",
            "night",
            "years",
            "weeks",
        ):
            return value, at, True
        if head in ("little", "first", "youngest", "eldest") or toks[at - 1] in (
            "little",
            "youngest",
            "eldest",
            "baby",
        ):
            return value, at + 1, True
        return None

    def _through_partner(self, reading: Reading, at: int) -> tuple[str, int, bool] | None:
        """ "my husband's grandson": the tie of the second word, by marriage."""
        tok = reading.toks[at]
        onward = self._owned_child(reading, at)
        value, after = (onward[0], onward[1]) if onward else (self._kin[tok][0], at + 1)
        if onward is None and tok in ("son", "daughter", "kid", "sons", "daughters"):
            value = "step_parent"
        value = self._by_partner.get(value.strip("()"), value)
        return None if value.startswith("(") or value == "-" else (value, after, True)

    def _skip_adjectives(self, toks: list[str], at: int) -> tuple[int, bool]:
        """(the next word that is no adjective or number, whether a number was among those passed)."""
        counted = False
        begin = at
        while at < len(toks) - 1 and at - begin < 6:
            tok = toks[at]
            plain = tok.isdigit() or tok in ("one", "both")
            if not plain and tok not in self._adjectives:
                break
            if tok in ("baby", "kid", "teenager", "twin") and toks[at + 1] not in self._children:
                break
            counted = counted or plain
            at += 1
        return at, counted

    def _child_of(self, reading: Reading, start: int) -> tuple[int, bool] | None:
        """(first word, whether a grandchild) for 'the daughter of my ...', whose 'my' is word `start`."""
        toks = reading.toks
        if toks[start - 1] not in ("of", "from"):
            return None
        head = toks[start - 2]
        if head in ("friend", "friends") and toks[start + 1] in ("son", "sons", "daughter", "daughters"):
            return None
        if head in self._children or head in _GRANDKIDS:
            return start - 2, head in _GRANDKIDS
        return None

    def _linked_child(self, reading: Reading, index: int) -> tuple[int, bool] | None:
        """(after last word, whether the carer has the child) for 'my sister ... I have her two'."""
        toks = reading.toks
        for at in range(index + 1, min(len(toks) - 1, index + 34)):
            if toks[at] == "leaving" and toks[at + 1] != "me":
                head, _ = self._skip_adjectives(toks, at + 1)
                if toks[head] in self._children:
                    return head + 1, True
            bare = toks[at] in ("kids", "baby") and toks[at - 1] in (",", "and", ".")
            if bare and toks[at + 1] in ("with", "at", "here"):
                return at + 1, False
            if toks[at] not in ("her", "his", "their", "the") or toks[at + 1] == "own":
                continue
            head, counted = self._skip_adjectives(toks, at + 1)
            named = toks[head] in self._children and toks[head] not in _NOT_CHILD_NEXT
            numbered = counted and toks[at] != "the" and toks[head] in _AFTER_COUNT
            if named or numbered:
                return head + 1, toks[at] != "the" and self._cared_for(reading, at, head)
        return None

    def _cared_for(self, reading: Reading, at: int, head: int) -> bool:
        """Whether the words about a child say the carer has or takes it."""
        toks = reading.toks
        left, right = toks[max(0, at - 6) : at], toks[head + 1 : head + 7]
        if any(t in self._carev for t in left) and any(t in ("i", "we", "me", "us") for t in toks[max(0, at - 9) : at]):
            return True
        return any(a in ("with", "to", "at") and b in ("me", "us", "mine", "ours", "my") for a, b in pairwise(right)) or (
            "me" in left and ("left" in left or "gave" in left)
        )

    @staticmethod
    def _of_the_partner(reading: Reading, start: int) -> bool:
        """'my partner and I have his nieces': the 'his' at `start` is the partner's."""
        toks = reading.toks
        return any(
            toks[at] in _PARTNERS
            and toks[at - 1] in (*_MINE, "the")
            and (toks[at + 1 : at + 3] == ["and", "i"] or toks[at - 3 : at - 1] in (["me", "and"], ["i", "and"]))
            for at in range(2, start)
        )

    @staticmethod
    def _has_itself(reading: Reading, index: int) -> bool:
        """'my sister has SGO for her grandson': the person at `index` is a carer of her own."""
        follows = reading.toks[index + 1 : index + 6]
        if {"fosters", "adopted", "looks_after"} & set(follows[:2]):
            return True
        return bool({"has", "got"} & set(follows[:2]) and {"SGO", "CAO", "CUSTODY", "SGR", "KFC", "FOSTERER"} & set(follows))

    def _someone_else_has(self, reading: Reading, start: int) -> bool:
        """'my mum has my nephew': the phrase at `start` belongs to another carer's story."""
        coded, words = reading.around(start)
        return self._groups["other_carer"].hit(coded, words)


def _friend_of(toks: list[str], start: int) -> bool:
    """Whether 'a friend of' stands before word `start`."""
    return toks[start - 1] == "of" and toks[start - 2] in ("friend", "friends")


def _known_from_class(toks: list[str], start: int, index: int) -> bool:
    """'a girl from my daughter's class': the word of kinship at `index` only says where she is known from."""
    return (
        toks[start - 1] in ("from", "in")
        and toks[index + 1 : index + 2] == ["'s"]
        and bool({"class", "school", "team", "college", "club"} & set(toks[index + 2 : index + 4]))
    )


def _expecting(toks: list[str], index: int) -> bool:
    """Whether the person at `index` is said to be pregnant: 'my niece is due in May'."""
    soon = {"pregnant", "expecting", "due", "birth"} & set(toks[index + 1 : index + 7])
    return bool(soon) and not any(t.isdigit() for t in toks[index + 1 : index + 3])
