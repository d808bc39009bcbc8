/** The services of the collector, asked for once, before the first page: then colours need not change on it. */
import { giveColours } from "../model/colours.js";

/** @typedef {import("./api.js").Api} Api */

/** @type {Promise<void> | null} */
let asked = null;

/**
 * Give all services of the collector their colours. Without an answer they get them as they are met.
 * @param {Api} api
 * @returns {Promise<void>}
 */
export function colourServices(api) {
  asked ??= api.listServices().then(giveColours, () => {
    // Whatever the page asks for itself fails too, and says why. The next one tries again.
    asked = null;
  });
  return asked;
}
