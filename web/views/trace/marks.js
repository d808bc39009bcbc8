/** What is odd about a span, in words: the short ones stand for the icon, the long ones explain. */

import { Mark } from "../../model/trace.js";

/**
 * @typedef {object} MarkText
 * @property {number} mark
 * @property {string} icon
 * @property {string} word
 * @property {string} explanation
 */

/** @type {MarkText[]} */
const MARK_TEXTS = [
  {
    mark: Mark.ORPHAN,
    icon: "⌀",
    word: "orphan",
    explanation: "Its parent is not here: it was not sampled, has not arrived yet, or was lost on the way.",
  },
  {
    mark: Mark.CYCLE,
    icon: "↻",
    word: "cycle",
    explanation:
      "By the parent ids it came with it is its own ancestor. " +
      "The circle is cut here, so that its spans are shown at all.",
  },
  {
    mark: Mark.SKEWED,
    icon: "⇤",
    word: "skewed",
    explanation:
      "It starts before its parent does. The clocks of the two machines differ, at least by that much.",
  },
  {
    mark: Mark.UNFINISHED,
    icon: "…",
    word: "unfinished",
    explanation:
      "It came without an end, or with one before its start. It may still run: " +
      "its bar goes on to the end of what is known of the trace.",
  },
  {
    mark: Mark.LATE,
    icon: "⇥",
    word: "late",
    explanation:
      "It ends after its parent has ended: work that went on in the background, or clocks that differ.",
  },
];

/**
 * The marks that a span has.
 * @param {number} marks a sum of Mark
 * @returns {MarkText[]}
 */
export function markTexts(marks) {
  return MARK_TEXTS.filter(({ mark }) => (marks & mark) !== 0);
}
