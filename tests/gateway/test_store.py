"""The store: restarts, deletion, retention, migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bot.gateway import turns
from bot.gateway.migrate import migrate
from bot.gateway.store import Store
from bot.gateway.tables import Base, Outbound
from bot.helpline.cases import Cases
from bot.knowledge.reply import HandOver, Message
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.waiting import until

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
DANGER = "I want to kill myself"
HELLO = [Message(text="Hello.", topics=["assistant.greeting"])]


async def everything(store: Store) -> dict[str, list]:
    """All rows of all tables there are, but the database's and Alembic's own."""
    async with store.engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
        own = [n for n in names if n != "alembic_version"]
        return {n: list((await connection.exec_driver_sql(f"SELECT * FROM {n}")).all()) for n in own}  # noqa: S608


async def is_empty(store: Store) -> bool:
    """Nothing of anybody is left; the figures are nobody's."""
    return not any(rows for table, rows in (await everything(store)).items() if table != "tallies")


# Migrations


async def test_the_migrations_make_exactly_the_tables_in_the_code(store: Store) -> None:
    async with store.engine.connect() as connection:
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata))
    assert found == []
    assert set(await everything(store)) == set(Base.metadata.tables)


async def test_migrating_again_changes_nothing(store: Store) -> None:
    await store.open_conversation("web", NOW, HELLO)
    before = await everything(store)
    await migrate(store.engine)
    assert await everything(store) == before


