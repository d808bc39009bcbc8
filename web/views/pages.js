/** The pages by their routes: how each is loaded, and what it is called. */
import { PAGE_MODULES } from "./page-modules.js";

/** @typedef {import("./keys.js").KeyHelp} KeyHelp */
/** @typedef {import("../platform/route.js").Route} Route */
/** @typedef {import("preact").FunctionComponent<{app: import("../app.js").App, route: any}>} PageView */
/** @typedef {{View: PageView, keys: KeyHelp[]}} LoadedPage */

/** @type {Record<Route["page"], {title: string, load: () => Promise<LoadedPage>}>} */
export const PAGES = {
  traces: {
    title: "Traces",
    load: async () => {
      const { ListPage, KEYS } = await import("./list/list-page.js");
      return { View: ListPage, keys: KEYS };
    },
  },
  trace: {
    title: "Trace",
    load: async () => {
      const { TracePage, KEYS } = await import("./trace/trace-page.js");
      return { View: TracePage, keys: KEYS };
    },
  },
  compare: {
    title: "Comparison",
    load: async () => {
      const { ComparePage, KEYS } = await import("./trace/compare-page.js");
      return { View: ComparePage, keys: KEYS };
    },
  },
  map: {
    title: "Service map",
    load: async () => {
      const { MapPage, KEYS } = await import("./map/map-page.js");
      return { View: MapPage, keys: KEYS };
    },
  },
};

/**
 * The pages that are here already.
 * @type {Map<Route["page"], LoadedPage>}
 */
export const loadedPages = new Map();

/**
 * @param {Route["page"]} page
 * @returns {Promise<LoadedPage>}
 */
export async function loadPage(page) {
  preload(page);
  const loaded = await PAGES[page].load();
  loadedPages.set(page, loaded);
  return loaded;
}

/**
 * Ask for all modules of a page at once: imports alone would be followed one level after the other.
 * @type {(page: Route["page"]) => void}
 */
function preload(page) {
  for (const href of PAGE_MODULES[page]) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = href;
    document.head.append(link);
  }
}
