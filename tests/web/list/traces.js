/** Made-up traces for the tests of the list, and an API that has them. */

export const BASE_NANO = 1_790_000_000_000_000_000n;

/** The trace that started `seconds` after the base time. */
export function traceAt(seconds, changes = {}) {
  return {
    traceId: String(seconds).padStart(32, "0"),
    rootName: `GET /${seconds}`,
    rootService: "web",
    services: ["web"],
    startTimeUnixNano: String(BASE_NANO + BigInt(seconds) * 1_000_000_000n),
    durationNano: 1_000_000,
    spanCount: 1,
    errorCount: 0,
    ...changes,
  };
}

/** The seconds of the traces that are shown. */
export function secondsOf(rows) {
  return rows.map(({ traceId }) => Number(traceId));
}

/** From the first to the last, newest first. */
export function range(last, first) {
  return Array.from({ length: last - first + 1 }, (_, index) => last - index);
}

/** An API over `stored`, which the test may change; it remembers what it was asked. */
export function fakeApi(stored) {
  const asked = [];
  let failures = 0;
  return {
    asked,
    failNext(count) {
      failures = count;
    },
    async listTraces({ start, end }, { limit, cursor }) {
      asked.push({ start, end, cursor });
      await Promise.resolve();
      if (failures > 0) {
        failures -= 1;
        throw new Error("no answer");
      }
      const from = Number(cursor ?? 0);
      const startOf = (trace) => BigInt(trace.startTimeUnixNano);
      const isLateEnough = (trace) => !start || startOf(trace) >= BigInt(start);
      const isWithin = (trace) => isLateEnough(trace) && (!end || startOf(trace) <= BigInt(end));
      const found = [...stored].filter(isWithin).sort((a, b) => (startOf(a) < startOf(b) ? 1 : -1));
      const traces = found.slice(from, from + limit);
      const next = from + limit < found.length ? String(from + limit) : null;
      return { traces, next, isComplete: true, searchedBackToUnixNano: "" };
    },
  };
}