async def test_a_text_that_was_on_its_way_at_the_upgrade_is_looked_for_from_when_it_was_tried(tmp_path: Path) -> None:
    """Or it would be sent twice."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    await migrate(store.engine, "0006")
    rows = [("sending", None), ("waiting", "unsure"), ("waiting", None), ("sent", None)]
    with sqlite3.connect(tmp_path / "old.db", timeout=60) as database:
        for status, error in rows:
            database.execute(
                "INSERT INTO outbound (conversation_id, contact_id, channel, body, options, urgent, farewell, status, error, "
                "attempts, next_at, updated_at) VALUES ('c', 'k', 'sms', '{}', '[]', 0, 0, ?, ?, 1, ?, ?)",
                (status, error, *(["2026-11-24 11:00:00.000000"] * 2)))
    await migrate(store.engine)
    async with store.session() as session:
        tried = list(await session.scalars(select(Outbound.first_tried_at).order_by(Outbound.id)))
    await store.close()
    assert tried == [NOW, NOW - timedelta(minutes=1), None, None]


async def test_the_database_is_set_for_crashes_and_for_deletion(store: Store) -> None:
    async with store.engine.connect() as connection:
        found = {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                 for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


# Committing


async def test_a_reply_is_committed_once(store: Store) -> None:
    conversation, _ = await store.open_conversation("web", NOW, HELLO)
    inbound, new = await store.receive(conversation, "p1", "hello", None, NOW)
    same, again = await store.receive(conversation, "p1", "hello", None, NOW)
    assert (new, again, same.id) == (True, False, inbound.id)
    answer = [Message(text="One.", topics=["x.y"]), Message(text="Two.", topics=["x.y"])]
    done = await asyncio.gather(*(store.commit_reply(inbound, answer, {"turn": n}, HandOver(reason="asked"), NOW)
                                  for n in range(5)))
    assert done.count(None) == 4
    assert await store.commit_reply(inbound, answer, {"turn": 99}, HandOver(reason="danger"), NOW) is None
    assert [line.text for line in await store.lines(conversation.id)] == ["Hello.", "hello", "One.", "Two."]
    kept = await store.conversation(conversation.id)
    assert kept and kept.slots == {"turn": next(n for n, given in enumerate(done) if given)} and kept.mode == "waiting"
    ((waiting, _),) = await Cases(store).all()
    assert waiting.reason == "asked", "nothing of the second try may be kept"


async def test_danger_moves_a_waiting_conversation_up_and_nothing_moves_it_down(store: Store) -> None:
    conversation, _ = await store.open_conversation("web", NOW, HELLO)
    for n, (reason, urgent) in enumerate([("asked", False), ("danger", True), ("asked", True)]):
        inbound, _ = await store.receive(conversation, f"p{n}", "x", None, NOW)
        await store.commit_reply(inbound, HELLO, {}, HandOver(reason=reason), NOW + timedelta(minutes=n))
        ((waiting, _),) = await Cases(store).all()
        assert waiting.urgent is urgent and waiting.since == NOW
    assert waiting.reason == "danger"


async def test_a_message_to_a_deleted_conversation_is_not_kept(store: Store) -> None:
    conversation, _ = await store.open_conversation("web", NOW, HELLO)
    inbound, _ = await store.receive(conversation, "p1", "x", None, NOW)
    await store.forget(conversation.id)
    with pytest.raises(LookupError):
        await store.receive(conversation, "p2", "x", None, NOW)
    assert await store.commit_reply(inbound, HELLO, {}, None, NOW) is None
    assert not any((await everything(store)).values())


async def test_an_error_of_the_database_names_no_words_of_a_carer(store: Store) -> None:
    conversation, _ = await store.open_conversation("web", NOW, HELLO)
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE transcript")
    with pytest.raises(SQLAlchemyError) as caught:
        await store.receive(conversation, "p1", "a planted sentence", None, NOW)
    assert "planted" not in str(caught.value)


async def test_a_large_clean_up_lets_others_write_in_between(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateway.store.BATCH", 2)
    old = [(await store.open_conversation("web", NOW, HELLO))[0].id for _ in range(5)]
    kept, _ = await store.open_conversation("web", NOW + timedelta(days=2), HELLO)
    transactions: list[bool] = []
    session = store.session

    def counted(**given: bool) -> Any:
        transactions.append(given.get("lengthy", False))
        return session(**given)

    monkeypatch.setattr(store, "session", counted)
    assert await store.forget_unused(NOW + timedelta(days=1), NOW) == 5
    assert transactions == [True] * 3, "no transaction deletes more than a batch"
    assert [await store.conversation(one) for one in old] == [None] * 5 and await store.conversation(kept.id)


# Restarts


async def test_what_waited_is_answered_after_a_restart_once(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    first = await start_gateway(answer_within=0.2)
    carer, other = await first.carer(), await first.carer()

    async def answered() -> bool:  # a busy machine: it waited for two tenths of a second only
        return (await carer.say("answered before", "k0")).status == 200

    await until(answered)
    await rasa.stop()
    for n in (1, 2):
        assert (await carer.say(f"waiting {n}", f"k{n}")).status == 503
    assert (await other.say("waiting too", "k1")).status == 503
    await first.close()
    await rasa.start()
    second = await start_gateway()
    carer, other = await second.again(carer), await second.again(other)
    heard = await carer.listen(until=7)
    assert [m["text"] for m in heard if m["from"] == "assistant"][1:] == [
        "You said: answered before", "You said: waiting 1", "You said: waiting 2"]
    assert (await carer.say("waiting 1", "k1")).text == "You said: waiting 1"
    assert (await other.say("waiting too", "k1")).text == "You said: waiting too"
    assert sorted(rasa.heard) == ["answered before", "waiting 1", "waiting 2", "waiting too"]
    assert len(await carer.transcript()) == 7 and len(await other.transcript()) == 3


async def test_a_gateway_killed_in_the_middle_of_a_turn_answers_it_once(start_gateway: StartGateway,
                                                                        rasa: FakeRasa) -> None:
    first = await start_gateway(rasa_timeout=20, answer_within=0.2)
    carer = await first.carer()
    rasa.moods = ["hang"]
    assert (await carer.say("hello", "k")).status == 503
    await first.close()  # Rasa has the message, its answer never comes
    second = await start_gateway()
    assert (await (await second.again(carer)).say("hello", "k")).text == "You said: hello"
    assert [t["turn"] for t in rasa.turns] == [rasa.turns[0]["turn"]] * 2, "the same turn again, from the same state"


async def test_danger_kept_before_a_crash_is_answered_at_the_start_without_rasa(
        start_gateway: StartGateway, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await start_gateway(answer_within=0.2)
    carer = await first.carer()
    await rasa.stop()
    await carer.say("what about money", "k1")
    with monkeypatch.context() as crash:
        crash.setattr(turns.Turns, "_answer_danger", lambda *_: asyncio.sleep(0))
        assert (await carer.say(DANGER, "k2")).status == 503
    await first.close()
    carer = await (await start_gateway()).again(carer)
    got = await carer.say(DANGER, "k2")
    assert got.status == 200 and got.urgent


# Deletion


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("signpost.db*"))


async def test_delete_leaves_no_row_and_no_byte(start_gateway: StartGateway, rasa: FakeRasa, tmp_path: Path) -> None:
    gateway = await start_gateway()
    carer, other = await gateway.carer(), await gateway.carer()
    plant = "the-planted-sentence-xyzzy"
    rasa.slots[plant] = {"situation": {"said": plant}}
    rasa.script[plant] = says(f"About {plant}.", options=[{"label": plant, "payload": "/a"}], hand_over="asked")
    await carer.say(plant)
    await carer.choose("/a")
    await carer.say(DANGER)
    await other.say("I stay")
    before = await everything(gateway.store)
    used = ("conversations", "inbound", "transcript", "waiting_for_person")
    assert all(before[name] for name in used) and plant.encode() in bytes_of(tmp_path)

    assert await carer.delete() == 204

    after = await everything(gateway.store)
    assert carer.id not in str(after) and plant not in str(after)
    kept = {name: len(rows) for name, rows in after.items() if rows and name != "tallies"}
    assert kept == {"conversations": 1, "inbound": 1, "transcript": 3}
    assert plant.encode() not in bytes_of(tmp_path)
    assert await carer.delete() == 404 and (await carer.say("hello")).status == 404
    assert len(await other.transcript()) == 3


async def test_delete_while_a_message_is_under_way_leaves_nothing(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    rasa.going_on.clear()
    saying = asyncio.create_task(carer.say("hello"))
    await until(lambda: rasa.turns)
    assert await carer.delete() == 204
    assert (await saying).messages == []
    rasa.going_on.set()
    await until(lambda: not rasa.busy)
    await asyncio.sleep(0.1)  # its reply comes back
    assert not any((await everything(gateway.store)).values())


async def test_a_carer_who_asks_to_be_forgotten_hears_so_and_is(gateway: Running, carer: Carer, rasa: FakeRasa,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "FORGET_AFTER", 0.2)
    rasa.script["yes"] = says("All of it goes now.", forget=True)
    got = await carer.say("yes")
    assert got.status == 200 and got.text == "All of it goes now."
    await until(lambda: is_empty(gateway.store))
    assert (await carer.say("hello")).status == 404


async def test_a_carer_is_forgotten_even_if_the_gateway_stops_before(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    first = await start_gateway()
    carer, other = await first.carer(), await first.carer()
    rasa.script["yes"] = says("All of it goes now.", forget=True)
    await carer.say("yes")
    await first.close()
    second = await start_gateway()
    carer, other = await second.again(carer), await second.again(other)

    async def gone() -> bool:
        return (await carer.say("hello")).status == 404

    await until(gone)
    assert (await other.say("hello")).status == 200


# Retention


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
async def test_a_conversation_on_the_web_is_kept_a_day_after_its_last_use(start_gateway: StartGateway, hours: int,
                                                                          kept: bool) -> None:
    first = await start_gateway(now=NOW.isoformat())
    carer = await first.carer()
    await first.close()
    later = await start_gateway(now=(NOW + timedelta(hours=hours)).isoformat())
    carer = await later.again(carer)
    if not kept:
        await until(lambda: is_empty(later.store))
    assert (await carer.say("hello")).status == (200 if kept else 404)


async def test_use_extends_the_time_and_other_channels_have_their_own(store: Store) -> None:
    old, _ = await store.open_conversation("web", NOW - timedelta(hours=30), HELLO)
    used, _ = await store.open_conversation("web", NOW - timedelta(hours=30), HELLO)
    text, _ = await store.open_conversation("sms", NOW - timedelta(hours=30), HELLO)
    await store.receive(used, "p", "hello", None, NOW)
    assert await store.forget_unused(NOW - timedelta(hours=24), NOW - timedelta(days=30)) == 1
    left = {row.id for row in (await everything(store))["conversations"]}
    assert left == {used.id, text.id}
    assert old.id not in str(await everything(store))
