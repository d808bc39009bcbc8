/** The page of a route inside an error boundary: what fails in it leaves the frame usable. */
import { html, useEffect, useErrorBoundary, useLayoutEffect, useState } from "../html.js";
import { colourServices } from "../platform/known-services.js";
import { createStore } from "../platform/store.js";
import { loadPage, loadedPages, PAGES } from "./pages.js";
import { Trouble } from "./trouble.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../platform/route.js").Route} Route */

/** The keys of the page that is shown, for the sheet that lists them. */
export const pageKeys = createStore(/** @type {import("./keys.js").KeyHelp[]} */ ([]));

/** @param {{app: App, route: Route}} props */
export function Page({ app, route }) {
  // Another trace is another page: nothing of the former one may stay.
  return html`<${Boundary} key=${keyOf(route)} app=${app} route=${route} />`;
}

/** @param {{app: App, route: Route}} props */
function Boundary({ app, route }) {
  const [error, reset] = useErrorBoundary((caught) => console.error(caught));
  if (error) return html`<${Trouble} title="This page has failed" error=${error} onRetry=${reset} />`;
  return html`<${Loading} app=${app} route=${route} />`;
}

/** @param {{app: App, route: Route}} props */
function Loading({ app, route }) {
  const [page, setPage] = useState(loadedPages.get(route.page) ?? null);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  // Before the page's own effects: it may have a better title.
  useLayoutEffect(() => {
    document.title = `${PAGES[route.page].title} · otel-worker`;
  }, []);
  useEffect(() => {
    if (page === null) {
      Promise.all([loadPage(route.page), colourServices(app.api)]).then(
        ([loaded]) => setPage(loaded),
        setError,
      );
    } else pageKeys.set(page.keys);
    return () => pageKeys.set([]);
  }, [page]);
  // For the boundary.
  if (error) throw error;
  return page && html`<${page.View} app=${app} route=${route} />`;
}

/** @type {(route: Route) => string} */
function keyOf(route) {
  if (route.page === "trace") return `trace ${route.traceId}`;
  return route.page === "compare" ? `compare ${route.traceIds.join(" ")}` : route.page;
}
