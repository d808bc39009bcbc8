/** The frame around every page: the bar at the top, the way past it, and the sheet of keys. */
import { html, useEffect, useRef, useState } from "../html.js";
import { liveState } from "../platform/live.js";
import { usePreference } from "../platform/preferences.js";
import { useStore } from "../platform/store.js";
import { HelpSheet } from "./help-sheet.js";
import { Icon } from "./icons.js";
import { useKeys } from "./keys.js";

/** @typedef {import("../platform/session.js").Session} Session */
/** @typedef {import("../platform/route.js").Route} Route */

const LIVE_TEXTS = {
  connecting: { text: "Connecting", title: "Connecting to the collector" },
  live: { text: "Live", title: "New traces are shown as they arrive" },
  lost: { text: "Reconnecting", title: "The connection broke; it is tried again" },
  off: { text: "Not live", title: "The collector tells nothing of new traces here" },
};
const THEMES = /** @type {const} */ (["system", "light", "dark"]);

/** @param {{session: Session, route: Route, children: import("../html.js").ComponentChildren}} props */
export function Shell({ session, route, children }) {
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  useKeys({ "?": () => setIsHelpOpen(true) });
  useFocusOnNewPage(main, route.page);
  return html`
    <a class="skip-link" href="#main"
      onClick=${(/** @type {Event} */ event) => focusInstead(event, main.current)}>Skip to the content</a>
    <header class="shell-bar">
      <a class="shell-name" href="#/traces" aria-label="otel-worker: all traces">
        <img src="/favicon.svg" alt="" width="20" height="20" /><span class="shell-wide">otel-worker</span>
      </a>
      <nav class="shell-nav" aria-label="Pages">
        <a href="#/traces" aria-current=${isTraces(route) ? "page" : null}>Traces</a>
        <a href="#/map" aria-current=${route.page === "map" ? "page" : null}>Map</a>
      </nav>
      <div class="shell-tools">
        <${LiveState} />
        <${ZoneSwitch} />
        <${ThemeSwitch} />
        <button class="button button-quiet button-icon" title="Keys (?)" aria-label="Keys"
          aria-haspopup="dialog" onClick=${() => setIsHelpOpen(true)}><${Icon} name="help" /></button>
        <${SignOut} session=${session} />
      </div>
    </header>
    <main class="shell-main" id="main" tabindex="-1" ref=${main}>${children}</main>
    <${HelpSheet} isOpen=${isHelpOpen} onClose=${() => setIsHelpOpen(false)} />
  `;
}

function LiveState() {
  const state = useStore(liveState);
  if (state === null) return null;
  const { text, title } = LIVE_TEXTS[state];
  return html`
    <span class="shell-live" data-state=${state} title=${title} role="status">
      <span class="shell-live-dot"></span><span class="shell-live-text">${text}</span>
    </span>
  `;
}

function ZoneSwitch() {
  const [zone, setZone] = usePreference("zone");
  const isUtc = zone === "utc";
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return html`
    <button class="button button-quiet" onClick=${() => setZone(isUtc ? "local" : "utc")}
      title=${isUtc ? `Times are in UTC; show them in ${local}` : `Times are in ${local}; show them in UTC`}>
      <span class="visually-hidden">Time zone: </span>${isUtc ? "UTC" : "Local"}
    </button>
  `;
}

function ThemeSwitch() {
  const [theme, setTheme] = usePreference("theme");
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const label = `Theme: ${theme}; change to ${next}`;
  return html`
    <button class="button button-quiet button-icon" title=${label} aria-label=${label}
      onClick=${() => setTheme(next)}>
      <${Icon} name=${theme} />
    </button>
  `;
}

/** @param {{session: Session}} props */
function SignOut({ session }) {
  if (useStore(session.state) !== "signed-in") return null;
  return html`
    <button class="button button-quiet button-icon" title="Sign out" aria-label="Sign out"
      onClick=${session.signOut}>
      <${Icon} name="signOut" />
    </button>
  `;
}

/**
 * Where the link that was followed is gone with its page, the focus would be lost.
 * @param {{current: HTMLElement | null}} main
 * @param {string} page
 */
function useFocusOnNewPage(main, page) {
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [page]);
}

/** @type {(event: Event, element: HTMLElement | null) => void} */
function focusInstead(event, element) {
  // The address is the page's route.
  event.preventDefault();
  element?.focus();
}

/** @type {(route: Route) => boolean} */
function isTraces(route) {
  return route.page === "traces" || route.page === "trace" || route.page === "compare";
}
