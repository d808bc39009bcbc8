"""The alarms of a Durable Object counted and timed: a decorator and nothing else."""

from __future__ import annotations

import time
from typing import Any

from workers import DurableObject, Response

from workers_otel import instrument_alarm, shared_metrics

get_metrics = shared_metrics(service_name="reminders")


class Reminder(DurableObject):
    """Reminds once."""

    async def set(self) -> None:
        """Have the alarm run in a moment."""
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + 10)

    @instrument_alarm(get_metrics)
    async def alarm(self, alarm_info: Any = None) -> None:
        """Remind; an exception is counted, and the runtime repeats the alarm."""
        await self.ctx.storage.put("reminded", True)


async def set_reminder(env: Any) -> Any:
    """Answer when the alarm is set."""
    await env.REMINDERS.getByName("tea").set()
    return Response("set", status=202)
