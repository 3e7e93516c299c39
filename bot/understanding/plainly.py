"""Three things that are plain by their words, whatever the classifier makes of a short message."""

from __future__ import annotations

import re

WRONG, BACK, DELETE = "assistant.correction.wrong_answer", "assistant.correction.go_back", "assistant.privacy.delete"
SHORT = 7  # words of a message that says no more than that something is wrong
_WRONG = re.compile(r"\b(?:wrong|incorrect|(?:isn't|not|isnt) (?:right|correct|true)|a mistake)\b"
                    r"(?! with| way| about (?:my|his|her))")
_BACK = re.compile(r"\b(?:go|going|get) back to\b|^(?:(?:ok|okay|right|sorry|so|and|now)\b[, ]*)*back to\b")
# 'Can I stop it for a bit?' is about contact, say; 'can I stop the messages?' is about us.
_STOPS = re.compile(r"\b(?:can|could|may|should) (?:i|we) (?:just )?(?:stop|pause|cancel|end|take|quit)\b")
_OURS = re.compile(r"\b(?:data|details|messag|texts?\b|texting|chats?\b|conversation|record|history|account|phone|number"
                   r"|list)")


def corrects(text: str) -> str | None:
    """The correction that `text` (lower case, straight apostrophes) plainly is, once something was said; else None."""
    if _BACK.search(text):
        return BACK
    return WRONG if _WRONG.search(text) and len(text.split()) <= SHORT and "?" not in text else None


def may_delete(text: str) -> bool:
    """Can `text` mean what is kept of her?"""
    return not _STOPS.search(text) or bool(_OURS.search(text))
