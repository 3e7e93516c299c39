"""Settings of the phone channels (`SIGNPOST_…`); a channel whose settings are empty is off."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class PhoneSettings(BaseSettings):
    """One field a variable: `SIGNPOST_PUBLIC_URL` is `public_url`. docs/operating.md explains them."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_", extra="ignore")

    public_url: str = ""  # https://chat.example.org: where carers and providers reach the gateway
    address_keys: SecretStr = SecretStr("")
    phone_countries: str = "GB GG JE IM"  # the islands share +44, and some of their numbers are used all over the UK
    join_seconds: float = 2.0
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_sms_from: str = ""  # +44… or a Messaging Service, MG…
    twilio_whatsapp_from: str = ""  # +44… without 'whatsapp:'
    whatsapp_template: str = ""  # HX…: the approved template that says that the helpline has answered
    twilio_api: str = ""  # another address than Twilio's, for tests and `make phone`
    telegram_token: SecretStr = SecretStr("")
    telegram_secret: SecretStr = SecretStr("")
    telegram_updates: Literal["webhook", "polling"] = "webhook"
    telegram_api: str = ""  # another address than Telegram's, for tests and `make phone`

    @property
    def countries(self) -> list[str]:
        """ISO codes of the countries whose mobiles we write to."""
        return self.phone_countries.replace(",", " ").upper().split()

    @property
    def twilio(self) -> bool:
        """Is there a Twilio account with a number?"""
        return bool(self.twilio_account_sid and self.twilio_auth_token.get_secret_value()
                    and (self.twilio_sms_from or self.twilio_whatsapp_from))

    @property
    def telegram(self) -> bool:
        """Is there a Telegram bot?"""
        return bool(self.telegram_token.get_secret_value())

    def numbers(self) -> dict[str, str]:
        """Where carers write to us, by channel; what is no number is left out."""
        found = {"sms": self.twilio_sms_from, "whatsapp": self.twilio_whatsapp_from}
        return {name: number for name, number in found.items() if self.twilio and number.startswith("+")}

    @model_validator(mode="after")
    def _complete(self) -> PhoneSettings:
        """A webhook can't be verified without the address it was sent to, nor without its secret."""
        self.public_url = self.public_url.rstrip("/")
        if self.twilio and not self.public_url:
            raise ValueError("SIGNPOST_PUBLIC_URL is missing: Twilio signs the address it calls")
        if self.telegram and self.telegram_updates == "webhook" and not (
                self.public_url and self.telegram_secret.get_secret_value()):
            raise ValueError("SIGNPOST_PUBLIC_URL and SIGNPOST_TELEGRAM_SECRET are needed for Telegram's webhook; "
                             "for development, set SIGNPOST_TELEGRAM_UPDATES=polling")
        return self
