/** A directed graph in layers from left to right, with few crossings. Nodes are the numbers from 0 on. */

/** @typedef {readonly [number, number]} Link from a node to another one, never to itself */

const ORDER_SWEEPS = 12;

/**
 * Return the layer of each node, so that links lead to a higher one: as low as that allows, but what nothing
 * leads to is right before what it leads to. Where links go in circles, some have to be turned round; the
 * walk that finds them begins at nodes that nothing leads to, then at the others, and goes along first links
 * first.
 * @param {number} count
 * @param {readonly Link[]} links
 * @returns {{layers: Int32Array, isTurned: boolean[]}} `isTurned` by link: it leads to a lower layer
 */
export function assignLayers(count, links) {
  const { finished, isTurned } = walk(count, links);
  /** @type {Link[]} */
  const forward = links.map(([from, to], index) => (isTurned[index] ? [to, from] : [from, to]));
  const targets = neighbours(count, forward);
  const layers = new Int32Array(count);
  // What is finished last has everything that it leads to behind it.
  for (const node of finished.reverse()) {
    for (const target of targets[node]) layers[target] = Math.max(layers[target], layers[node] + 1);
  }
  const hasSource = new Set(forward.map(([, to]) => to));
  targets.forEach((list, node) => {
    if (list.length === 0 || hasSource.has(node)) return;
    layers[node] = list.reduce((least, target) => Math.min(least, layers[target]), Infinity) - 1;
  });
  return { layers, isTurned };
}

/**
 * Return the nodes of each layer in an order in which links between neighbouring layers cross seldom.
 * @param {number[][]} layers nodes of each layer, in the order to begin with
 * @param {readonly Link[]} links each from a layer to the next one
 * @returns {number[][]}
 */
export function orderLayers(layers, links) {
  const count = layers.reduce((sum, layer) => sum + layer.length, 0);
  const left = neighbours(
    count,
    links.map(([from, to]) => [to, from]),
  );
  const right = neighbours(count, links);
  const places = new Int32Array(count);
  let current = layers.map((layer) => [...layer]);
  current.forEach((layer) => setPlaces(places, layer));
  let best = current;
  let least = crossings(current, right, places);
  for (let sweep = 0; sweep < ORDER_SWEEPS && least > 0; sweep += 1) {
    const isToRight = sweep % 2 === 0;
    const sorted = isToRight ? [...current] : [...current].reverse();
    const next = sorted.map((layer) => sortByMean(layer, isToRight ? left : right, places));
    current = isToRight ? next : next.reverse();
    const found = crossings(current, right, places);
    if (found < least) {
      least = found;
      best = current;
    }
  }
  return best;
}

/**
 * Return centres near to those that are wished for (least squares), in the same order and without overlap.
 * @param {readonly number[]} wished
 * @param {readonly number[]} distances at least, from the one before; the first has no meaning
 * @returns {number[]}
 */
export function spread(wished, distances) {
  // Without the distances it is the question for the nearest values that do not decrease: neighbours that do
  // are put together at their mean, again and again.
  /** @type {{sum: number, count: number}[]} */
  const groups = [];
  /** @type {number[]} */
  const offsets = [];
  wished.forEach((wish, index) => {
    offsets.push(index === 0 ? 0 : offsets[index - 1] + distances[index]);
    groups.push({ sum: wish - offsets[index], count: 1 });
    while (groups.length > 1 && meanOf(groups[groups.length - 2]) > meanOf(groups[groups.length - 1])) {
      const last = groups.splice(-2);
      groups.push({ sum: last[0].sum + last[1].sum, count: last[0].count + last[1].count });
    }
  });
  const means = groups.flatMap((group) => new Array(group.count).fill(meanOf(group)));
  return means.map((mean, index) => mean + offsets[index]);
}

/**
 * @param {{sum: number, count: number}} group
 * @returns {number}
 */
function meanOf({ sum, count }) {
  return sum / count;
}

