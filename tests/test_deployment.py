"""Dockerfile, compose.yaml and the built package hold what they must; no container engine is needed."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.serve import GRACE
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "casework", "console", "dialogs", "locales", "storage")
SETTINGS = {f"TREDE_{name.upper()}" for name in Settings.model_fields}
WORKERS = ("trede", "trede-2")
SECRETS = {
    "POSTGRES_PASSWORD",
    "TREDE_METRICS_TOKEN",
    "TREDE_TELEGRAM_TOKEN",
    "TREDE_TELEGRAM_WEBHOOK_SECRET",
}

SERVICE_KEYS = {
    "build",
    "cap_add",
    "cap_drop",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "init",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "tmpfs",
    "volumes",
}
"""What we use of the Compose Specification."""

Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions, each with its arguments, lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line.strip() for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def last_stage() -> list[Instruction]:
    """The instructions that make the image that runs."""
    found = instructions()
    starts = [number for number, (name, _) in enumerate(found) if name == "FROM"]
    return found[starts[-1] :]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


# ── the image ────────────────────────────────────────────────────────────────────────────────────


def test_the_image_is_built_in_two_stages_on_a_slim_base_without_a_registry_host() -> None:
    bases = [arguments.split()[0] for name, arguments in instructions() if name == "FROM"]

    assert len(bases) == 2
    assert [base for base in bases if not re.fullmatch(r"python:3\.\d+-slim(-\w+)?", base)] == []


def test_only_pinned_packages_with_hashes_get_in() -> None:
    installs = [run for name, run in instructions() if name == "RUN" and "pip install" in run]

    assert [run for run in installs if "--require-hashes" not in run and "--no-deps" not in run] == []
    assert any("--require-hashes -r requirements/run.txt" in run for run in installs)


def test_the_lists_of_packages_agree_where_they_overlap() -> None:
    run, ptb, dev = (pinned(ROOT / f"requirements/{name}.txt") for name in ("run", "ptb", "dev"))

    assert run.items() <= ptb.items()
    assert ptb.items() <= dev.items()
    assert ptb.keys() - run.keys() >= {"python-telegram-bot", "httpx"}


def pinned(requirements: Path) -> dict[str, str]:
    """Package → version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", requirements.read_text(), re.MULTILINE))


def test_the_image_gets_the_library_that_it_is_built_with() -> None:
    runs = [arguments for name, arguments in instructions() if name == "RUN"]
    default = dict(line for line in instructions() if line[0] == "ARG")["ARG"]

    assert default == f"TELEGRAM_LIBRARY={Settings.model_fields['telegram_library'].default}"
    assert any('"$TELEGRAM_LIBRARY" = ptb' in run and "-r requirements/ptb.txt" in run for run in runs)
    assert compose()["services"]["trede"]["build"]["args"] == {
        "TELEGRAM_LIBRARY": compose()["services"]["trede"]["environment"]["TREDE_TELEGRAM_LIBRARY"]
    }


def test_nobody_runs_it_as_root() -> None:
    users = [arguments for name, arguments in last_stage() if name == "USER"]

    assert users
    assert users[-1].split(":")[0] not in ("root", "0")
    assert not any(name in ("RUN", "COPY") for name, _ in after_user(last_stage()))


def after_user(found: list[Instruction]) -> list[Instruction]:
    return found[[name for name, _ in found].index("USER") :]


def test_it_tells_whether_it_is_well_and_keeps_its_data_apart() -> None:
    names = dict(last_stage())

    assert "/healthz" in names["HEALTHCHECK"]
    assert names["VOLUME"] == "/data"
    assert "TREDE_DATA_DIR=/data" in names["ENV"]
    assert (names["ENTRYPOINT"], names["CMD"]) == ('["trede"]', '["run"]')


def test_every_room_is_copied_and_all_that_is_copied_exists() -> None:
    copied = [
        source
        for name, arguments in instructions()
        if name == "COPY" and not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    ]

    assert set(ROOMS) <= set(copied)
    assert [source for source in copied if not (ROOT / source).exists()] == []
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines, "nothing goes in but what is named"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied)


def test_the_words_are_compiled_and_checked_when_the_image_is_made() -> None:
    runs = " ".join(arguments for name, arguments in instructions() if name == "RUN")

    assert "trede i18n compile" in runs
    assert "trede check" in runs


