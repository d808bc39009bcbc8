"""What a deploy reads of wrangler.toml, and the one line that it writes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_worker_cli.deploy.config import ConfiguredDatabase, read_config, write_database_id
from otel_worker_cli.deploy.steps import deploy_steps
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import this_checkout

FIRST_ID, SECOND_ID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"

TWO_DATABASES = """\
name = "traces" # database_id = "not this"
account_id = "abc"
[vars]
database_id = "nor this"

[[d1_databases]]
database_id='00000000-0000-0000-0000-000000000000'   # keep this
binding = "DB"
database_name = "one"

[[d1_databases]]
  binding = "DB_1"
  database_name = "two"
  database_id =   ""
[triggers]
crons = []
"""


def written(tmp_path: Path, text: str, newline: str = "\n") -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_bytes(text.replace("\n", newline).encode())
    return path


def test_the_file_of_this_version_can_be_read() -> None:
    config = read_config(this_checkout().wrangler_config)
    assert config.worker == "otel-worker"
    assert [database.binding for database in config.databases] == ["DB"]
    assert "0001_span_blocks.sql" in config.database("DB").migrations


def test_zeros_are_no_id(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, TWO_DATABASES))
    assert (config.worker, config.account_id) == ("traces", "abc")
    assert config.databases == (
        ConfiguredDatabase("DB", "one", "", ()),
        ConfiguredDatabase("DB_1", "two", "", ()),
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_line_of_the_id_changes(tmp_path: Path, newline: str) -> None:
    path = written(tmp_path, TWO_DATABASES, newline)
    path.chmod(0o640)
    write_database_id(path, "DB_1", SECOND_ID)
    write_database_id(path, "DB", FIRST_ID)
    expected = TWO_DATABASES.replace('database_id =   ""', f'database_id =   "{SECOND_ID}"').replace(
        "database_id='00000000-0000-0000-0000-000000000000'   # keep", f'database_id="{FIRST_ID}"   # keep'
    )
    assert path.read_bytes().decode() == expected.replace("\n", newline)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [database.database_id for database in read_config(path).databases] == [FIRST_ID, SECOND_ID]


def test_a_file_without_such_a_line_is_left_alone(tmp_path: Path) -> None:
    text = 'name = "x"\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "one"\n'
    path = written(tmp_path, text)
    with pytest.raises(ToolingError, match="has no line for the id of the database DB"):
        write_database_id(path, "DB", FIRST_ID)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name =", "cannot be read"),
        ('[[d1_databases]]\nbinding = "DB"\n', "lacks something"),
        ('name = "x"\n', "lacks something"),
        ('name = "x"\n[[d1_databases]]\nbinding = "DB"\n', "lacks something"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ToolingError, match=words):
        read_config(written(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolingError, match="cannot be read"):
        read_config(tmp_path / "wrangler.toml")


def test_the_page_has_every_step() -> None:
    page = (this_checkout().root / "docs" / "deploy.md").read_text(encoding="utf-8")
    titles = [
        step.title.removesuffix(" DB") for step in deploy_steps(read_config(this_checkout().wrangler_config))
    ]
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row] == titles
