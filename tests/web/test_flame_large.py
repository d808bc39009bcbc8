"""The flame graph of a trace with more lanes than one canvas could hold."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step
from tests.web.test_flame import LANE_PX, FlamePage
from tests.web.viewer import DESKTOP, Viewer

pytestmark = ON_SERVE

# A canvas has 65,535 pixels at most.
LANES = 3_400

_ALPHA_AT = """(canvas, [fraction, y]) => {
  const ratio = canvas.height / canvas.clientHeight;
  return canvas.getContext("2d").getImageData(fraction * canvas.width, y * ratio, 1, 1).data[3];
}"""


def is_drawn(flame: FlamePage, fraction: float, lane: int) -> bool:
    """Tell whether there is a bar at a moment, so many lanes below the first one in sight."""
    place = [fraction, LANE_PX * (lane + 0.5)]
    return bool(flame.area.locator("canvas").evaluate(_ALPHA_AT, place))


def test_thousands_of_lanes_are_drawn_as_far_as_they_are_in_sight(viewer: Viewer, exporter: Exporter) -> None:
    calls = [Step("shop", f"call {at}", at / LANES, 90) for at in range(LANES)]
    flame = FlamePage(viewer)
    flame.open_flame(exporter.send(Step("shop", "fan out", 0, 100, children=calls)))
    flame.page.mouse.move(*flame.point(0.5, 1))
    expect(flame.tip).to_contain_text("call 0")
    assert is_drawn(flame, 0.5, 1)
    assert flame.area.evaluate("(area) => area.clientHeight") <= DESKTOP["height"]

    # The first lane in sight is the one of call 1999.
    flame.area.evaluate("(area, top) => area.scrollTo(0, top)", 2_000 * LANE_PX)
    expect(flame.tip).to_have_count(0)
    flame.page.mouse.move(*flame.point(0.5, 3))
    expect(flame.tip).to_contain_text("call 2002")
    assert is_drawn(flame, 0.5, 3)
    assert not is_drawn(flame, 0.95, 3)
