/** The page: who reads, where on the page one is, and the view of it inside the frame. */
import { html, render, useCallback, useEffect, useMemo, useState } from "./html.js";
import { createApi } from "./platform/api.js";
import { useRoute } from "./platform/route.js";
import { createSession } from "./platform/session.js";
import { useStore } from "./platform/store.js";
import { Page } from "./views/page.js";
import { Shell } from "./views/shell.js";
import { SignIn } from "./views/sign-in.js";
import { Toasts, useToasts } from "./views/toast.js";
import { Trouble } from "./views/trouble.js";

/**
 * What every page gets besides its route.
 * @typedef {object} App
 * @property {import("./platform/api.js").Api} api
 * @property {import("./platform/session.js").Session} session
 * @property {import("./platform/route.js").Navigate} navigate
 * @property {(text: string) => void} toast
 * @property {(text: string) => void} announce says it to screen readers, when they have ended their sentence
 */

const session = createSession();
const api = createApi(session);

function Root() {
  const state = useStore(session.state);
  if (state === "unknown") return html`<${FirstQuestion} />`;
  if (state === "signed-out") return html`<${SignIn} session=${session} />`;
  return html`<${Reader} />`;
}

/** Asks the collector for something without a token: the answer decides what comes next. */
function FirstQuestion() {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const ask = useCallback(() => {
    setError(null);
    // A 401 ends in session.refuse, a 200 in session.open: Root shows something else then.
    api.listServices().catch(setError);
  }, []);
  useEffect(ask, []);
  if (error === null || session.state.get() !== "unknown") return html`<div class="shell-wait"></div>`;
  return html`<${Trouble} title="The collector does not answer" error=${error} onRetry=${ask} />`;
}

function Reader() {
  const [route, navigate] = useRoute();
  const { toasts, toast, dismiss } = useToasts();
  const [announced, setAnnounced] = useState("");
  const announce = useCallback((/** @type {string} */ text) => {
    // The same text twice would be no change, and not be said again.
    setAnnounced((former) => (former === text ? `${text}\u00a0` : text));
  }, []);
  useUncaught(toast);
  /** @type {App} */
  const app = useMemo(() => ({ api, session, navigate, toast, announce }), [navigate, toast, announce]);
  return html`
    <${Shell} session=${session} route=${route}>
      <${Page} app=${app} route=${route} />
      <${Toasts} toasts=${toasts} dismiss=${dismiss} />
      <div class="visually-hidden" role="status">${announced}</div>
    <//>
  `;
}

/**
 * What fails in the answer to a click or a key reaches no error boundary.
 * @param {(text: string) => void} toast
 */
function useUncaught(toast) {
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    /** @type {(what: unknown) => void} */
    const tell = (what) => toast(`Something has failed: ${what}`);
    window.addEventListener("error", ({ message }) => tell(message), { signal });
    window.addEventListener("unhandledrejection", ({ reason }) => tell(reason), { signal });
    return () => stop.abort();
  }, [toast]);
}

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(html`<${Root} />`, root);
