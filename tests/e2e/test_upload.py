"""What a deploy would upload: the files below src/, the vendored packages, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from otel_worker_cli.runtime.node import wrangler_command, wrangler_environment
from otel_worker_cli.runtime.project import this_checkout

WRANGLER_SECONDS = 120

VENDORED = [
    "_cloudflare_compat_flags.pyi",
    "_pyodide_entrypoint_helper.pyi",
    "_workers_sdk_entropy_import_context.py",
    "_workers_sdk_package_patches.py",
    "_workers_sdk_patch_loader.pth",
    "_workers_sdk_patch_loader.py",
    "asgi.py",
    "msgspec",
    "msgspec-0.22.0.dist-info",
    "pyvenv.cfg",
    "workers",
    "workers_otel",
    "workers_runtime_sdk-1.9.5.dist-info",
]

# Measured: 1,016 KiB. The gateway for metrics is 186 of them (a model, decoders, an aggregator and the page
# for Prometheus), the client that the collector measures itself with 69. Cloudflare takes 64 MiB, but every
# cold start loads all of it.
UPLOAD_BUDGET_KIB = 1_080.0
COMPRESSED_BUDGET_KIB = 320.0

_TOTAL = re.compile(r"Total Upload: ([\d.]+) KiB / gzip: ([\d.]+) KiB")


class Upload:
    """The files of a dry run, and what wrangler says about them."""

    def __init__(self, folder: Path) -> None:
        checkout = this_checkout()
        command = [*wrangler_command(checkout), "deploy", "--dry-run", "--outdir", str(folder)]
        command += ["--config", str(checkout.wrangler_config)]
        result = subprocess.run(
            command,
            cwd=checkout.root,
            env={**wrangler_environment(), "NO_COLOR": "1", "FORCE_COLOR": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WRANGLER_SECONDS,
            check=False,
        )
        self.output = result.stdout
        assert result.returncode == 0, self.output
        # wrangler adds a README.md to the folder, which it does not upload.
        self.files = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and path != folder / "README.md"
        }


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Upload:
    return Upload(tmp_path_factory.mktemp("upload"))


def test_exactly_the_python_files_below_src_are_uploaded(upload: Upload) -> None:
    source = this_checkout().root / "src"
    tree = {path.relative_to(source).as_posix() for path in source.rglob("*.py")}
    assert {name for name in upload.files if not name.startswith("python_modules/")} == tree


def test_the_page_is_uploaded_beside_them(upload: Upload) -> None:
    web = this_checkout().root / "web"
    # wrangler counts the folders too.
    count = len(list(web.rglob("*")))
    assert f"Read {count} files from the assets directory {web}" in upload.output


def test_only_the_worker_s_own_packages_are_vendored(upload: Upload) -> None:
    vendored = {name.split("/")[1] for name in upload.files if name.startswith("python_modules/")}
    assert sorted(vendored) == VENDORED


def test_no_bytecode_and_no_secrets_are_uploaded(upload: Upload) -> None:
    assert [name for name in upload.files if "__pycache__" in name or ".dev.vars" in name] == []


def test_the_upload_is_within_its_budget(upload: Upload) -> None:
    match = _TOTAL.search(upload.output)
    assert match, upload.output
    assert float(match[1]) <= UPLOAD_BUDGET_KIB
    assert float(match[2]) <= COMPRESSED_BUDGET_KIB


def test_the_bindings_are_those_the_worker_uses(upload: Upload) -> None:
    bindings = re.findall(r"^env\.(\w+)", upload.output, re.MULTILINE)
    assert sorted(bindings) == ["DB", "LIVE_HUB", "METRICS_AGGREGATOR", "RETENTION_DAYS"]
