/** Live traces: one WebSocket (docs/live.md), connected again when the line breaks. */
import { createApi, LIVE_PATH } from "./api.js";
import { createStore } from "./store.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("../model/types.js").Filters} Filters */
/** @typedef {import("../model/types.js").TraceSummary} TraceSummary */

/**
 * "off": the collector has no live view, or not for this search. "lost": it will be tried again.
 * @typedef {"connecting" | "live" | "off" | "lost"} LiveState
 */

/**
 * @typedef {object} Listeners
 * @property {(summary: TraceSummary) => void} onTrace
 * @property {(state: LiveState) => void} [onState]
 * @property {(count: number) => void} [onMissed] so many updates were not sent; the list has them
 * @property {() => void} [onReconnected] after an interruption: the list has what came in between
 */

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;
/** Proxies close what is silent for a minute or more. */
const PING_MS = 30_000;
/** A line that lasted so long was a good one: the next attempt is soon again. */
const STABLE_MS = 10_000;
/** A line that broke without a word (RFC 6455, section 7.1.5). */
const NO_CODE = 1006;
/** Closing codes that blame the client: a message of it was wrong or too long (docs/live.md). */
const OWN_FAULTS = new Set([1002, 1003, 1007, 1008, 1009]);

/** For the bar at the top of the page: null while nothing is watched. */
export const liveState = createStore(/** @type {LiveState | null} */ (null));
/** Whose state that is: the latest of those that watch. */
let latest = Symbol("nobody");

/**
 * Watch the traces that a search selects; of its conditions those count that the protocol has.
 * @param {Session} session
 * @param {Filters} filters
 * @param {Listeners} listeners
 * @returns {() => void} ends it
 */
export function watch(session, filters, listeners) {
  const subscription = JSON.stringify({ messageId: "1", type: "subscribe", details: detailsOf(filters) });
  const ending = new AbortController();
  const me = Symbol("watcher");
  latest = me;
  /** @type {Line | null} */
  let line = null;
  let delayBoundMs = FIRST_DELAY_MS;
  let hasBeenLive = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;

  /** @type {(state: LiveState) => void} */
  function show(state) {
    if (latest === me) liveState.set(state);
    listeners.onState?.(state);
  }

  function connect() {
    clearTimeout(retry);
    const socket = open(session.currentToken());
    if (socket === null) return giveUp();
    line = follow(socket, subscription, {
      onLive() {
        show("live");
        if (hasBeenLive) listeners.onReconnected?.();
        hasBeenLive = true;
      },
      onTrace: listeners.onTrace,
      onMissed: (count) => listeners.onMissed?.(count),
      onRefused: giveUp,
      onEnd,
    });
  }

  /** @type {(wasOpen: boolean, code: number, lastedMs: number) => Promise<void>} */
  async function onEnd(wasOpen, code, lastedMs) {
    line = null;
    if (OWN_FAULTS.has(code)) return giveUp();
    show("lost");
    // A browser does not tell the page why a handshake was refused.
    const isWorthIt = wasOpen || (await mayWatch(session, ending.signal));
    // Meanwhile all may be over, or the machine may be online again.
    if (ending.signal.aborted || line !== null) return;
    if (!isWorthIt) return giveUp();
    if (lastedMs > STABLE_MS) delayBoundMs = FIRST_DELAY_MS;
    retry = setTimeout(connect, Math.random() * delayBoundMs);
    delayBoundMs = Math.min(2 * delayBoundMs, MAX_DELAY_MS);
  }

  /** Not to be tried again: the same would happen. */
  function giveUp() {
    end();
    show("off");
  }

  function end() {
    ending.abort();
    clearTimeout(retry);
    line?.close();
    line = null;
  }

  function onOnline() {
    if (line !== null) return;
    delayBoundMs = FIRST_DELAY_MS;
    connect();
  }

  window.addEventListener("online", onOnline, { signal: ending.signal });
  show("connecting");
  connect();
  return () => {
    end();
    if (latest === me) liveState.set(null);
  };
}

/** @type {(token: string) => WebSocket | null} */
function open(token) {
  const address = new URL(LIVE_PATH, window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  try {
    return new WebSocket(address, token ? ["otel-worker", `bearer.${token}`] : ["otel-worker"]);
  } catch {
    // A token with a character that no subprotocol may have, such as "/".
    return null;
  }
}

/**
 * @typedef {object} Line
 * @property {() => void} close nothing is heard of it afterwards
 */

/**
 * @param {WebSocket} socket
 * @param {string} subscription
 * @param {object} on
 * @param {() => void} on.onLive
 * @param {(summary: TraceSummary) => void} on.onTrace
 * @param {(count: number) => void} on.onMissed
 * @param {() => void} on.onRefused the subscription was not taken
 * @param {(wasOpen: boolean, code: number, lastedMs: number) => void} on.onEnd
 * @returns {Line}
 */
function follow(socket, subscription, on) {
  let openedAtMs = NaN;
  let hasAnswered = true;
  const ping = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    // Since the last one nothing has come: nobody is there any more, to close it with either.
    if (!hasAnswered) return end(NO_CODE);
    hasAnswered = false;
    socket.send('{"type":"ping"}');
  }, PING_MS);
  socket.onopen = () => {
    openedAtMs = performance.now();
    socket.send(subscription);
  };
  socket.onmessage = ({ data }) => {
    hasAnswered = true;
    for (const message of [JSON.parse(data)].flat()) {
      // What was said before may have ended it.
      if (socket.onmessage) take(message);
    }
  };
  socket.onclose = ({ code }) => end(code);

  /** @type {(code: number) => void} */
  function end(code) {
    close();
    on.onEnd(openedAtMs > 0, code, openedAtMs > 0 ? performance.now() - openedAtMs : 0);
  }

  function close() {
    clearInterval(ping);
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Browsers complain in the console when a handshake is broken off.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  /** @type {(message: any) => void} */
  function take(message) {
    if (message.type === "traceUpdated") on.onTrace(message.details);
    else if (message.type === "tracesDropped") on.onMissed(message.details.count);
    else if (message.type === "ack") on.onLive();
    else if (message.type === "error" && message.messageId === "1") on.onRefused();
    else if (message.type === "ping") {
      socket.send(JSON.stringify({ messageId: message.messageId, type: "pong" }));
    }
  }
  return { close };
}

/**
 * Whether it is worth trying again: not without a live view, nor with a token that may not read.
 * @type {(session: Session, signal: AbortSignal) => Promise<boolean>}
 */
async function mayWatch(session, signal) {
  try {
    return await createApi(session).mayWatch({ signal });
  } catch {
    // The watching is over.
    return false;
  }
}

/** @type {(filters: Filters) => Record<string, string | boolean>} */
function detailsOf({ service, name, status, minDuration }) {
  return { service, name, status, minDuration, batch: true };
}