/**
 * Return the nodes that links lead to, by node.
 * @param {number} count
 * @param {readonly Link[]} links
 * @returns {number[][]}
 */
export function neighbours(count, links) {
  /** @type {number[][]} */
  const lists = Array.from({ length: count }, () => []);
  for (const [from, to] of links) lists[from].push(to);
  return lists;
}

/**
 * Walk the graph depth first, without recursion. A link to a node that the walk is just below closes a
 * circle.
 * @param {number} count
 * @param {readonly Link[]} links
 * @returns {{finished: number[], isTurned: boolean[]}} `finished`: the nodes, each behind those that it
 *   leads to
 */
function walk(count, links) {
  /** @type {number[][]} */
  const outgoing = Array.from({ length: count }, () => []);
  const isEntry = new Array(count).fill(true);
  links.forEach(([from, to], index) => {
    outgoing[from].push(index);
    isEntry[to] = false;
  });
  const nodes = outgoing.map((_, node) => node);
  const isOnWay = new Uint8Array(count);
  const nextLink = new Int32Array(count);
  const isSeen = new Uint8Array(count);
  const isTurned = links.map(() => false);
  /** @type {number[]} */
  const finished = [];
  for (const start of [...nodes.filter((node) => isEntry[node]), ...nodes.filter((node) => !isEntry[node])]) {
    const way = isSeen[start] ? [] : [start];
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      isSeen[node] = 1;
      isOnWay[node] = 1;
      const link = outgoing[node][nextLink[node]];
      nextLink[node] += 1;
      if (link === undefined) {
        isOnWay[node] = 0;
        finished.push(node);
        way.pop();
      } else {
        const target = links[link][1];
        if (isOnWay[target]) isTurned[link] = true;
        else if (!isSeen[target]) way.push(target);
      }
    }
  }
  return { finished, isTurned };
}

/**
 * @param {Int32Array} places
 * @param {number[]} layer
 */
function setPlaces(places, layer) {
  layer.forEach((node, place) => {
    places[node] = place;
  });
}

/**
 * Sort a layer by the mean place of its neighbours; what has none stays about where it is. Sets their places.
 * @param {number[]} layer
 * @param {number[][]} near
 * @param {Int32Array} places
 * @returns {number[]}
 */
function sortByMean(layer, near, places) {
  const means = new Map(
    layer.map((node) => {
      const sum = near[node].reduce((total, other) => total + places[other], 0);
      return [node, near[node].length === 0 ? places[node] : sum / near[node].length];
    }),
  );
  const meanAt = (/** @type {number} */ node) => means.get(node) ?? 0;
  const sorted = [...layer].sort((a, b) => meanAt(a) - meanAt(b) || places[a] - places[b]);
  setPlaces(places, sorted);
  return sorted;
}

/**
 * Return how many pairs of links cross.
 * @param {number[][]} layers
 * @param {number[][]} right the neighbours to the right
 * @param {Int32Array} places
 * @returns {number}
 */
function crossings(layers, right, places) {
  let total = 0;
  for (let index = 0; index + 1 < layers.length; index += 1) {
    const placesOf = (/** @type {number} */ node) => Array.from(right[node], (other) => places[other]);
    const targets = layers[index].flatMap((node) => placesOf(node).sort(ascending));
    total += inversions(targets, layers[index + 1].length);
  }
  return total;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function ascending(a, b) {
  return a - b;
}

/**
 * Return how many pairs are in falling order.
 * @param {number[]} values from 0 to below `limit`
 * @param {number} limit
 * @returns {number}
 */
function inversions(values, limit) {
  // A Fenwick tree counts the values that came before and are not larger.
  const tree = new Int32Array(limit + 1);
  let total = 0;
  values.forEach((value, before) => {
    let notLarger = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notLarger += tree[at];
    total += before - notLarger;
    for (let at = value + 1; at <= limit; at += at & -at) tree[at] += 1;
  });
  return total;
}
