/** The collector's HTTP API, as the page uses it. */
import { queryOf } from "../model/filters.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("../model/types.js").Filters} Filters */
/** @typedef {import("../model/types.js").TraceSummary} TraceSummary */
/** @typedef {import("../model/types.js").ServiceEdge} ServiceEdge */
/** @typedef {{signal?: AbortSignal}} Options */
/** @typedef {{limit: number, cursor?: string | null}} PageQuestion cursor: the `next` of the page before */
/** @typedef {{resourceSpans?: unknown[]}} TracesData */
/** @typedef {{document: TracesData, isWhole: boolean}} WholeTrace */
/** @typedef {{value: string, count: number}} ValueCount */
/** @typedef {{service: string, spanCount: number, errorCount: number}} ServiceCount */

/**
 * @typedef {object} TracePage
 * @property {TraceSummary[]} traces
 * @property {string | null} next the cursor of the page behind it
 * @property {boolean} isComplete false when the search stopped because it had looked at enough
 * @property {string} searchedBackToUnixNano where it stopped then; "" when complete, or not told
 */

/**
 * @typedef {object} Dependencies
 * @property {ServiceEdge[]} edges
 * @property {ServiceCount[]} services
 * @property {string} startTimeUnixNano
 * @property {string} endTimeUnixNano
 * @property {number} spanCount
 * @property {boolean} isComplete
 */

/**
 * All methods throw ApiError; what a `signal` ends is thrown as it is.
 * @typedef {object} Api
 * @property {(filters: Filters, page: PageQuestion, options?: Options) => Promise<TracePage>} listTraces
 * @property {(traceId: string, options?: Options) => Promise<WholeTrace>} getTrace
 * @property {(options?: Options) => Promise<string[]>} listServices
 * @property {(service: string, options?: Options) => Promise<string[]>} listOperations
 * @property {(options?: Options) => Promise<string[]>} listAttributes
 * @property {(key: string, options?: Options) => Promise<ValueCount[]>} listValues
 * @property {(window: {start: string, end: string}, options?: Options) => Promise<Dependencies>} dependencies
 * @property {(traceId: string, options?: Options) => Promise<void>} deleteTrace
 * @property {(options?: Options) => Promise<boolean>} mayWatch whether there is a live view, and for this token
 */

export const LIVE_PATH = "/api/ws";
/** No token, one that may not read, and `LIVE=off` (docs/live.md). */
const NO_LIVE_VIEW = new Set([401, 403, 404]);

/** What a browser draws without trouble; the collector gives out 10,000 in one answer at most. */
const MAX_TRACE_SPANS = 50_000;

/** An answer that is an error, in the collector's words. Or there was none: code "unreachable", status 0. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {Session} session
 * @returns {Api}
 */
export function createApi(session) {
  /** @type {(path: string, options?: Options, method?: string) => Promise<Response>} */
  async function ask(path, options = {}, method = "GET") {
    const token = session.currentToken();
    try {
      const response = await request(path, token, method, options.signal);
      if (token === "") session.open();
      return response;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        session.refuse(token, token && "The collector does not accept this token any more.");
      }
      throw error;
    }
  }

  /** @type {(path: string, options?: Options) => Promise<any>} */
  const read = async (path, options) => (await ask(path, options)).json();

  return {
    async listTraces(filters, { limit, cursor }, options) {
      const response = await ask(cursor ?? listPath(filters, limit), options);
      const incomplete = response.headers.get("Search-Incomplete");
      return {
        traces: await response.json(),
        next: nextOf(response),
        isComplete: incomplete === null,
        searchedBackToUnixNano: /searched back to (\d+)/.exec(incomplete ?? "")?.[1] ?? "",
      };
    },
    async getTrace(traceId, options) {
      let response = await ask(`/v1/traces/${encodeURIComponent(traceId)}?format=otlp`, options);
      /** @type {TracesData} */
      const document = await response.json();
      const resourceSpans = [...(document.resourceSpans ?? [])];
      let next = nextOf(response);
      let spanCount = countSpans(resourceSpans);
      while (next !== null && spanCount < MAX_TRACE_SPANS) {
        response = await ask(next, options);
        const more = (await response.json()).resourceSpans ?? [];
        resourceSpans.push(...more);
        spanCount += countSpans(more);
        next = nextOf(response);
      }
      return { document: { resourceSpans }, isWhole: next === null };
    },
    listServices: (options) => read("/v1/services", options),
    async listOperations(service, options) {
      // Such a segment of a path cannot be sent: it would name another path.
      if (["", ".", ".."].includes(service)) return [];
      return read(`/v1/services/${encodeURIComponent(service)}/operations`, options);
    },
    listAttributes: (options) => read("/v1/attributes", options),
    async listValues(key, options) {
      if (["", ".", ".."].includes(key)) return [];
      return read(`/v1/attributes/${encodeURIComponent(key)}/values`, options);
    },
    dependencies: ({ start, end }, options) =>
      read(`/v1/dependencies?${new URLSearchParams({ start, end })}`, options),
    async deleteTrace(traceId, options) {
      await ask(`/v1/traces/${encodeURIComponent(traceId)}`, options, "DELETE");
    },
    async mayWatch(options) {
      try {
        // Not as a WebSocket, so it is refused in any case. Why, a browser does not tell of a handshake.
        await ask(LIVE_PATH, options);
      } catch (error) {
        if (error instanceof ApiError) return !NO_LIVE_VIEW.has(error.status);
        throw error;
      }
      return true;
    },
  };
}

/**
 * Ask the collector whether a token may read. Throws ApiError when it may not, or nobody answers.
 * @param {string} token "" for none
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export async function checkToken(token, signal) {
  await request("/v1/services?limit=1", token, "GET", signal);
}

/** @type {(path: string, token: string, method: string, signal?: AbortSignal) => Promise<Response>} */
async function request(path, token, method, signal) {
  if (/[^\x21-\x7e]/.test(token)) {
    // No header can carry it, so it cannot be the collector's.
    throw new ApiError(401, "unauthenticated", "a token has no spaces and only ASCII characters");
  }
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      cache: "no-store",
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The collector cannot be reached.");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** @type {(response: Response) => Promise<ApiError>} */
async function errorOf(response) {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, String(error.code), String(error.message));
  } catch {
    // Something between the page and the collector answered.
    return new ApiError(response.status, "unknown", `HTTP ${response.status} ${response.statusText}`.trim());
  }
}

/** @type {(filters: Filters, limit: number) => string} */
function listPath(filters, limit) {
  const query = queryOf(filters, Date.now());
  query.set("limit", String(limit));
  return `/v1/traces?${query}`;
}

/** @type {(response: Response) => string | null} */
function nextOf(response) {
  const match = /<(\/v1\/[^>]*)>;\s*rel="next"/.exec(response.headers.get("Link") ?? "");
  return match?.[1] ?? null;
}

/** @type {(resourceSpans: any[]) => number} */
function countSpans(resourceSpans) {
  let count = 0;
  for (const { scopeSpans = [] } of resourceSpans) {
    for (const { spans = [] } of scopeSpans) count += spans.length;
  }
  return count;
}