def test_every_setting_named_in_the_image_exists() -> None:
    named = {name for line in instructions() for name in re.findall(r"TREDE_[A-Z_]+", line[1])}

    assert named
    assert named <= SETTINGS


# ── the package ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the package, built without a network from a copy of the code."""
    copy = tmp_path_factory.mktemp("package")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    subprocess.run([sys.executable, "-c", build], cwd=copy, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(copy.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_package_holds_every_file_of_every_room(package: set[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", *ROOMS], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    if tracked.returncode:
        pytest.skip("not a git working copy")
    notes = {name for name in tracked.stdout.split() if name.endswith((".md", ".mako"))}

    assert set(tracked.stdout.split()) - notes - package == set()


# ── compose.yaml ─────────────────────────────────────────────────────────────────────────────────


def test_compose_has_two_workers_a_proxy_and_postgres_with_keys_that_compose_knows() -> None:
    found = compose()

    assert set(found) == {"services", "volumes"}
    assert set(found["services"]) == {*WORKERS, "proxy", "postgres"}
    for service in found["services"].values():
        assert set(service) <= SERVICE_KEYS


def test_each_service_tells_whether_it_is_well_and_trede_waits_for_postgres() -> None:
    services = compose()["services"]

    for service in services.values():
        assert set(service["healthcheck"]) == {"test", "interval", "timeout", "retries", "start_period"}
        assert service["healthcheck"]["test"][0] == "CMD"
    for worker in WORKERS:
        assert services[worker]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["proxy"]["depends_on"] == {"trede": {"condition": "service_healthy"}}


def test_the_workers_are_alike_and_share_the_database_and_the_key() -> None:
    one, other = (compose()["services"][worker] for worker in WORKERS)

    assert one == other
    assert "trede-data:/data" in one["volumes"]
    assert "TREDE_DATABASE_URL" in one["environment"]


def test_the_proxy_shares_the_requests_between_all_workers() -> None:
    found = caddyfile()
    [line] = [line.split() for line in found.splitlines() if line.strip().startswith("reverse_proxy ")]

    assert line[1:-1] == [f"{worker}:8000" for worker in WORKERS]
    assert "lb_try_duration" in found, "a worker that is away takes no request down"
    assert "./docs/Caddyfile:/etc/caddy/Caddyfile:ro" in compose()["services"]["proxy"]["volumes"]


def test_the_proxy_hands_on_who_asks_and_logs_no_paths() -> None:
    found = caddyfile()

    assert "trusted_proxies static private_ranges" in found
    assert "exclude http.log.error http.handlers.reverse_proxy" in found


def caddyfile() -> str:
    """What it says, without what it explains."""
    return re.sub(r"^\s*#.*\n", "", (ROOT / "docs/Caddyfile").read_text(), flags=re.MULTILINE)


def test_every_setting_named_in_compose_exists() -> None:
    environment = compose()["services"]["trede"]["environment"]

    assert set(environment) <= SETTINGS
    assert set(re.findall(r"\$\{(TREDE_\w+)", str(environment))) <= SETTINGS


def test_every_setting_of_an_operator_reaches_the_workers() -> None:
    settled = {f"TREDE_{name}" for name in ("DATA_DIR", "KEY_FILE", "HOST", "PORT")}  # by image and volumes
    for_load_tests = {"TREDE_LIMITS"}

    assert set(compose()["services"]["trede"]["environment"]) == SETTINGS - settled - for_load_tests


def test_no_secret_stands_in_compose() -> None:
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if name in SECRETS:
                assert re.fullmatch(r"\$\{\w+:[-?][^}]*\}", value), name
    assert "trede:${POSTGRES_PASSWORD" in compose()["services"]["trede"]["environment"]["TREDE_DATABASE_URL"]


def test_key_and_data_outlive_the_containers() -> None:
    found = compose()
    mounts = [mount.split(":") for service in found["services"].values() for mount in service["volumes"]]
    files = [name for name, *_ in mounts if name.startswith("./")]

    assert {name for name, *_ in mounts} - set(files) == set(found["volumes"])
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert ["trede-data", "/data"] in mounts


def test_only_this_machine_reaches_it_without_the_proxy() -> None:
    services = compose()["services"]

    assert services["proxy"]["ports"] == ["127.0.0.1:8000:8000"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_it_has_time_to_finish_before_it_is_killed() -> None:
    assert int(compose()["services"]["trede"]["stop_grace_period"].removesuffix("s")) > GRACE
