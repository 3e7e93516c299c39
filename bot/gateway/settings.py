"""Settings, from the environment (`SIGNPOST_…`), checked once at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """One field a variable: `SIGNPOST_PORT` is `port`. docs/operating.md explains them."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path = ROOT / "var"
    database_url: str = ""
    redis_url: str = ""  # redis://…: events and rate limits of several gateways; empty where there is one
    proxies: str = ""  # addresses and networks of proxies before us, whose X-Forwarded-For is believed
    now: str = ""
    sites: str = "*"  # origins that may embed the widget, `https://council.example https://…`; * for any
    rate_limits: Literal["on", "off"] = "on"
    rasa_url: str = "http://127.0.0.1:5005"
    rasa_token: SecretStr = SecretStr("")
    rasa_timeout: float = 8.0
    answer_within: float = 10.0
    keep_web_hours: int = 24
    keep_phone_days: int = 30
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0  # of the private address: metrics, and what the supervisor asks; none where 0
    metrics_token: SecretStr = SecretStr("")  # needed where that isn't loopback
    danger_model: Path = ROOT / "models" / "danger.npz"

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the store; SQLite in the data folder by default."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'signpost.db'}"
