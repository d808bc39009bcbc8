/** The view library as views use it: the tagged template and the hooks. */
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { h, render, Fragment, Component } from "./vendor/preact.js";
export {
  useCallback,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "./vendor/hooks.js";

/** @typedef {import("./vendor/preact.js").VNode} VNode */
/** @typedef {import("./vendor/preact.js").ComponentChildren} ComponentChildren */

/**
 * A template with one root element.
 * @type {(strings: TemplateStringsArray, ...values: unknown[]) => VNode}
 */
// @ts-expect-error htm's type allows for several roots, which no template here has
export const html = htm.bind(h);
