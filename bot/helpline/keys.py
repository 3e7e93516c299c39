"""Where the desk's parts are kept in the application."""

from __future__ import annotations

from aiohttp import web

from bot.gateway.acts import Acts
from bot.gateway.addresses import Addresses
from bot.helpline.accounts import Accounts, SignedIn
from bot.helpline.board import Board
from bot.helpline.desk import HelplineDesk
from bot.helpline.replies import SavedReply
from bot.helpline.rounds import Rounds
from bot.helpline.settings import DeskSettings

ACTS = web.AppKey("acts", Acts)
ADDRESSES = web.AppKey("addresses", Addresses)
ACCOUNTS = web.AppKey("accounts", Accounts)
DESK = web.AppKey("desk", HelplineDesk)
BOARD = web.AppKey("board", Board)
ROUNDS = web.AppKey("rounds", Rounds)
DESK_SETTINGS = web.AppKey("desk_settings", DeskSettings)
REPLIES = web.AppKey("replies", list[SavedReply])
SIGNED_IN = web.RequestKey("signed_in", SignedIn)
