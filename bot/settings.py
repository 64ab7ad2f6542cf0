"""All settings, from the environment or a `.env` file. Each has a line in docs/settings.md."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")
"""What Telegram sends back as a webhook's secret; shorter ones could be guessed."""


class WrongSettings(Exception):
    """A setting cannot be used. Names the setting and the cure, never its value."""


class Settings(BaseSettings):
    """Names as in the environment, without TREDE_."""

    model_config = SettingsConfigDict(
        env_prefix="TREDE_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("data")
    database_url: str = ""
    database_connections: int = Field(8, ge=2, le=100)
    key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""
    proxies: str = "127.0.0.1,::1"
    limits: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: SecretStr = SecretStr("")
    time_zone: str = "Europe/Amsterdam"
    draft_languages: str = ""
    help_file: Path | None = None
    audio_dir: Path | None = None
    telegram_token: SecretStr = SecretStr("")
    telegram_api: str = ""
    telegram_library: Literal["aiogram", "ptb"] = "aiogram"
    telegram_webhook_url: str = ""
    telegram_webhook_secret: SecretStr = SecretStr("")

    @field_validator("public_url", "telegram_api", "telegram_webhook_url")
    @classmethod
    def _is_whole(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if url and not (parts.scheme in ("http", "https") and parts.netloc):
            raise ValueError("Write the whole address, such as https://trede.example.org")
        return url

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("There is no such time zone. Write one such as Europe/Amsterdam") from None
        return name

    @field_validator("telegram_webhook_url")
    @classmethod
    def _has_a_path(cls, url: str) -> str:
        # Without one, Telegram's posts would land on the front page.
        if url and urlsplit(url).path in ("", "/"):
            raise ValueError("Add a path of its own, such as https://trede.example.org/telegram")
        return url

    @model_validator(mode="after")
    def _webhook_is_secret(self) -> "Settings":
        secret = self.telegram_webhook_secret.get_secret_value()
        if self.telegram_webhook_url and not SECRET.fullmatch(secret):
            raise ValueError(
                "TREDE_TELEGRAM_WEBHOOK_SECRET needs 32 to 256 letters out of A-Z a-z 0-9 _ -, since "
                "TREDE_TELEGRAM_WEBHOOK_URL is set. Make one with: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        return self

    @property
    def database(self) -> str:
        """The database's address; a SQLite file in the data directory if none was given."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'trede.sqlite3').absolute()}"

    @property
    def key(self) -> Path:
        """The file with the key that everything is sealed with."""
        return self.key_file or self.data_dir / "key"

    @property
    def zone(self) -> ZoneInfo:
        """Where the women are: their mornings and evenings."""
        return ZoneInfo(self.time_zone)

    @property
    def address(self) -> str:
        """Where browsers reach us, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings() -> Settings:
    """Settings as they are now. Raises WrongSettings with one line for all that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSettings(
            " ".join(_plain(fault["loc"], fault["msg"]) for fault in error.errors())
        ) from None
    except (OSError, UnicodeDecodeError):
        raise WrongSettings("The file .env cannot be read. Make it a readable text file in UTF-8.") from None


def _plain(place: tuple[int | str, ...], message: str) -> str:
    words = message.removeprefix("Value error, ").removesuffix(".")
    return f"TREDE_{str(place[0]).upper()}: {words}. See docs/settings.md." if place else f"{words}."
