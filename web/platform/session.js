/** Who reads: the token, where it is kept, and what the collector said about it. */
import { readStored, writeStored } from "./storage.js";
import { createStore } from "./store.js";

/** In a link the token would be seen and stored by others; storage is this origin's alone. */
const KEY = "otel-worker.token";

/**
 * "unknown": it is not clear yet whether the collector wants a token. "open": it wants none.
 * @typedef {"unknown" | "open" | "signed-in" | "signed-out"} SessionState
 */

/**
 * @typedef {object} Session
 * @property {import("./store.js").Store<SessionState>} state
 * @property {import("./store.js").Store<string>} reason why one has to sign in again, or ""
 * @property {() => string} currentToken "" for none
 * @property {(token: string, keep: boolean) => void} signIn
 * @property {() => void} signOut forgets the token wherever it is kept
 * @property {(token: string, reason: string) => void} refuse for a token that the collector took for wrong
 * @property {() => void} open for when the collector answered without a token
 */

/** @returns {Session} */
export function createSession() {
  let token = readStored("sessionStorage", KEY) ?? readStored("localStorage", KEY) ?? "";
  const state = createStore(/** @type {SessionState} */ (token ? "signed-in" : "unknown"));
  const reason = createStore("");

  /** @type {(why: string) => void} */
  function forget(why) {
    token = "";
    writeStored("sessionStorage", KEY, null);
    writeStored("localStorage", KEY, null);
    reason.set(why);
    state.set("signed-out");
  }

  window.addEventListener("storage", ({ key, oldValue, newValue }) => {
    // Signed out in another tab: of the device, so here too.
    if (key === KEY && newValue === null && oldValue === token) forget("");
  });

  return {
    state,
    reason,
    currentToken: () => token,
    signIn(entered, keep) {
      token = entered;
      writeStored("sessionStorage", KEY, keep ? null : entered);
      writeStored("localStorage", KEY, keep ? entered : null);
      reason.set("");
      state.set("signed-in");
    },
    signOut: () => forget(""),
    refuse(refused, why) {
      // An answer to a request from before the last sign-in says nothing about this one.
      if (refused === token) forget(why);
    },
    open() {
      if (token === "") state.set("open");
    },
  };
}
