"""What a deploy needs of wrangler.toml, and the one line of it that a deploy writes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.steps import write_atomically

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_ID = "00000000-0000-0000-0000-000000000000"

_TABLE = re.compile(r"^\s*\[")
_DATABASE_TABLE = re.compile(r"^\s*\[\[\s*d1_databases\s*\]\]")
_ID_LINE = re.compile(r"""^(\s*database_id\s*=\s*)(?:"[^"]*"|'[^']*')(.*)$""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConfiguredDatabase:
    """A D1 binding; `database_id` is "" where the file has none, or only zeros in its place."""

    binding: str
    name: str
    database_id: str
    migrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeployConfig:
    """What wrangler.toml says; `account_id` is "" where it names none."""

    path: Path
    worker: str
    account_id: str
    databases: tuple[ConfiguredDatabase, ...]

    def database(self, binding: str) -> ConfiguredDatabase:
        """Return the database of a binding that the file has."""
        return next(database for database in self.databases if database.binding == binding)


def read_config(path: Path) -> DeployConfig:
    """Return what a file says; raises ToolingError."""
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
        return DeployConfig(
            path,
            str(parsed["name"]),
            str(parsed.get("account_id", "")),
            tuple(_database(path, entry) for entry in parsed["d1_databases"]),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ToolingError(f"{path} cannot be read.", detail=str(error)) from error
    except (LookupError, TypeError) as error:
        raise ToolingError(
            f"{path} lacks something that a deploy needs.",
            detail=str(error),
            remedy="The file of this version, in git, has everything.",
        ) from error


def write_database_id(path: Path, binding: str, database_id: str) -> None:
    """Put the id of a database into its line of the file, and change nothing else; raises ToolingError."""
    lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
    index = _line_of_id(lines, [database.binding for database in read_config(path).databases].index(binding))
    if index is None:
        raise ToolingError(
            f"{path} has no line for the id of the database {binding}.",
            remedy=f'Write it below binding = "{binding}": database_id = "{database_id}"',
        )
    lines[index] = _ID_LINE.sub(rf'\g<1>"{database_id}"\g<2>', lines[index])
    write_atomically(path, "".join(lines).encode("utf-8"), mode=path.stat().st_mode & 0o777)
    assert read_config(path).database(binding).database_id == database_id


def _database(path: Path, entry: dict[str, Any]) -> ConfiguredDatabase:
    found = str(entry.get("database_id", ""))
    folder = path.parent / str(entry.get("migrations_dir", "migrations"))
    return ConfiguredDatabase(
        str(entry["binding"]),
        str(entry["database_name"]),
        found if _ID.fullmatch(found) and found != _NO_ID else "",
        tuple(sorted(migration.name for migration in folder.glob("*.sql"))),
    )


def _line_of_id(lines: list[str], table: int) -> int | None:
    """Return the line with the id in the given one of the tables of databases."""
    current = -1
    is_inside = False
    for index, line in enumerate(lines):
        if _TABLE.match(line):
            is_inside = bool(_DATABASE_TABLE.match(line))
            current += is_inside
        elif is_inside and current == table and _ID_LINE.match(line):
            return index
    return None
