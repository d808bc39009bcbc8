/** A line between two parts that is dragged, or moved by the arrow keys; where it is stays on the device. */

import { html, useRef } from "../../html.js";
import { usePreference } from "../../platform/preferences.js";

const KEY_STEP_PX = 16;

/**
 * A width or height that is kept on the device.
 * @param {string} name
 * @param {number} initialPx
 * @returns {[number, (px: number) => void]}
 */
export function useKeptSize(name, initialPx) {
  const [widths, setWidths] = usePreference("columnWidths");
  return [widths[name] ?? initialPx, (px) => setWidths({ ...widths, [name]: Math.round(px) })];
}

/**
 * @param {object} props
 * @param {string} props.label what it changes
 * @param {string} props.className
 * @param {"vertical" | "horizontal"} props.orientation of the line itself
 * @param {number} props.value pixels
 * @param {number} props.min
 * @param {number} props.max
 * @param {1 | -1} props.direction 1 if the value grows to the right or downwards
 * @param {(px: number) => void} props.onChange
 */
export function Splitter({ label, className, orientation, value, min, max, direction, onChange }) {
  const dragged = useRef(/** @type {{at: number, value: number} | null} */ (null));
  const put = (/** @type {number} */ px) => onChange(Math.min(Math.max(px, min), Math.max(min, max)));
  const position = (/** @type {PointerEvent} */ event) =>
    orientation === "vertical" ? event.clientX : event.clientY;
  const [less, more] = orientation === "vertical" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  return html`<div
    role="separator"
    class=${`splitter is-${orientation} ${className}`}
    tabindex="0"
    aria-label=${label}
    aria-orientation=${orientation}
    aria-valuenow=${Math.round(value)}
    aria-valuemin=${min}
    aria-valuemax=${Math.round(Math.max(min, max))}
    onPointerDown=${(/** @type {PointerEvent & {currentTarget: Element}} */ event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      dragged.current = { at: position(event), value };
    }}
    onPointerMove=${(/** @type {PointerEvent} */ event) => {
      if (dragged.current === null) return;
      put(dragged.current.value + (position(event) - dragged.current.at) * direction);
    }}
    onLostPointerCapture=${() => {
      dragged.current = null;
    }}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key !== less && event.key !== more) return;
      event.preventDefault();
      put(value + (event.key === more ? KEY_STEP_PX : -KEY_STEP_PX) * direction);
    }}
  ></div>`;
}
