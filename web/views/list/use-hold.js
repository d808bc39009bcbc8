/** Whether the rows must not move: because somebody points at them, is on one of them, or has scrolled down. */
import { useEffect, useRef, useState } from "../../html.js";

/** The element of the frame that scrolls (views/shell.js). */
const SCROLLER = ".shell-main";

/** @typedef {{onPointerEnter: (event: PointerEvent) => void, onPointerLeave: () => void}} PointerHandlers */

/**
 * @typedef {object} Hold
 * @property {boolean} isHeld
 * @property {{current: HTMLElement | null}} top an element above the first row, which has been scrolled away or not
 * @property {PointerHandlers} pointer for the element whose rows are held
 * @property {(isFocused: boolean) => void} setFocused
 * @property {() => void} check to be called when rows have gone: their going is no event of the pointer or the focus
 */

/** @returns {Hold} */
export function useHold() {
  const top = useRef(/** @type {HTMLElement | null} */ (null));
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isScrolled = useIsAbove(top);
  return {
    isHeld: isPointed || isFocused || isScrolled,
    top,
    pointer: {
      // A finger points only while it touches.
      onPointerEnter: (event) => setPointed(event.pointerType !== "touch"),
      onPointerLeave: () => setPointed(false),
    },
    setFocused,
    check() {
      if (!document.activeElement?.closest(".list-row")) setFocused(false);
      if (!document.querySelector(".list-row")) setPointed(false);
    },
  };
}

/** @type {(element: {current: HTMLElement | null}) => boolean} */
function useIsAbove(element) {
  const [isAbove, setAbove] = useState(false);
  const { current } = element;
  useEffect(() => {
    const target = element.current;
    if (!target) return setAbove(false);
    const observer = new IntersectionObserver(
      ([entry]) =>
        setAbove(!entry.isIntersecting && entry.boundingClientRect.top < (entry.rootBounds?.top ?? 0)),
      { root: target.closest(SCROLLER) },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [current]);
  return isAbove;
}

/**
 * Call something when an element comes near to the visible part of the page.
 * @param {{current: HTMLElement | null}} element
 * @param {() => void} onNear
 * @param {unknown} occasion after a change of it the question is asked again
 */
export function useNear(element, onNear, occasion) {
  const current = useRef(onNear);
  current.current = onNear;
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry.isIntersecting) current.current();
      },
      { root: target.closest(SCROLLER), rootMargin: "0px 0px 600px 0px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [occasion]);
}
