/** Canvases: sharp on every screen, in the colours of the page's theme. */

import { useEffect, useState } from "../html.js";

/**
 * The name of the theme; it changes with the colours of the page, which a canvas does not follow by itself.
 * @returns {string}
 */
export function useTheme() {
  const root = document.documentElement;
  const [theme, setTheme] = useState(root.dataset.theme ?? "");
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(root.dataset.theme ?? ""));
    observer.observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

/**
 * Give a canvas a size in CSS pixels and return its context, empty, that counts in them; null if it has none.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function sizedContext(canvas, width, height) {
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  return context;
}

/**
 * A reader of the page's tokens: colour("error") is what --error is.
 * @param {Element} element
 * @returns {(token: string) => string}
 */
export function colourReader(element) {
  const style = getComputedStyle(element);
  return (token) => style.getPropertyValue(`--${token}`).trim();
}
