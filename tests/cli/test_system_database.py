"""`otel-worker system database`: the file of the local server found, migrated and deleted."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from otel_worker_cli.local.database import open_database
from otel_worker_cli.local.migrations import migrations_folder
from tests.cli.command import CommandLine, without_colour

MIGRATIONS = sorted(path.name for path in migrations_folder().glob("*.sql"))


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    """Return the command in a home of its own, with no collector."""
    line = CommandLine(tmp_path)
    line.environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    return line


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a migrated database."""
    path = tmp_path / "traces.sqlite"
    with open_database(path):
        pass
    return path


def test_the_path_is_that_of_serve(command: CommandLine, tmp_path: Path) -> None:
    outcome = command.run("system", "database", "path")
    assert outcome.exit_code == 1
    path = Path(outcome.stdout.removesuffix("\n"))
    assert path.name == "traces.sqlite"
    assert path.is_relative_to(tmp_path)
    assert "no such file yet" in outcome.stderr
    assert command.run("system", "database", "path", "--json").document == {"path": str(path), "bytes": None}
    with open_database(path):
        outcome = command.succeed("system", "database", "path")
        assert (outcome.stdout, outcome.stderr) == (f"{path}\n", "")
    size_bytes = path.stat().st_size
    assert command.succeed("system", "database", "path", "--jsonl").document == {
        "path": str(path),
        "bytes": size_bytes,
    }


def test_it_applies_what_is_missing(command: CommandLine, database: Path) -> None:
    migrate = ("system", "database", "migrate", "--database", str(database))
    document = {"path": str(database), "applied": []}
    assert command.succeed(*migrate, "--json").document == document
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM d1_migrations WHERE name = ?", (MIGRATIONS[-1],))
        connection.execute("DROP TABLE metric_services")
        connection.commit()
    outcome = command.succeed(*migrate)
    assert outcome.stdout == f"Applied {MIGRATIONS[-1]}\n{database} has all migrations.\n"
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM d1_migrations ORDER BY name")]
    assert names == MIGRATIONS


def test_nothing_is_made_where_nothing_is(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    for name in ("migrate", "delete"):
        outcome = command.run("system", "database", name, "--database", str(path))
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert f"there is no database {path}" in outcome.stderr
    assert not path.exists()


def test_it_deletes_when_it_is_told_to(command: CommandLine, database: Path, tmp_path: Path) -> None:
    delete = ("system", "database", "delete", "--database", str(database))
    outcome = command.run(*delete)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "Say so with --yes." in outcome.stderr
    assert database.exists()
    assert command.succeed(*delete, "--yes", "--json").document == {"path": str(database), "deleted": True}
    assert [path.name for path in tmp_path.glob("traces.sqlite*")] == ["traces.sqlite.lock"]
    with open_database(database):
        assert command.run(*delete, "--yes").exit_code == 6


def test_a_person_is_asked(command: CommandLine, database: Path) -> None:
    delete = ("system", "database", "delete", "--database", str(database))
    exit_code, output = command.in_terminal(*delete, stdin="n\n", columns=200)
    assert exit_code == 1
    assert f"Delete {database}, " in without_colour(output)
    assert database.exists()
    assert command.in_terminal(*delete, stdin="y\n", columns=200)[0] == 0
    assert not database.exists()


@pytest.mark.parametrize("arguments", [("migrate",), ("delete", "--yes")], ids=" ".join)
def test_a_database_that_is_open_is_left_alone(
    command: CommandLine, database: Path, arguments: tuple[str, ...]
) -> None:
    with open_database(database):
        outcome = command.run("system", "database", *arguments, "--database", str(database))
    assert (outcome.exit_code, outcome.stdout) == (6, "")
    assert f"Another `otel-worker serve` has the database {database} open." in outcome.stderr
    assert "Nothing was changed." in outcome.stderr
    assert database.exists()


@pytest.mark.parametrize("arguments", [("migrate",), ("delete", "--yes")], ids=" ".join)
def test_the_file_of_another_program_is_left_alone(
    command: CommandLine, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (value)")
        connection.commit()
    text = tmp_path / "text.sqlite"
    text.write_text("this is no database, and long enough to be seen for what it is" * 20)
    for path in (other, text):
        before = path.read_bytes()
        outcome = command.run("system", "database", *arguments, "--database", str(path))
        assert (outcome.exit_code, outcome.stdout) == (6, "")
        assert str(path) in outcome.stderr
        assert path.read_bytes() == before


def test_remote_and_a_file_exclude_each_other(command: CommandLine) -> None:
    outcome = command.run("system", "database", "migrate", "--remote", "--database", os.devnull)
    assert outcome.exit_code == 2
    assert "--remote and --database exclude each other" in outcome.stderr
