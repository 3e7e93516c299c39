"""A conversation with everything in it, as Rasa would send it: an answer with sources, options, a danger, a handover."""

from __future__ import annotations

from typing import Any

from tests.doubles.rasa import FakeRasa

MONEY = "My daughter can't look after my grandson so he has been with me since March. He is 4. Is there any money for him?"
THERAPY = "What about therapy?"
DANGER = "he's going to come round and hurt the kids"
PERSON = "/helpline.talk_to_someone"
KNOWN = {"arrangement": "special_guardianship_order", "authority": "rotherham", "child_age": [4, 7],
         "relationship": "grandparent", "previously_looked_after": True}
SOURCES = [{"title": "Child Benefit: make a claim", "url": "https://www.gov.uk/child-benefit/how-to-claim"},
           {"title": "Rotherham kinship local offer", "url": "https://www.rotherham.gov.uk/kinship-care/local-offer"}]


def answer(text: str, options: list[str], sources: list[dict[str, str]] = SOURCES) -> dict[str, Any]:
    """A `Reply` with one message that draws on two entries."""
    cited = {"entry": "money.overview", "topic": "money.overview", "arrangement": None, "authority": "rotherham",
             "facet": "answer", "sources": sources, "checked_on": "2026-11-12"}
    shown = [{"label": label, "payload": f"/money.overview{{{n}}}", "topic": "money.overview"}
             for n, label in enumerate(options)]
    message = {"text": text, "topics": ["money.overview"], "answers": [cited], "options": shown}
    return {"messages": [message], "hand_over": None, "forget": False}


def set_scene(rasa: FakeRasa) -> None:
    """Teach the double what to answer."""
    rasa.script[MONEY] = answer(
        "Yes, you can claim Child Benefit for him, and the council may pay you an allowance.\n"
        "- Child Benefit is paid for each child who lives with you. You can claim it now, with any arrangement.\n"
        "- With a Special Guardianship Order (SGO), ask the council for a special guardianship allowance. It decides.\n"
        "- If you claim Universal Credit, tell them that he lives with you.\n\n"
        "Next step: [claim Child Benefit on GOV.UK](https://www.gov.uk/child-benefit/how-to-claim), or ring 0300 200 3100.",
        ["How much is it?", "How do I apply?", "What if they say no?", "What Rotherham offers"])
    rasa.slots[MONEY] = KNOWN
    rasa.script[THERAPY] = answer(
        "The child may get therapy paid for by the Adoption and Special Guardianship Support Fund.\n"
        "You can't apply yourself. The council does it, after it has looked at what the child needs.\n\n"
        "Next step: ring the council's special guardianship team and say 'I'd like an assessment of support needs'.",
        ["How long does it take?", "Who do I ring?"])
    rasa.script[PERSON] = {
        "messages": [{"text": "You can ring the Family and Friends helpline, free, on 0808 801 0366. It is open now.\n"
                              "I've also passed our conversation to the helpline's team, so you won't have to start again.",
                      "topics": ["helpline.talk_to_someone"], "answers": [], "options": []}],
        "hand_over": {"reason": "asked"}, "forget": False}
