"""How the machine's apt sources are read, and which archive is taken from them."""

from __future__ import annotations

import pytest

from otel_worker_cli.runtime.failures import ToolingError
from tools.debian_packages import Source, archive_source, debian_codename, read_lines, read_stanzas

STANZAS = """\
# Made by the installer.
Types: deb deb-src
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
# between
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://archive.example/security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://elsewhere.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
"""

LINES = """\
# deb http://off.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/keys/a.gpg lang=de] http://archive.example/debian bookworm main contrib
deb-src http://archive.example/debian bookworm main
deb http://vendor.example/apt stable main # theirs
"""


def test_the_newer_format_is_read_with_its_keys() -> None:
    archive, security = read_stanzas(STANZAS)
    assert archive == Source(
        "http://archive.example/debian",
        ("bookworm", "bookworm-updates"),
        ("main", "contrib"),
        {"Signed-By": "/usr/share/keyrings/archive.gpg"},
    )
    assert security.trust["Signed-By"].splitlines()[-1] == " -----END PGP PUBLIC KEY BLOCK-----"


def test_the_older_format_is_read_with_its_options() -> None:
    trust = {"Architectures": "amd64 arm64", "Signed-By": "/keys/a.gpg"}
    assert read_lines(LINES) == [
        Source("http://archive.example/debian", ("bookworm",), ("main", "contrib"), trust),
        Source("http://vendor.example/apt", ("stable",), ("main",), {}),
    ]


def test_the_archive_is_the_one_with_main_of_the_machines_suite() -> None:
    sources = [*read_lines(LINES)[1:], *read_stanzas(STANZAS)]
    archive = archive_source(sources, "bookworm")
    assert archive.stanza(["bookworm", "sid"]) == (
        "Types: deb\n"
        "URIs: http://archive.example/debian\n"
        "Suites: bookworm sid\n"
        "Components: main\n"
        "Signed-By: /usr/share/keyrings/archive.gpg\n"
    )
    with pytest.raises(ToolingError, match="no archive with main of trixie"):
        archive_source(sources, "trixie")


def test_what_is_written_is_read_again_the_same() -> None:
    for source in read_stanzas(STANZAS):
        (again,) = read_stanzas(source.stanza(source.suites))
        assert again == Source(source.uris, source.suites, ("main",), source.trust)


@pytest.mark.parametrize("os_release", [{}, {"ID": "ubuntu", "VERSION_CODENAME": "noble"}, {"ID": "debian"}])
def test_other_systems_are_told_so(os_release: dict[str, str]) -> None:
    with pytest.raises(ToolingError, match="Debian alone"):
        debian_codename(os_release)
