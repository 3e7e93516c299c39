"""Staff accounts: argon2 passwords, a second factor by TOTP, lockout, sessions that end, and the log of what they did."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.gateway.acts import act
from bot.gateway.addresses import Addresses
from bot.gateway.store import Store, hashed
from bot.helpline.tables import LogEntry, Staff, StaffSession

Role = Literal["adviser", "supervisor", "editor"]
ROLES: tuple[Role, ...] = get_args(Role)
ISSUER = "Kinship Signpost"
SHORTEST, LONGEST = 12, 200  # characters of a password
TRIES = 5  # wrong sign-ins, then the account is locked for a while, longer each time
LOCKED = timedelta(minutes=5)
LOCKED_MOST = timedelta(hours=24)
STEP = 30  # seconds that a code of the second factor lasts


class NotAllowed(Exception):
    """Signing in was refused. `locked`: for the time being whatever is typed."""

    def __init__(self, locked: bool = False) -> None:
        super().__init__("locked" if locked else "wrong")
        self.locked = locked


@dataclass(frozen=True)
class SignedIn:
    """Whoever has the cookie."""

    staff: Staff
    session: StaffSession


class Accounts:
    """Reading and writing of accounts, sessions and the log."""

    def __init__(self, store: Store, addresses: Addresses, idle: timedelta, longest: timedelta) -> None:
        self._store, self._addresses, self._idle, self._longest = store, addresses, idle, longest
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))  # an unknown name takes as long as a wrong password

    async def add(self, staff_id: str, name: str, role: Role, password: str, by: str, now: datetime) -> str:
        """A new account; gives the address for an authenticator app, which is shown once. Raises `ValueError`."""
        secret = pyotp.random_base32()
        self._check(password)
        account = Staff(id=staff_id, name=name, role=role, password_hash=self._hasher.hash(password), totp_step=0,
                        totp_secret=self._addresses.seal(secret), failures=0, locked_until=None, created_at=now)
        try:
            async with self._store.session() as session:
                session.add(account)
                session.add(act(by, "account_made", now, staff_id, role))
        except IntegrityError as error:
            raise ValueError(f"There is an account {staff_id} already.") from error
        return self.uri(staff_id, secret)

    async def renew(self, staff_id: str, password: str, by: str, now: datetime) -> str:
        """A new password and a new second factor; every session of the account ends. Raises `ValueError`."""
        self._check(password)
        secret = pyotp.random_base32()
        async with self._store.session(reads_first=True) as session:
            account = await session.get(Staff, staff_id)
            if account is None:
                raise ValueError(f"There is no account {staff_id}.")
            account.password_hash, account.totp_secret = self._hasher.hash(password), self._addresses.seal(secret)
            account.totp_step, account.failures, account.locked_until = 0, 0, None
            await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))
            session.add(act(by, "account_reset", now, staff_id))
        return self.uri(staff_id, secret)

    async def remove(self, staff_id: str, by: str, now: datetime) -> None:
        """The account and its sessions. Raises `ValueError` where there is none."""
        async with self._store.session() as session:
            gone = await session.execute(delete(Staff).where(Staff.id == staff_id))
            if gone.rowcount == 0:  # type: ignore[attr-defined]
                raise ValueError(f"There is no account {staff_id}.")
            session.add(act(by, "account_removed", now, staff_id))

    async def all(self) -> list[Staff]:
        """Every account, by name."""
        async with self._store.session() as session:
            return list(await session.scalars(select(Staff).order_by(Staff.name)))

    async def sign_in(self, staff_id: str, password: str, code: str, now: datetime) -> tuple[SignedIn, str]:
        """A session, and the secret for its cookie. Raises `NotAllowed`, never saying which part was wrong."""
        async with self._store.session() as session:
            account = await session.get(Staff, staff_id)
        right = await asyncio.to_thread(self._is_password, account, password)  # slow on purpose
        if account and account.locked_until and account.locked_until > now:
            raise NotAllowed(locked=True)
        step = self._step(account, code, now) if account and right else None
        if account is None or step is None:
            raise NotAllowed(locked=await self._failed(staff_id, now))
        secret = secrets.token_urlsafe(32)
        made = StaffSession(id_hash=hashed(secret), staff_id=account.id, csrf=secrets.token_urlsafe(32), here=False,
                            created_at=now, acted_at=now, seen_at=now)
        async with self._store.session(reads_first=True) as session:
            used = await session.execute(update(Staff).where(Staff.id == staff_id, Staff.totp_step < step).values(
                totp_step=step, failures=0, locked_until=None))
            if used.rowcount == 0:  # type: ignore[attr-defined]
                raise NotAllowed  # somebody was faster with the same code
            session.add(made)
            session.add(LogEntry(staff_id=staff_id, what="signed_in", conversation_id=None, at=now))
        return SignedIn(account, made), secret

    async def session(self, secret: str, now: datetime, acts: bool = True) -> SignedIn | None:
        """Whose the cookie is; None where there is no such session any more. `acts`: a person did something."""
        async with self._store.session() as session:
            found = (await session.execute(select(StaffSession, Staff).join(Staff, Staff.id == StaffSession.staff_id).where(
                StaffSession.id_hash == hashed(secret)))).one_or_none()
        if found is None:
            return None
        kept, account = found
        if self._over(kept, now):
            return None
        if acts and now - kept.acted_at > timedelta(seconds=10):  # not a write for each click
            await self._set(kept.id_hash, acted_at=now)
        return SignedIn(account, kept)

    async def seen(self, signed_in: SignedIn, now: datetime) -> bool:
        """The page is open; False where the session is over."""
        await self._set(signed_in.session.id_hash, seen_at=now)
        async with self._store.session() as session:
            kept = await session.get(StaffSession, signed_in.session.id_hash)
        return kept is not None and not self._over(kept, now)

    async def set_here(self, signed_in: SignedIn, here: bool, now: datetime) -> None:
        """Takes conversations, or not for now."""
        await self._set(signed_in.session.id_hash, here=here, seen_at=now)
        await self.note(signed_in.staff.id, "here" if here else "away", None, now)

    async def sign_out(self, signed_in: SignedIn, now: datetime) -> None:
        """The session is over."""
        async with self._store.session() as session:
            await session.execute(delete(StaffSession).where(StaffSession.id_hash == signed_in.session.id_hash))
            session.add(LogEntry(staff_id=signed_in.staff.id, what="signed_out", conversation_id=None, at=now))

    async def here(self, since: datetime) -> set[str]:
        """Who takes conversations, and whose page was open after `since`."""
        async with self._store.session(at_once=True) as session:
            return set(await session.scalars(select(StaffSession.staff_id).join(Staff).where(
                StaffSession.here, StaffSession.seen_at > since, Staff.role != "editor")))

    async def seen_since(self, since: datetime) -> set[str]:
        """Whose page was open after `since`, taking conversations or not."""
        async with self._store.session() as session:
            return set(await session.scalars(select(StaffSession.staff_id).where(StaffSession.seen_at > since)))

    async def note(self, staff_id: str, what: str, conversation_id: str | None, now: datetime) -> None:
        """Keep in the log what somebody read or did."""
        async with self._store.session() as session:
            session.add(LogEntry(staff_id=staff_id, what=what, conversation_id=conversation_id, at=now))

    async def log(self, most: int = 200) -> list[LogEntry]:
        """The newest entries first."""
        async with self._store.session() as session:
            return list(await session.scalars(select(LogEntry).order_by(LogEntry.id.desc()).limit(most)))

    async def forget_sessions(self, now: datetime) -> None:
        """Sessions that are over."""
        async with self._store.session() as session:
            await session.execute(delete(StaffSession).where(
                (StaffSession.acted_at < now - self._idle) | (StaffSession.created_at < now - self._longest)))

    @staticmethod
    def uri(staff_id: str, secret: str) -> str:
        """What an authenticator app reads from the QR code."""
        return pyotp.TOTP(secret).provisioning_uri(name=staff_id, issuer_name=ISSUER)

    @staticmethod
    def _check(password: str) -> None:
        if not SHORTEST <= len(password) <= LONGEST:
            raise ValueError(f"A password has {SHORTEST} characters or more. Four words you can remember are a good one.")
        if len(set(password)) < 5:
            raise ValueError("That password is too easy to guess.")

    def _is_password(self, account: Staff | None, password: str) -> bool:
        try:
            self._hasher.verify(account.password_hash if account else self._nobody, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
        return account is not None

    def _step(self, account: Staff, code: str, now: datetime) -> int | None:
        """The time step that the code is of, one to either side allowed; None where it is wrong or was used."""
        totp = pyotp.TOTP(self._addresses.open(account.totp_secret))
        current = int(now.timestamp()) // STEP
        for step in (current - 1, current, current + 1):
            right = secrets.compare_digest(totp.at(step * STEP).encode(), "".join(code.split()).encode())
            if right and step > account.totp_step:
                return step
        return None

    async def _failed(self, staff_id: str, now: datetime) -> bool:
        """Count a failure; True where the account is locked by it."""
        async with self._store.session(reads_first=True) as session:
            account = await session.get(Staff, staff_id)
            if account is None:
                return False
            account.failures += 1
            times, over = divmod(account.failures, TRIES)
            if over:
                return False
            account.locked_until = now + min(LOCKED * 2 ** (times - 1), LOCKED_MOST)
            session.add(LogEntry(staff_id=staff_id, what="locked_out", conversation_id=None, at=now))
            return True

    def _over(self, kept: StaffSession, now: datetime) -> bool:
        """Was nothing done for too long, or did it begin too long ago?"""
        return now - kept.acted_at > self._idle or now - kept.created_at > self._longest

    async def _set(self, id_hash: str, **values: object) -> None:
        async with self._store.session() as session:
            await session.execute(update(StaffSession).where(StaffSession.id_hash == id_hash).values(**values))
