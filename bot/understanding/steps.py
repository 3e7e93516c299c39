"""A turn by Rasa's own steps: its pipeline reads the message, its policy decides, the action server answers.

`MessageProcessor.handle_message` takes the same steps, and others that a turn of ours has no use for: it makes the schema of
an action's answer anew each time (two thirds of a turn's processor time), opens a connection for each, decides once more that
it is the carer's turn now, and keeps what nothing reads again (docs/decisions/0015).
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import aiohttp
import rasa
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

Situation = tuple[str | None, frozenset[str]]  # the intent, and what kinds of entity there are
MOST = 10_000  # situations


class NoAnswer(Exception):
    """No action answered."""


class Steps:
    """Takes turns with one model."""

    def __init__(self, agent: Agent) -> None:
        self._processor: MessageProcessor = agent.processor
        self._actions = Actions(agent.action_endpoint)
        self._decided: dict[Situation, str] = {}
        gc.freeze()  # the model and Rasa stay, and aren't looked through for garbage

    async def take(self, message: UserMessage) -> Answer:
        """The answer of the action that the message leads to. Raises `NoAnswer`, or what a component raises."""
        read = await self._processor.parse_message(message, DialogueStateTracker(message.sender_id, ()))
        return await self._actions.run(self._action(message, read), message, read)

    async def close(self) -> None:
        """Close the connections."""
        await self._actions.close()

    def _action(self, message: UserMessage, read: Mapping[str, Any]) -> str:
        """What the policy decides; it is asked once for each situation, since its rules see no more of a turn than that."""
        situation = read["intent"]["name"], frozenset(entity["entity"] for entity in read["entities"])
        if situation not in self._decided:
            domain = self._processor.domain
            tracker = DialogueStateTracker(message.sender_id, domain.slots)
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME), domain)
            tracker.update(UserUttered(message.text, read["intent"], read["entities"], read), domain)
            action, _ = self._processor.predict_next_with_tracker_if_should(tracker)
            if len(self._decided) == MOST:
                self._decided.clear()
            self._decided[situation] = action.name()
        return self._decided[situation]


class Answer:
    """What an action says, and the slots it sets."""

    def __init__(self, given: Any) -> None:
        """Raises `NoAnswer` where it is nothing of the kind."""
        try:
            self.replies = [response["custom"] for response in given["responses"] if response.get("custom")]
            self.slots = {event["name"]: event["value"] for event in given["events"]}
        except (AttributeError, KeyError, TypeError) as error:
            raise NoAnswer("not an action's answer") from error
        if not self.replies:
            raise NoAnswer("nothing said")


class Actions:
    """The action server, by connections that are kept."""

    def __init__(self, endpoint: EndpointConfig) -> None:
        self._url, self._session = str(endpoint.url), endpoint.session()

    async def run(self, action: str, message: UserMessage, read: Mapping[str, Any]) -> Answer:
        """Have an action answer. Raises `NoAnswer`, which names no word of what was asked."""
        metadata: dict[str, Any] = message.metadata
        understood = {name: read[name] for name in ("text", "intent", "entities")}
        body = {"next_action": action, "sender_id": message.sender_id, "version": rasa.__version__,
                "tracker": {"sender_id": message.sender_id, "slots": metadata["slots"],
                            "latest_message": {**understood, "metadata": {"now": metadata.get("now")}}}}
        try:
            try:
                return Answer(await self._post(body))
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):  # since it was used last
                # An action that is asked twice does nothing twice.
                return Answer(await self._post(body))
        except (aiohttp.ClientError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from error

    async def _post(self, body: Mapping[str, Any]) -> Any:
        async with self._session.post(self._url, json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
