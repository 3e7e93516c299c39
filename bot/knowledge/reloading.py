"""The content of a running process, changed without a restart: all of it is loaded first, then taken at once, or none."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from bot.knowledge.source_lines import ContentError

log = structlog.get_logger()

Take = Callable[[], None]
Load = Callable[[], Sequence[Take]]  # reads files, in a thread; gives what puts them in place in no time and never fails


def becomes(old: object, fresh: object) -> Take:
    """What makes `old`, and so whoever holds it, the same as `fresh`, of the same kind, in one step."""

    def take() -> None:
        object.__setattr__(old, "__dict__", vars(fresh))  # of frozen ones, too

    return take


class Content:
    """`add` the parts at the start; then `load` and `take`, again and again."""

    def __init__(self, taken: Callable[[float], None] = lambda _: None) -> None:
        """`taken`: told the Unix time at which content was taken."""
        self._parts: list[Load] = []
        self._loaded: list[Take] | None = None
        self._taken = taken
        taken(time.time())

    def add(self, part: Load) -> None:
        """One more part."""
        self._parts.append(part)

    async def load(self) -> list[str]:
        """Read all of it, while the old goes on; gives what is wrong with it, a line each, or nothing."""
        self._loaded = None
        try:
            self._loaded = await asyncio.to_thread(lambda: [take for part in self._parts for take in part()])
        except ContentError as error:
            return [str(problem) for problem in error.problems]
        except Exception as error:  # a mistake that no check names: the old content stays
            return [f"content: {type(error).__name__} while it was loaded; run: signpost content check"]
        return []

    def take(self) -> bool:
        """Put in place what was loaded, all of it between two messages; False where nothing was."""
        if self._loaded is None:
            return False
        for take in self._loaded:
            take()
        self._loaded = None
        self._taken(time.time())
        log.info("content_taken")
        return True

    def on_hangup(self) -> None:
        """`kill -HUP` reads it anew, in a process whose loop runs in its main thread."""
        reloading: set[asyncio.Task[list[str]]] = set()

        def reload() -> None:
            reloading.add(task := asyncio.create_task(self.reload()))
            task.add_done_callback(reloading.discard)

        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)

    async def reload(self) -> list[str]:
        """Both; what is wrong goes into the log, where nobody asked for it."""
        problems = await self.load()
        for problem in problems:
            log.error("content_not_taken", problem=problem)
        self.take()
        return problems
