/** The form that asks for the token, when the collector wants one. */
import { html, useEffect, useRef, useState } from "../html.js";
import { ApiError, checkToken } from "../platform/api.js";
import { useStore } from "../platform/store.js";

/** @typedef {import("../platform/session.js").Session} Session */

/** @param {{session: Session}} props */
export function SignIn({ session }) {
  const reason = useStore(session.reason);
  const [token, setToken] = useState("");
  const [keep, setKeep] = useState(false);
  const [problem, setProblem] = useState("");
  const [isAsking, setIsAsking] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));

  useEffect(() => {
    document.title = "Sign in · otel-worker";
    field.current?.focus();
  }, []);

  /** @type {(event: Event) => Promise<void>} */
  async function submit(event) {
    event.preventDefault();
    const entered = token.trim();
    if (entered === "") return setProblem("Enter the token.");
    setProblem("");
    setIsAsking(true);
    try {
      await checkToken(entered);
      session.signIn(entered, keep);
    } catch (error) {
      setProblem(explain(error));
      setIsAsking(false);
      field.current?.select();
    }
  }

  return html`
    <main class="sign-in">
      <form class="sign-in-form" onSubmit=${submit}>
        <h1><img src="/favicon.svg" alt="" width="28" height="28" /> otel-worker</h1>
        ${reason && html`<p class="sign-in-reason" role="status">${reason}</p>`}
        <label class="field">
          <span>Token</span>
          <input class="input mono" type="password" name="token" autocomplete="current-password"
            spellcheck=${false}
            ref=${field} value=${token} aria-invalid=${problem !== ""} aria-describedby="sign-in-problem"
            onInput=${(/** @type {Event} */ event) => setToken(valueOf(event))} />
        </label>
        <p class="sign-in-problem" id="sign-in-problem" role="alert">${problem}</p>
        <label class="check">
          <input type="checkbox" name="keep" checked=${keep} onChange=${() => setKeep(!keep)} />
          Keep it on this device
        </label>
        <button class="button button-primary" type="submit" disabled=${isAsking}>Sign in</button>
        <p class="muted">
          The collector's <code>AUTH_TOKEN</code>, or its <code>READ_TOKEN</code>, which reads and
          deletes nothing.
        </p>
      </form>
    </main>
  `;
}

/** @type {(error: unknown) => string} */
function explain(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) return "The collector does not know this token.";
  if (error.status === 403) return `This token cannot be used here: ${error.message}.`;
  return error.message;
}

/** @type {(event: Event) => string} */
function valueOf(event) {
  return event.target instanceof HTMLInputElement ? event.target.value : "";
}
