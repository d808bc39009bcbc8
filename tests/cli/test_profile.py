"""Which collector is meant, and that no token goes to another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_worker_cli.profile import DEFAULT_URL, ProfileError, Target, config_path, find_target

CONFIG = """
default = "home"
[profiles.home]
url = "http://home:1"
[profiles.work]
url = "https://work.example"
token = "work-token"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return {"OTEL_WORKER_CONFIG": str(path)}


def test_without_anything_it_is_this_machine(tmp_path: Path) -> None:
    environment = {"OTEL_WORKER_CONFIG": str(tmp_path / "none.toml")}
    assert find_target(None, None, None, environment) == Target(DEFAULT_URL, "")
    assert find_target(None, None, None, {**environment, "OTEL_WORKER_TOKEN": "t"}).token == "t"


@pytest.mark.parametrize(
    ("url", "token", "profile", "variables", "found"),
    [
        (None, None, None, {}, Target("http://home:1", "")),
        (None, None, "work", {}, Target("https://work.example", "work-token")),
        (None, None, None, {"PROFILE": "work"}, Target("https://work.example", "work-token")),
        (None, "mine", "work", {}, Target("https://work.example", "mine")),
        (None, "", "work", {}, Target("https://work.example", "")),
        (None, None, None, {"URL": "http://e:2", "TOKEN": "et"}, Target("http://e:2", "et")),
        (None, None, None, {"URL": "http://e:2", "PROFILE": "work"}, Target("http://e:2", "")),
        # The variable's token belongs to no profile, and a profile's token to no other address.
        (None, None, "work", {"TOKEN": "et"}, Target("https://work.example", "work-token")),
        (None, None, "home", {"TOKEN": "et"}, Target("http://home:1", "")),
        ("http://u:3", None, "work", {}, Target("http://u:3", "")),
        ("http://u:3", None, None, {"URL": "http://e:2", "TOKEN": "et"}, Target("http://u:3", "et")),
    ],
)
def test_what_counts_first(
    environment: dict[str, str],
    url: str | None,
    token: str | None,
    profile: str | None,
    variables: dict[str, str],
    found: Target,
) -> None:
    named = {f"OTEL_WORKER_{name}": value for name, value in variables.items()}
    assert find_target(url, token, profile, {**environment, **named}) == found


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("profiles = 3", "no profile 'work'"),
        ("", "it has none"),
        ("[profiles.home]\nurl='http://a'", "it has home"),
        ("[profiles.work]\ntoken='t'", "has no url"),
        ("[profiles.work]\nurl='http://a'\ntokn='t'", "found ['tokn']"),
        ("[profiles.work]\nurl='ftp://a'", "found 'ftp://a'"),
        ("[profiles", "cannot be read"),
    ],
)
def test_a_config_file_that_is_wrong(environment: dict[str, str], config: str, message: str) -> None:
    Path(environment["OTEL_WORKER_CONFIG"]).write_text(config)
    with pytest.raises(ProfileError) as refused:
        find_target(None, None, "work", environment)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "collector.example",
        "ftp://a",
        "http://",
        "http://[",
        "http://a:b",
        "http://a\n",
        "http://u:p@a",
        "http://a?b",
    ],
)
def test_an_address_that_is_none(url: str, environment: dict[str, str]) -> None:
    with pytest.raises(ProfileError):
        find_target(None, None, None, {**environment, "OTEL_WORKER_URL": url or "x"})


@pytest.mark.parametrize("token", ["a b", "a\n", "ä", "\x1b"])
def test_a_token_that_no_header_carries_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ProfileError) as refused:
        find_target("http://a", f"secret{token}", None, {})
    assert "secret" not in str(refused.value)


def test_the_place_of_the_config_file_is_the_systems() -> None:
    assert config_path({}).parts[-2:] == ("otel-worker", "config.toml")
