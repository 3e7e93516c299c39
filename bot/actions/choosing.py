"""Which parts of a topic answer what was asked: those the content's sentences come nearest to, unsaid ones first."""

from __future__ import annotations

from bot.actions.turn import Turn

ANSWER, NEXT_STEP = "answer", "next_step"
SAID, ANSWER_SAID = 0.35, 0.6  # what a part loses that was said before, and what the general answer does
FIRST = 0.5  # how much nearer than the general answer another part must be to come first
GENERAL = 0.4  # how much likelier the general answer is than another part
NEAR = 1.25  # a part at least this near answers the question
AKIN = 0.3  # a part less near than this isn't added to another
BESIDE = 0.2  # a second part no further from the best than this is said too
WANTED = 0.5  # what a follow-up such as 'how do I apply?' is worth for its own part
MOST = 2


def nearness(turn: Turn, topic: str) -> dict[str, float]:
    """{facet: how near what it says to this carer is to the message}, about 0 to 3.5."""
    base, situation = turn.knowledge.base, turn.situation
    found = {facet: base.find(topic, facet, situation) for facet in base.facets(topic, situation)}
    near = dict.fromkeys(found, 0.0)
    for entry, facet, score in turn.passages.get(topic, []):
        speaking = found.get(facet)
        if speaking is not None and speaking.entry.id == entry:
            near[facet] = score
    return near


def near_topic(turn: Turn, topic: str) -> float:
    """How near the message comes to the topic: to the nearest of what it says to this carer."""
    return max(nearness(turn, topic).values(), default=0.0)


def nearest(turn: Turn, topics: list[str]) -> str:
    """The one of `topics` that the message comes nearest to; empty where it comes near to none."""
    near = {topic: near_topic(turn, topic) for topic in topics if topic in turn.passages}
    best = max(near, key=lambda topic: near[topic], default="")
    return best if near.get(best, 0.0) >= NEAR else ""


def first_parts(turn: Turn, topic: str) -> list[str]:
    """What to say of a topic that wasn't spoken of yet: the general answer, unless another part is plainly meant."""
    near = nearness(turn, topic)
    best = max(near, key=lambda facet: near[facet], default=ANSWER)
    if best == NEXT_STEP:  # which comes with the answer
        return [ANSWER]
    general = max((score for _, facet, score in turn.passages.get(topic, []) if facet == ANSWER), default=0.0)
    plainly = near.get(best, 0.0) >= max(NEAR, general + FIRST)  # whatever words this carer's variant is in
    return [best, ANSWER] if plainly and best != ANSWER else [ANSWER]


def further_parts(turn: Turn, topic: str, wanted: str | None = None) -> list[str]:
    """What to say of a topic already spoken of, best first; empty where all of it was said and nothing is near."""
    memory = turn.memory
    score = {facet: near + (WANTED if facet == wanted else -_stale(facet) if memory.has_said(topic, facet) else 0.0)
             + (GENERAL if facet == ANSWER else 0.0)
             for facet, near in nearness(turn, topic).items()}  # what is plainly wanted is said again
    if wanted and wanted not in score and max(score.values(), default=0.0) < NEAR:
        return []
    order = sorted(score, key=lambda facet: -score[facet])
    left = [facet for facet in order if not memory.has_said(topic, facet) or score[facet] >= NEAR]
    if not left:
        return []
    beside = [facet for facet in left[1:] if score[facet] >= max(score[left[0]] - BESIDE, AKIN)]
    return [left[0], *beside][:MOST]


def _stale(facet: str) -> float:
    return ANSWER_SAID if facet == ANSWER else SAID
