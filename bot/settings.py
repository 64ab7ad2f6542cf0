"""All settings, from the environment or a `.env` file. Each has a line in docs/settings.md."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET = 32


class WrongSettings(Exception):
    """A setting cannot be used. Names the setting and the cure, never its value."""


class Settings(BaseSettings):
    """Names as in the environment, without TREDE_."""

    model_config = SettingsConfigDict(
        env_prefix="TREDE_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("data")
    database_url: str = ""
    key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_api: str = ""
    telegram_library: Literal["aiogram"] = "aiogram"
    telegram_webhook_url: str = ""
    telegram_webhook_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _webhook_is_secret(self) -> "Settings":
        if self.telegram_webhook_url and len(self.telegram_webhook_secret.get_secret_value()) < MIN_SECRET:
            raise ValueError(
                f"TREDE_TELEGRAM_WEBHOOK_SECRET needs at least {MIN_SECRET} letters or digits, since "
                "TREDE_TELEGRAM_WEBHOOK_URL is set. Make one with: openssl rand -hex 32"
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


def _plain(place: tuple[int | str, ...], message: str) -> str:
    words = message.removeprefix("Value error, ")
    return f"TREDE_{str(place[0]).upper()}: {words}. See docs/settings.md." if place else words
