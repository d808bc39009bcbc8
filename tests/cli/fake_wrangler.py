"""Stands for wrangler: plays what wrangler 4.164 has answered, from a state in the file FAKE_WRANGLER_STATE.

The answers were recorded with the pinned wrangler and tests/cli/cloudflare_api.py. That the present wrangler
still answers so is what tests/cli/test_deploy_wrangler.py is for.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

ACCOUNT_ID = "a" * 32
VERSION_ID = "00000000-0000-4000-8000-00000000000f"
LOGGED_OUT = '{"loggedIn":false}'
NO_WORKER = """
✘ [ERROR] Worker "otel-worker" not found.

  \n  If this is a new Worker, run `wrangler deploy` first to create it.
  Otherwise, check that the Worker name is correct and you're logged into the right account.

"""
REFUSED = """
✘ [ERROR] A request to the Cloudflare API (/accounts/{account}/{path}) failed.

  not with this token [code: 9999]

"""


def main() -> int:
    """Answer one command, and return its exit code."""
    path = Path(os.environ["FAKE_WRANGLER_STATE"])
    state = json.loads(path.read_text(encoding="utf-8"))
    arguments = sys.argv[1:]
    state["commands"].append(" ".join(arguments))
    failing = state["failing"]
    try:
        if failing and " ".join(arguments).startswith(failing):
            print(REFUSED.format(account=ACCOUNT_ID, path=failing), file=sys.stderr)
            return 1
        return answer(state, arguments)
    finally:
        path.write_text(json.dumps(state), encoding="utf-8")


def answer(state: dict[str, Any], arguments: list[str]) -> int:
    """Play the answer to a command that is not made to fail."""
    match arguments:
        case ["whoami", "--json"]:
            print(LOGGED_OUT if not state["accounts"] else json.dumps(who(state), indent=4))
            return 0 if state["accounts"] else 1
        case ["d1", "list", "--json"]:
            databases = state["databases"]
            print(json.dumps([{"uuid": databases[name], "name": name} for name in databases], indent=2))
        case ["d1", "create", name]:
            state["databases"][name] = f"12345678-1234-4234-8234-{len(state['databases']) + 1:012d}"
            print(f"✅ Successfully created DB '{name}' in region WEUR\nCreated your new D1 database.\n")
        case ["d1", "execute", binding, "--remote", "--json", "--command", query]:
            applied = state["applied"].get(binding)
            tables = [] if applied is None else ["d1_migrations", "span_blocks"]
            rows = [{"name": name} for name in (tables if "sqlite_master" in query else applied)]
            print(json.dumps([{"results": rows, "success": True, "meta": {"duration": 0}}], indent=2))
        case ["d1", "migrations", "apply", binding, "--remote"]:
            found = sorted(migration.name for migration in Path("migrations").glob("*.sql"))
            state["applied"][binding] = [name for name in found if name != state["wrong_migration"]]
            if state["wrong_migration"]:
                print(REFUSED.format(account=ACCOUNT_ID, path="d1"), file=sys.stderr)
                return 1
        case ["deploy", *options]:
            report(state, options)
        case ["secret", "list", "--format", "json"]:
            if not state["deployed"]:
                print(NO_WORKER, file=sys.stderr)
                return 1
            print(json.dumps([{"name": name, "type": "secret_text"} for name in state["secrets"]], indent=2))
        case ["secret", "put", name]:
            state["secrets"][name] = sys.stdin.read()
            print(f'🌀 Creating the secret for the Worker "otel-worker"\n✨ Success! Uploaded secret {name}')
        case _:
            print(f"Unknown arguments: {arguments}", file=sys.stderr)
            return 1
    return 0


def who(state: dict[str, Any]) -> dict[str, Any]:
    """Return what `whoami --json` tells."""
    return {
        "loggedIn": True,
        "authType": "User API Token",
        "email": "operator@example.com",
        "accounts": [{"id": ACCOUNT_ID, "name": "Example", "type": "standard"}, *state["accounts"][1:]],
    }


def report(state: dict[str, Any], options: list[str]) -> None:
    """Deploy, and write what a deploy writes for programs."""
    is_dry = "--dry-run" in options
    state["deployed"] = state["deployed"] or not is_dry
    entry = {
        "type": "deploy",
        "version": 1,
        "worker_name": "otel-worker",
        "worker_tag": None,
        "version_id": None if is_dry else VERSION_ID,
        "worker_name_overridden": False,
        "bundle_size": {"raw_bytes": 492113, "gzip_bytes": 127489},
    }
    if not is_dry:
        entry["targets"] = state["targets"]
    session = {"type": "wrangler-session", "version": 1, "command_line_args": sys.argv[1:]}
    with Path(os.environ["WRANGLER_OUTPUT_FILE_PATH"]).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in (session, entry))


if __name__ == "__main__":
    sys.exit(main())
