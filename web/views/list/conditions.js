/** The conditions on attributes of a search, as chips, and the box in which the next one is typed. */
import { html, useEffect, useMemo } from "../../html.js";
import { shortened } from "../trace/text.js";
import { Combobox } from "./combobox.js";
import { completionsOf, traceIdOf, valueKeyOf } from "./completions.js";
import { useSuggestions } from "./suggestions.js";

/** @typedef {import("../../app.js").App} App */

/** A longer one is shown in full by its tooltip, or when it is edited. */
const MAX_CHIP_CHARACTERS = 60;

/**
 * The box: a condition, or the id of a trace, which is gone to at once.
 * @param {object} properties
 * @param {App} properties.app
 * @param {string} properties.text
 * @param {string} properties.error
 * @param {(text: string) => void} properties.onText
 * @param {(condition: string) => void} properties.onCondition
 * @param {() => void} properties.onEraseLast Backspace was pressed in the empty box
 */
export function ConditionBox({ app, text, error, onText, onCondition, onEraseLast }) {
  const valueKey = valueKeyOf(text);
  const [keys, refreshKeys] = useSuggestions((signal) => app.api.listAttributes({ signal }), "keys");
  const [values, refreshValues] = useSuggestions(
    async (signal) => (valueKey ? app.api.listValues(valueKey, { signal }) : []),
    valueKey,
  );
  useEffect(() => {
    if (valueKey) refreshValues();
  }, [valueKey]);
  const options = useMemo(() => completionsOf(text, keys, values), [text, keys, values]);

  /** @type {(next: string) => void} */
  function onInput(next) {
    const traceId = traceIdOf(next);
    if (traceId) return goToTrace(app, traceId);
    onText(next);
  }

  return html`
    <${Combobox}
      id="list-condition"
      label="Attribute, or a trace id"
      placeholder="http.route = /cart"
      value=${text}
      options=${options}
      error=${error}
      onInput=${onInput}
      onOpen=${refreshKeys}
      onChoose=${(/** @type {import("./combobox.js").Option} */ { value, isPart }) =>
        isPart ? onText(value) : onCondition(value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Backspace" && text === "" && onEraseLast()}
    />
  `;
}

/** @type {(app: App, traceId: string) => void} */
function goToTrace(app, traceId) {
  app.navigate({ page: "trace", traceId, span: "", view: "timeline", find: "" });
}

/**
 * @param {object} properties
 * @param {string[]} properties.conditions
 * @param {string} properties.link the trace that is linked to, or ""
 * @param {(index: number) => void} properties.onEdit
 * @param {(index: number) => void} properties.onRemove
 * @param {() => void} properties.onUnlink
 */
export function Chips({ conditions, link, onEdit, onRemove, onUnlink }) {
  if (!conditions.length && !link) return null;
  return html`
    <ul class="list-chips" aria-label="Conditions">
      ${conditions.map(
        (condition, index) => html`
          <li class="list-chip" key=${`${index} ${condition}`}>
            <button type="button" class="list-chip-text mono t" title=${shortened(condition, 1000)}
              aria-label=${`Edit ${shortened(condition, MAX_CHIP_CHARACTERS)}`}
              onClick=${() => onEdit(index)}>${shortened(condition, MAX_CHIP_CHARACTERS)}</button>
            <${Remove} what=${condition} onRemove=${() => onRemove(index)} />
          </li>
        `,
      )}
      ${
        link &&
        html`
        <li class="list-chip">
          <span class="list-chip-text mono t">links to ${shortened(link, MAX_CHIP_CHARACTERS)}</span>
          <${Remove} what="links" onRemove=${onUnlink} />
        </li>
      `
      }
    </ul>
  `;
}

/** @param {{what: string, onRemove: () => void}} properties */
function Remove({ what, onRemove }) {
  return html`
    <button type="button" class="list-chip-remove" aria-label=${`Remove ${shortened(what, MAX_CHIP_CHARACTERS)}`}
      onClick=${onRemove}>×</button>
  `;
}
