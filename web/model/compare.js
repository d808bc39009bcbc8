/** Two traces side by side: which spans of both do the same. */

/** @typedef {import("./types.js").Trace} Trace */

/**
 * What one or both traces have at a place.
 * @typedef {object} ComparedRow
 * @property {string} path the services and names from the root on, to read; not different in every row
 * @property {number} a the row in the first trace, or -1
 * @property {number} b the row in the second trace, or -1
 * @property {number} depth
 * @property {number} aNano 0 if the first trace has no such span
 * @property {number} bNano 0 if the second trace has no such span
 * @property {number} differenceNano how much longer the second one is
 */

/** @typedef {{a: number, b: number}} Pair */

/**
 * Return the spans of two traces, depth first. Two spans are the same if their parents are, and their
 * service, name and how many of that service and name came before them below that parent.
 * @param {Trace} a
 * @param {Trace} b
 * @returns {ComparedRow[]} in the order of `a`; what only `b` has is where it is in `b`
 */
export function compareTraces(a, b) {
  const below = { a: childrenOf(a), b: childrenOf(b) };
  /** @type {ComparedRow[]} */
  const rows = [];
  /** @type {{pair: Pair, depth: number, path: string}[]} the next one is at the end */
  const waiting = [];
  const wait = (/** @type {number[]} */ aRows, /** @type {number[]} */ bRows, depth = 0, path = "") => {
    for (const pair of matchSiblings(a, b, aRows, bRows).reverse()) waiting.push({ pair, depth, path });
  };
  wait(below.a.get(-1) ?? [], below.b.get(-1) ?? []);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { pair, depth } = next;
    const aSpan = pair.a < 0 ? undefined : a.spans[pair.a];
    const bSpan = pair.b < 0 ? undefined : b.spans[pair.b];
    const step = `${(aSpan ?? bSpan)?.service} ${(aSpan ?? bSpan)?.name}`;
    const path = next.path === "" ? step : `${next.path} › ${step}`;
    const aNano = aSpan?.durationNano ?? 0;
    const bNano = bSpan?.durationNano ?? 0;
    rows.push({ path, ...pair, depth, aNano, bNano, differenceNano: bNano - aNano });
    wait((aSpan && below.a.get(pair.a)) ?? [], (bSpan && below.b.get(pair.b)) ?? [], depth + 1, path);
  }
  return rows;
}

/**
 * @param {Trace} trace
 * @returns {Map<number, number[]>} the rows below each row; -1 has the roots
 */
function childrenOf(trace) {
  return Map.groupBy(trace.parents.keys(), (row) => trace.parents[row]);
}

/**
 * Return siblings in the order of `a`. What only `b` has comes behind what is before it there.
 * @param {Trace} a
 * @param {Trace} b
 * @param {number[]} aRows
 * @param {number[]} bRows
 * @returns {Pair[]}
 */
function matchSiblings(a, b, aRows, bRows) {
  const bKeys = keysOf(b, bRows);
  const bRowOf = new Map(bKeys.map((key, index) => [key, bRows[index]]));
  const pairs = keysOf(a, aRows).map((key, index) => ({ a: aRows[index], b: bRowOf.get(key) ?? -1 }));
  const matched = new Set(pairs.map((pair) => pair.b));
  /** @type {Map<number, Pair[]>} by the row of `b` that they come behind, -1 at the beginning */
  const onlyB = new Map();
  let last = -1;
  for (const row of bRows) {
    if (matched.has(row)) {
      last = row;
      continue;
    }
    const others = onlyB.get(last);
    if (others === undefined) onlyB.set(last, [{ a: -1, b: row }]);
    else others.push({ a: -1, b: row });
  }
  const behind = (/** @type {number} */ row) => onlyB.get(row) ?? [];
  return [...behind(-1), ...pairs.flatMap((pair) => (pair.b < 0 ? [pair] : [pair, ...behind(pair.b)]))];
}

/**
 * Return what makes each sibling the same as one of another trace.
 * @param {Trace} trace
 * @param {number[]} rows
 * @returns {string[]} all different
 */
function keysOf(trace, rows) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  return rows.map((row) => {
    const { service, name } = trace.spans[row];
    // JSON keeps apart what is service and what is name, whatever is in them.
    const key = JSON.stringify([service, name]);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return `${count} ${key}`;
  });
}
