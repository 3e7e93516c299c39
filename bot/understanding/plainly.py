"""A few things that are plain by their words, whatever the classifier makes of a short message."""

from __future__ import annotations

import re

from bot.understanding.phrases import words

WRONG, BACK, DELETE = "assistant.correction.wrong_answer", "assistant.correction.go_back", "assistant.privacy.delete"
SHORT = 7  # words of a message that says no more than that something is wrong
_WRONG = re.compile(r"\b(?:wrong|incorrect|(?:isn't|not|isnt) (?:right|correct|true)|a mistake)\b"
                    r"(?! with| way| what| how| about (?:my|his|her))")
# 'The council got it wrong' is her matter; 'that's wrong' and 'wrong amount' are ours.
_SPOKEN_OF = re.compile(r"^(?:(?:no|nope|sorry|but|well|actually|i'm|i think)\b[, ]*)*"
                        r"(?:(?:thats?|this|its?|u|ur|you(?:r|ve)?|the (?:figure|amount|answer|number|date)s?)\b"
                        r"|wrong|incorrect|not (?:right|true|correct))")
# Back to a thing said, not to a person or a place: 'can we go back to the court part', but not 'to the court'.
_PLACE = (r"(?:court|judge|panel|council|school|nursery|doctors?|gp|hospital|solicitor|social worker|police|house|old|way)"
          r"\b(?! (?:thing|bit|part|one|question|stuff)\b)")
_BACK = re.compile(r"^(?:(?:ok|okay|right|sorry|so|and|now|please|no|wait|hang on|anyway)\b[, ]*)*"
                   r"(?:(?:(?:can|could) we |let'?s )?(?:go|get) back to "
                   rf"(?:the (?!{_PLACE})|(?:what|where|that|my (?:first )?question)\b)"
                   r"|back to (?!(?:me|work|square|his|her|their)\b))")
# 'Can I stop it for a bit?' is about contact, say; 'can I stop the messages?' is about us.
_STOPS = re.compile(r"\b(?:can|could|may|should) (?:i|we) (?:just )?(?:stop|pause|cancel|end|take|quit)\b")
_OURS = re.compile(r"\b(?:data|details|messag|texts?\b|texting|chats?\b|conversation|record|history|account|phone|number"
                   r"|list|delet|eras|wip(?:e|ing)|forg[eo]t|everything|keeping|what (?:i|we) (?:said|told|wrote))")
# 'Is it means tested?' asks about the answer; 'what does means tested mean?' asks for the word.
_WHETHER = re.compile(r"^(?:(?:and|but|so|ok|right|well)\b[, ]*)*"
                      r"(?:is|are|was|were|do|does|did|will|would|can|could|has|have)\b"
                      r"(?!.*\bmeans?\b(?! test))")
# 'So what is there for him then?' names nothing: it means what is being spoken of.
_SAYING_NOTHING = words("""
    a about all am an and any anything are as at be but can could did do does else for from get got had has have he her here
    him his how i if in is it its just like me more much my no now of oh ok okay on or our out please right say she should so
    some something still that thats the their them then there these they theyre thing things this to too us want was we well
    were what whats when which who will with would yeah yes you
    """)


def names_nothing(text: str) -> bool:
    """Has `text` (lower case, straight apostrophes) no word that says what it is about?"""
    said = re.findall(r"[\w']+", text)
    return bool(said) and all(word.replace("'", "") in _SAYING_NOTHING for word in said)


def asks_whether(text: str) -> bool:
    """Is `text` a question to be answered with yes or no, and not one for the meaning of a word?"""
    return bool(_WHETHER.search(text))


def corrects(text: str) -> str | None:
    """The correction that `text` (lower case, straight apostrophes) plainly is, once something was said; else None."""
    if _BACK.search(text):
        return BACK
    wrong = _WRONG.search(text) and _SPOKEN_OF.search(text)
    return WRONG if wrong and len(text.split()) <= SHORT and "?" not in text else None


def may_delete(text: str) -> bool:
    """Can `text` mean what is kept of her?"""
    return not _STOPS.search(text) or bool(_OURS.search(text))
