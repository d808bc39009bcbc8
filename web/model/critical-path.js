/** The critical path: at each moment, the span that the end of the trace was waiting for. */

/** @typedef {import("./types.js").Trace} Trace */
/** @typedef {{row: number, fromNano: number, toNano: number}} Segment */

/**
 * A span on the path, while it is walked back from its end.
 * @typedef {object} Step
 * @property {number} row
 * @property {number} from its start, cut by its ancestors
 * @property {number} at what is after this is done
 * @property {Segment[]} children cut to their parent, those that end last at the end
 */

/**
 * Return the critical path of each root, by time; the segments of one root follow each other without a gap
 * and are together as long as the root.
 *
 * It is walked back from the root's end. In a span, the child that ended last before the current point was
 * what it waited for; the walk goes on in that child, and from its start on in the parent again. A child
 * counts only while its parent runs: what goes on after it was not waited for. Spans without an end have no
 * part in it.
 * @param {Trace} trace
 * @returns {Segment[]} in the order of roots
 */
export function criticalPath(trace) {
  /** @type {Segment[]} */
  const path = [];
  for (let root = 0; root < trace.spans.length; root = trace.subtreeEnds[root]) {
    for (const segment of walkBack(trace, root).reverse()) path.push(segment);
  }
  return path;
}

/**
 * @param {Trace} trace
 * @param {number} root
 * @returns {Segment[]} the last one first
 */
function walkBack(trace, root) {
  /** @type {Segment[]} */
  const path = [];
  const { startNano, durationNano } = trace.spans[root];
  const steps = [stepInto(trace, { row: root, fromNano: startNano, toNano: startNano + durationNano })];
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const child = lastChildBefore(step);
    const fromNano = child === undefined ? step.from : child.toNano;
    if (fromNano < step.at) path.push({ row: step.row, fromNano, toNano: step.at });
    if (child === undefined) {
      steps.pop();
    } else {
      step.at = child.fromNano;
      steps.push(stepInto(trace, child));
    }
  }
  return path;
}

/**
 * Take the child that ended last before the current point. Those that were still running then are left out:
 * while they ran together with what is on the path, that took longer.
 * @param {Step} step
 * @returns {Segment | undefined}
 */
function lastChildBefore(step) {
  let child = step.children.pop();
  while (child !== undefined && child.toNano > step.at) child = step.children.pop();
  return child;
}

/**
 * @param {Trace} trace
 * @param {Segment} part the span, cut by its ancestors
 * @returns {Step}
 */
function stepInto(trace, { row, fromNano, toNano }) {
  const children = [];
  for (let child = row + 1; child < trace.subtreeEnds[row]; child = trace.subtreeEnds[child]) {
    const { startNano, durationNano } = trace.spans[child];
    const from = Math.max(startNano, fromNano);
    const to = Math.min(startNano + durationNano, toNano);
    if (from < to) children.push({ row: child, fromNano: from, toNano: to });
  }
  // Of two that end together, that which starts first explains more.
  children.sort((left, right) => left.toNano - right.toNano || right.row - left.row);
  return { row, from: fromNano, at: toNano, children };
}
