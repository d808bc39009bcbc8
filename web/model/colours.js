/** Colours of services: the numbers of `--service-0` to `--service-15` in style.css. */

const COLOUR_COUNT = 16;

/** @type {WeakMap<readonly string[], Map<string, number>>} */
const assignments = new WeakMap();

/**
 * Return the colour of a service, the same on every page and every day.
 *
 * Beside other services it may be another one, so that the first 16 of them differ.
 * @param {string} service
 * @param {readonly string[]} [services] those that are shown together; one array is worked out once
 * @returns {number} 0 to 15
 */
export function serviceColour(service, services) {
  if (services === undefined) return preferredColour(service);
  let colours = assignments.get(services);
  if (colours === undefined) {
    colours = assignColours(services);
    assignments.set(services, colours);
  }
  return colours.get(service) ?? preferredColour(service);
}

/**
 * Give each service its colour if it is free, and then the others one that is used least. By name, so that
 * the order of arrival does not matter.
 * @param {readonly string[]} services
 * @returns {Map<string, number>}
 */
function assignColours(services) {
  /** @type {Map<string, number>} */
  const colours = new Map();
  const uses = new Array(COLOUR_COUNT).fill(0);
  const give = (/** @type {string} */ service, /** @type {number} */ colour) => {
    uses[colour] += 1;
    colours.set(service, colour);
  };
  const sorted = [...new Set(services)].sort();
  for (const service of sorted) {
    const colour = preferredColour(service);
    if (uses[colour] === 0) give(service, colour);
  }
  for (const service of sorted) {
    if (colours.has(service)) continue;
    let colour = preferredColour(service);
    while (uses[colour] > Math.min(...uses)) colour = (colour + 1) % COLOUR_COUNT;
    give(service, colour);
  }
  return colours;
}

/**
 * Hash a name (FNV-1a of its UTF-16 units, its halves folded together).
 * @param {string} service
 * @returns {number}
 */
function preferredColour(service) {
  let hash = 0x811c9dc5;
  for (let index = 0; index < service.length; index += 1) {
    hash = Math.imul(hash ^ service.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 16) ^ hash) & (COLOUR_COUNT - 1);
}
