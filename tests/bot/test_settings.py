"""Settings: each is documented, has a sensible default, and is refused in one line when it cannot be used."""

import os
import re
from pathlib import Path

import pytest

from bot.settings import Settings, WrongSettings, read_settings
from tests.fakes.telegram_libraries import LIBRARIES

ROOT = Path(__file__).parents[2]
PROMISED = {
    "TREDE_DATABASE_URL",
    "TREDE_DATA_DIR",
    "TREDE_HOST",
    "TREDE_PORT",
    "TREDE_PUBLIC_URL",
    "TREDE_TELEGRAM_TOKEN",
    "TREDE_TELEGRAM_API",
    "TREDE_TELEGRAM_LIBRARY",
    "TREDE_TELEGRAM_WEBHOOK_URL",
    "TREDE_TELEGRAM_WEBHOOK_SECRET",
}
"""Names that other people rely on."""

WEBHOOK = "https://trede.example.org/telegram"
SECRET = "s" * 32


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine, and no `.env`."""
    for name in [name for name in os.environ if name.startswith("TREDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def names() -> set[str]:
    return {f"TREDE_{name.upper()}" for name in Settings.model_fields}


def documented() -> dict[str, str]:
    """Name → default, as docs/settings.md has them."""
    rows = [line for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {cell[0].strip("`"): cell[1] for cell in cells}


def test_every_setting_has_a_line_in_the_docs_and_every_line_is_a_setting() -> None:
    assert set(documented()) == names()


def test_every_library_for_telegram_is_named_in_the_docs() -> None:
    [line] = [
        row for row in (ROOT / "docs/settings.md").read_text().splitlines() if "TELEGRAM_LIBRARY" in row
    ]

    assert [name for name in LIBRARIES if f"`{name}`" not in line] == []


def test_every_promised_name_is_there() -> None:
    assert names() >= PROMISED


def test_the_example_file_names_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"^# (TREDE_\w+)=", example, re.MULTILINE)) == names()


def test_defaults_are_as_documented() -> None:
    settings = read_settings()

    told = documented()
    assert f"`{settings.data_dir}`" == told["TREDE_DATA_DIR"]
    assert f"`{settings.database_connections}`" == told["TREDE_DATABASE_CONNECTIONS"]
    assert f"`{settings.host}`" == told["TREDE_HOST"]
    assert f"`{settings.port}`" == told["TREDE_PORT"]
    assert f"`{settings.proxies}`" == told["TREDE_PROXIES"]
    assert f"`{settings.log_level}`" == told["TREDE_LOG_LEVEL"]
    assert settings.metrics_token.get_secret_value() == ""
    assert f"`{settings.telegram_library}`" == told["TREDE_TELEGRAM_LIBRARY"]
    assert settings.database == f"sqlite:///{Path.cwd()}/data/trede.sqlite3"
    assert settings.key == Path("data/key")
    assert settings.address == "http://127.0.0.1:8000"
    for name in ("token", "webhook_secret"):
        assert getattr(settings, f"telegram_{name}").get_secret_value() == ""
    assert (settings.telegram_api, settings.telegram_webhook_url) == ("", "")


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TREDE_PORT=8100\nTREDE_HOST=0.0.0.0\nOTHER=1\nTREDE_PUBLIC_URL=\n")
    monkeypatch.setenv("TREDE_HOST", "127.0.0.2")

    settings = read_settings()

    assert (settings.port, settings.host) == (8100, "127.0.0.2")
    assert settings.address == "http://127.0.0.2:8100"


def test_the_public_address_goes_without_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREDE_PUBLIC_URL", "https://trede.example.org/")

    assert read_settings().address == "https://trede.example.org"


@pytest.mark.parametrize("secret", ["", "s" * 31, "s" * 31 + " ", "é" * 32, "s" * 257])
def test_a_webhook_without_a_good_secret_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_URL", WEBHOOK)
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_SECRET", secret)

    with pytest.raises(WrongSettings) as wrong:
        read_settings()

    assert "TREDE_TELEGRAM_WEBHOOK_SECRET needs 32" in str(wrong.value)
    assert secret == "" or secret not in str(wrong.value)


def test_a_webhook_with_a_good_secret_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_URL", WEBHOOK)
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_SECRET", SECRET)

    assert read_settings().telegram_webhook_url == WEBHOOK


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TREDE_PORT", "eighty"),
        ("TREDE_PORT", "70000"),
        ("TREDE_TELEGRAM_LIBRARY", "another"),
        ("TREDE_PUBLIC_URL", "trede.example.org"),
        ("TREDE_PUBLIC_URL", "https://[broken"),
        ("TREDE_TELEGRAM_API", "127.0.0.1:8081"),
        ("TREDE_TELEGRAM_WEBHOOK_URL", "https://trede.example.org"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv(name, value)

    with pytest.raises(WrongSettings) as wrong:
        read_settings()

    assert str(wrong.value).startswith(f"{name}: ")
    assert "\n" not in str(wrong.value)


def test_a_dotenv_file_that_is_no_text_is_refused_in_one_line() -> None:
    Path(".env").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(WrongSettings, match=r"\.env cannot be read"):
        read_settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREDE_TELEGRAM_TOKEN", "123:hidden")
    monkeypatch.setenv("TREDE_TELEGRAM_WEBHOOK_SECRET", SECRET)

    assert "hidden" not in repr(read_settings())
    assert SECRET not in repr(read_settings())
