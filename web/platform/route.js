/** Where on the page one is, as the part of the address behind "#": it is never sent to a server. */
import { filtersFromParameters, parametersOf } from "../model/filters.js";
import { useCallback, useMemo } from "../html.js";
import { createStore, useStore } from "./store.js";

/** @typedef {import("../model/types.js").Filters} Filters */
/** @typedef {"timeline" | "flame" | "services"} TraceView */
/** @typedef {{page: "traces", filters: Filters}} ListRoute */
/** @typedef {{page: "trace", traceId: string, span: string, view: TraceView, find: string}} TraceRoute */
/** @typedef {{page: "compare", traceIds: [string, string]}} CompareRoute */
/** @typedef {{page: "map"}} MapRoute */
/** @typedef {ListRoute | TraceRoute | CompareRoute | MapRoute} Route */
/** @typedef {(route: Route, options?: {replace?: boolean}) => void} Navigate */

/** @type {readonly TraceView[]} */
const TRACE_VIEWS = ["timeline", "flame", "services"];

/**
 * The route of a text such as location.hash. What it does not know is the list of all traces.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const [page, ...ids] = path.split("/").map(decode);
  const parameters = new URLSearchParams(query);
  if (page === "traces" && ids[0]) return traceRoute(ids[0], parameters);
  if (page === "compare" && ids[0] && ids[1]) return { page: "compare", traceIds: [ids[0], ids[1]] };
  if (page === "map") return { page: "map" };
  return { page: "traces", filters: filtersFromParameters(parameters) };
}

/**
 * @param {Route} route
 * @returns {string} "#/..."; what is empty or usual is left out
 */
export function formatRoute(route) {
  switch (route.page) {
    case "traces":
      return `#/traces${queryText(parametersOf(route.filters))}`;
    case "trace": {
      const parameters = new URLSearchParams();
      if (route.span) parameters.set("span", route.span);
      if (route.view !== "timeline") parameters.set("view", route.view);
      if (route.find) parameters.set("find", route.find);
      return `#/traces/${encodeURIComponent(route.traceId)}${queryText(parameters)}`;
    }
    case "compare":
      return `#/compare/${route.traceIds.map(encodeURIComponent).join("/")}`;
    case "map":
      return "#/map";
  }
}

const hashStore = createStore(window.location.hash);

function followAddress() {
  hashStore.set(window.location.hash);
}
window.addEventListener("hashchange", followAddress);
window.addEventListener("popstate", followAddress);

/**
 * Go to a route: a new entry of the history, or in place of the present one.
 * @type {Navigate}
 */
export function navigate(route, options = {}) {
  const hash = formatRoute(route);
  if (hash === window.location.hash) return;
  // Neither of the two is followed by an event.
  if (options.replace) window.history.replaceState(null, "", hash);
  else window.history.pushState(null, "", hash);
  followAddress();
}

/**
 * The route at present, and what changes it. The route is the same object while the address is the same.
 * @returns {[Route, Navigate]}
 */
export function useRoute() {
  const hash = useStore(hashStore);
  const route = useMemo(() => parseRoute(hash), [hash]);
  return [route, useCallback(navigate, [])];
}

/** @type {(traceId: string, parameters: URLSearchParams) => TraceRoute} */
function traceRoute(traceId, parameters) {
  const asked = parameters.get("view") ?? "";
  return {
    page: "trace",
    traceId,
    span: parameters.get("span") ?? "",
    view: TRACE_VIEWS.find((view) => view === asked) ?? "timeline",
    find: parameters.get("find") ?? "",
  };
}

/** @type {(text: string) => string} */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // A "%" that somebody typed.
    return text;
  }
}

/** @type {(parameters: URLSearchParams) => string} */
function queryText(parameters) {
  const text = parameters.toString();
  return text && `?${text}`;
}

/** @type {(text: string, separator: string) => string[]} */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
