"""Which collector a test of the viewer reads from; without a mark it runs against both."""

from __future__ import annotations

import pytest

ON_THE_WORKER = pytest.mark.parametrize("collector", ["worker"], indirect=True)
ON_SERVE = pytest.mark.parametrize("collector", ["local_server"], indirect=True)
