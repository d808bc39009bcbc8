"""axe-core in a page of the viewer: what it holds to be wrong by WCAG 2.2, levels A and AA."""

from __future__ import annotations

from functools import cache

from otel_worker_cli.runtime.project import this_checkout
from tests.web.viewer import Viewer

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
async (tags) => {
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return violations.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ` + nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`).join(" | "));
}
"""


@cache
def _axe() -> str:
    return (this_checkout().node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(viewer: Viewer) -> list[str]:
    """Return a line for each rule that the page breaks as it is now, in the words of axe-core."""
    # Through the debugger, which the page's Content-Security-Policy does not concern.
    viewer.page.evaluate(f"() => {{ {_axe()} }}")
    found: list[str] = viewer.page.evaluate(_RUN, _TAGS)
    return found
