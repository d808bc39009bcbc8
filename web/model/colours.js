/** Colours of services: the numbers of `--service-0` to `--service-15` in style.css. */

const COLOUR_COUNT = 16;

/** As many names as the collector lists; what comes behind them takes its colour from its name alone. */
const MAX_GIVEN = 2_000;

/**
 * The colours that were given so far. Nobody's changes while the page is open: it is the same in every view.
 * @type {Map<string, number>}
 */
const given = new Map();

/** @type {WeakMap<readonly string[], Map<string, number>>} */
const assignments = new WeakMap();

/**
 * Give colours to the services of a collector. Those whose own colour is free have it; of the others each has
 * one that is used least. By name, so that their order does not matter, and they are the same every day.
 * @param {readonly string[]} services
 */
export function giveColours(services) {
  const others = [...new Set(services)].filter((service) => !given.has(service)).sort();
  const room = others.slice(0, MAX_GIVEN - given.size);
  if (room.length > 0) assign(room, given, preferredColour);
}

/**
 * Return the colour of a service: that which was given to it, or is given to it now.
 *
 * Beside other services it may be another one, so that the first 16 of them differ.
 * @param {string} service
 * @param {readonly string[]} [services] those that are shown together; one array is worked out once
 * @returns {number} 0 to 15
 */
export function serviceColour(service, services) {
  if (services === undefined) {
    giveColours([service]);
    return givenColour(service);
  }
  let colours = assignments.get(services);
  if (colours === undefined) {
    giveColours(services);
    colours = new Map();
    assign([...new Set(services)].sort(), colours, givenColour);
    assignments.set(services, colours);
  }
  return colours.get(service) ?? serviceColour(service);
}

/**
 * @param {string} service
 * @returns {number}
 */
function givenColour(service) {
  return given.get(service) ?? preferredColour(service);
}

/**
 * Give each service the colour that it wishes for, if it is free, and then the others one that is used least.
 * @param {readonly string[]} services sorted
 * @param {Map<string, number>} colours that are taken; these are added
 * @param {(service: string) => number} wishOf
 */
function assign(services, colours, wishOf) {
  const uses = new Array(COLOUR_COUNT).fill(0);
  for (const colour of colours.values()) uses[colour] += 1;
  const give = (/** @type {string} */ service, /** @type {number} */ colour) => {
    uses[colour] += 1;
    colours.set(service, colour);
  };
  for (const service of services) {
    const colour = wishOf(service);
    if (uses[colour] === 0) give(service, colour);
  }
  for (const service of services) {
    if (colours.has(service)) continue;
    let colour = wishOf(service);
    while (uses[colour] > Math.min(...uses)) colour = (colour + 1) % COLOUR_COUNT;
    give(service, colour);
  }
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
