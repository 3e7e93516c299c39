"""Settings of the desk (`SIGNPOST_…`). docs/operating.md explains them."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeskSettings(BaseSettings):
    """One field a variable: `SIGNPOST_DESK` is `desk`."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_", extra="ignore")

    desk: Literal["console", "chatwoot"] = "console"
    public_url: str = ""  # with https the session cookie is sent by https alone
    desk_seen_minutes: float = 2.0  # an adviser whose page was not seen for so long is gone
    desk_answer_minutes: float = 5.0  # a carer who is not answered for so long goes back into the queue
    desk_idle_minutes: float = 60.0  # a session nobody used for so long ends
    desk_session_hours: float = 12.0  # and any after so long
    desk_round_seconds: float = 5.0
    smtp_url: str = ""  # smtp://user:password@mail.example.org:587 or smtps://…
    desk_mail_from: str = ""
    desk_mail_to: str = ""
    chatwoot_url: str = ""
    chatwoot_inbox: str = ""  # identifier of the API channel's inbox
    chatwoot_secret: SecretStr = SecretStr("")
    chatwoot_account: int = 0
    chatwoot_token: SecretStr = SecretStr("")

    @property
    def secure(self) -> bool:
        """Do staff come by https?"""
        return self.public_url.startswith("https://")

    @model_validator(mode="after")
    def _complete(self) -> DeskSettings:
        self.public_url = self.public_url.rstrip("/")
        if self.smtp_url and not (self.desk_mail_from and self.desk_mail_to):
            raise ValueError("SIGNPOST_DESK_MAIL_FROM and SIGNPOST_DESK_MAIL_TO are needed with SIGNPOST_SMTP_URL")
        if self.desk == "chatwoot" and not (self.chatwoot_url and self.chatwoot_inbox and self.chatwoot_account
                                            and self.chatwoot_token.get_secret_value()
                                            and self.chatwoot_secret.get_secret_value()):
            raise ValueError("SIGNPOST_DESK=chatwoot needs SIGNPOST_CHATWOOT_URL, _INBOX, _ACCOUNT, _TOKEN and _SECRET")
        return self
