"""Fetches packages of Debian into a folder, without root and without installing them.

apt itself downloads and checks them, as signed by Debian's archive keys, with an index of its own: the
machine's lists, cache and packages are left alone. The archive is the one that the machine's own sources
name, with another suite where a package is not in the machine's.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.steps import run_tool

FIELD_OF_OPTION = {"arch": "Architectures", "signed-by": "Signed-By", "trusted": "Trusted"}
"""The options of a one-line source that decide what is fetched and trusted, by sources.list(5)."""

NETWORK_REMEDY = "Is the archive of the machine's apt sources reachable? `apt-get update` would tell."

_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<rest>.+)$")
_FIELD = re.compile(r"^(?P<name>[A-Za-z-]+):(?P<value>.*(?:\n[ \t].*)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """One archive as apt's sources name it; `trust` has the fields that say how it is checked."""

    uris: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    trust: Mapping[str, str]

    def stanza(self, suites: Sequence[str]) -> str:
        """Return it in the format of *.sources files, with other suites and main alone."""
        fields = {"Types": "deb", "URIs": self.uris, "Suites": " ".join(suites), "Components": "main"}
        return "".join(f"{name}: {value}\n" for name, value in {**fields, **self.trust}.items())


def unpack_packages(suite_of: Mapping[str, str | None], destination: Path) -> None:
    """Fetch packages by name, each from a suite (None: the machine's own), and unpack them into a new folder.

    The folder appears whole or not at all. Raises ToolingError when this is no Debian, when the machine's
    sources do not name its archive, and with apt's own words when a package cannot be had.
    """
    own_suite = debian_codename(platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {})
    suites = {name: suite or own_suite for name, suite in suite_of.items()}
    source = archive_source(machine_sources(), own_suite)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix="apt-") as temporary:
        root = Path(temporary)
        _write_private_apt(root, source.stanza(sorted(set(suites.values()))))
        _apt(root, "update", "-qq")
        _apt(root, "download", *(f"{name}/{suite}" for name, suite in suites.items()))
        unpacked = root / "unpacked"
        for package in sorted((root / "packages").glob("*.deb")):
            run_tool(
                ["dpkg-deb", "-x", str(package), str(unpacked)],
                problem=f"{package.name} could not be unpacked.",
                remedy="Is the disk full?",
            )
        shutil.rmtree(destination, ignore_errors=True)
        unpacked.rename(destination)


def debian_codename(os_release: Mapping[str, str]) -> str:
    """Return the machine's suite, such as bookworm. Raises ToolingError when it is no Debian with apt."""
    codename = os_release.get("VERSION_CODENAME", "")
    if os_release.get("ID") != "debian" or not codename or not shutil.which("apt-get"):
        raise ToolingError("Packages can be fetched on Debian alone, and this is none.")
    return codename


def machine_sources() -> list[Source]:
    """Return the sources that the machine's apt is set up with, from both of its formats."""
    output = _run_apt(
        ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]
    )
    places = dict(re.findall(r"^(LIST|PARTS)='(.*)'$", output, re.MULTILINE))
    parts = sorted(Path(places["PARTS"]).glob("*")) if "PARTS" in places else []
    files = [path for path in (Path(places.get("LIST", "/nowhere")), *parts) if path.is_file()]
    found: list[Source] = []
    for path in files:
        if path.suffix == ".sources":
            found += read_stanzas(path.read_text(encoding="utf-8"))
        elif path.suffix == ".list":
            found += read_lines(path.read_text(encoding="utf-8"))
    return found


def archive_source(sources: Iterable[Source], suite: str) -> Source:
    """Return the source of Debian's own archive: the one that has main of the machine's suite."""
    for source in sources:
        if suite in source.suites and "main" in source.components:
            return source
    raise ToolingError(
        f"The machine's apt sources name no archive with main of {suite}.",
        remedy="Add Debian's archive to /etc/apt/sources.list.d, as a fresh Debian has it.",
    )


def read_lines(text: str) -> list[Source]:
    """Return the binary sources of a *.list file."""
    found = []
    for match in filter(
        None, (_ONE_LINE.match(line.partition("#")[0].strip()) for line in text.splitlines())
    ):
        pairs = [option.partition("=") for option in (match["options"] or "").split()]
        trust = {
            FIELD_OF_OPTION[name]: value.replace(",", " ")
            for name, _equals, value in pairs
            if name in FIELD_OF_OPTION
        }
        found.append(Source(match["uri"], (match["suite"],), tuple(match["rest"].split()), trust))
    return found


def read_stanzas(text: str) -> list[Source]:
    """Return the binary sources of a *.sources file; those that are switched off are left out."""
    without_comments = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found = []
    for stanza in re.split(r"\n[ \t]*\n", without_comments):
        fields = {match["name"].title(): match["value"].strip() for match in _FIELD.finditer(stanza)}
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes").lower() == "no":
            continue
        trust = {name: fields[name] for name in FIELD_OF_OPTION.values() if name in fields}
        suites, components = (tuple(fields.get(name, "").split()) for name in ("Suites", "Components"))
        found.append(Source(" ".join(fields.get("Uris", "").split()), suites, components, trust))
    return found


def _write_private_apt(root: Path, sources: str) -> None:
    """Lay out a folder that apt takes for the whole machine: the rest of its settings (proxies) stay."""
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (root / folder).mkdir(parents=True)
    (root / "status").touch()
    (root / "archive.sources").write_text(sources, encoding="utf-8")
    settings = {
        "Dir::State": str(root),
        "Dir::State::lists": str(root / "lists"),
        "Dir::State::status": str(root / "status"),
        "Dir::Cache": str(root / "cache"),
        "Dir::Etc::sourcelist": str(root / "archive.sources"),
        "Dir::Etc::sourceparts": "/dev/null",
        # Pins of the machine are about what it installs.
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Languages": "none",
        # Without it, an index that could not be had is a warning, and the package just not found.
        "APT::Update::Error-Mode": "any",
        # As root, apt would download as a user who may not see this folder.
        "APT::Sandbox::User": "root",
    }
    lines = [f'{name} "{value}";' for name, value in settings.items()]
    # What others hooked in is about the machine's cache, which is not used here.
    lines += [f"#clear APT::Update::{hook};" for hook in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")]
    (root / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _apt(root: Path, *arguments: str) -> None:
    _run_apt(["apt-get", "-c", str(root / "apt.conf"), *arguments], cwd=root / "packages")


def _run_apt(command: Sequence[str], cwd: Path | None = None) -> str:
    return run_tool(
        command,
        cwd=cwd,
        environment={**os.environ, "LC_ALL": "C.UTF-8"},
        problem=f"{command[0]} could not do its part of fetching Debian's packages.",
        remedy=NETWORK_REMEDY,
    )
