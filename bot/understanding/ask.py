"""What is understood of a message, printed: `signpost ask "…"` runs this in Rasa's environment."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

MODEL = Path(__file__).resolve().parents[2] / "models" / "signpost.tar.gz"


async def understood(text: str) -> dict[str, Any]:
    """Rasa's parse of `text` by the trained model: intent, ranking, entities."""
    from rasa.core.agent import Agent

    from bot.understanding.turns import harmless

    agent = Agent.load(str(MODEL))
    parsed: dict[str, Any] = await agent.parse_message(harmless(text))
    return parsed


def lines(parsed: dict[str, Any]) -> list[str]:
    """The parse as a person reads it."""
    shown = [f"intent      {parsed['intent']['name']}  {parsed['intent']['confidence']:.2f}"]
    for entity in parsed["entities"]:
        value = entity["value"]
        if entity["entity"] in ("need", "maybe"):
            shown.append(f"{entity['entity']:<11} {value}  {entity['confidence_entity']:.2f}")
        elif entity["entity"] == "fact":
            sure = "" if value["sure"] else "  (not sure)"
            shown.append(f"fact        {value['name']} = {value['value']}  from '{value['said']}'{sure}")
        elif entity["entity"] == "place":
            known = {k: v for k, v in value.items() if v}
            shown.append("place       " + ", ".join(f"{k}: {v}" for k, v in known.items()))
    ranked = ", ".join(f"{r['name']} {r['confidence']:.2f}" for r in parsed["intent_ranking"][:5])
    return [*shown, f"ranking     {ranked}"]


if __name__ == "__main__":
    from rasa.utils.log_utils import configure_structlog

    logging.disable(logging.CRITICAL)
    configure_structlog(logging.CRITICAL)  # Rasa's debug lines hold the message
    print("\n".join(lines(asyncio.run(understood(sys.argv[1])))))
