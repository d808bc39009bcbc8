/** A text field with suggestions, by the ARIA pattern "combobox with a list": all of it works by keyboard. */
import { html, useEffect, useRef, useState } from "../../html.js";
import { printable } from "../../model/formats.js";

/**
 * @typedef {object} Option
 * @property {string} value what the field becomes
 * @property {string} [label] what is shown instead of the value
 * @property {string} [hint] shown beside it
 * @property {boolean} [isPart] there is more to choose after it
 */

/**
 * @param {object} properties
 * @param {string} properties.id
 * @param {string} properties.label
 * @param {string} properties.value
 * @param {Option[]} properties.options those that suit the value
 * @param {string} [properties.placeholder]
 * @param {string} [properties.error] what is wrong with the value, or ""
 * @param {(text: string) => void} properties.onInput
 * @param {(option: Option) => void} properties.onChoose
 * @param {() => void} [properties.onOpen] the suggestions are about to be looked at
 * @param {(event: KeyboardEvent) => void} [properties.onKeyDown]
 */
export function Combobox({
  id,
  label,
  value,
  options,
  placeholder,
  error,
  onInput,
  onChoose,
  onOpen,
  onKeyDown,
}) {
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const isShown = isOpen && options.length > 0;
  const current = Math.min(active, options.length - 1);

  function open() {
    if (!isOpen) onOpen?.();
    setOpen(true);
  }

  function close() {
    setOpen(false);
    setActive(-1);
  }

  /** @type {(option: Option) => void} */
  function choose(option) {
    setActive(-1);
    setOpen(option.isPart === true);
    onChoose(option);
  }

  /** @type {(event: KeyboardEvent) => void} */
  function handleKey(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      open();
      setActive(nextPlace(isShown ? current : -1, step, options.length));
    } else if (event.key === "Enter" && isShown && current >= 0) {
      event.preventDefault();
      choose(options[current]);
    } else if (event.key === "Escape" && isShown) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter") {
      close();
    } else {
      onKeyDown?.(event);
    }
  }

  return html`
    <div class="list-field list-combobox">
      <label for=${id}>${label}</label>
      <input
        id=${id}
        class="input"
        type="text"
        role="combobox"
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
        aria-autocomplete="list"
        aria-expanded=${isShown ? "true" : "false"}
        aria-controls=${`${id}-options`}
        aria-activedescendant=${isShown && current >= 0 ? `${id}-${current}` : undefined}
        aria-invalid=${error ? "true" : undefined}
        aria-describedby=${error ? `${id}-error` : undefined}
        placeholder=${placeholder}
        value=${value}
        onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => {
          onInput(event.currentTarget.value);
          setActive(-1);
          open();
        }}
        onClick=${open}
        onBlur=${close}
        onKeyDown=${handleKey}
      />
      <ul id=${`${id}-options`} class="list-options" role="listbox" aria-label=${label} hidden=${!isShown}>
        ${
          isShown &&
          options.map(
            (option, index) =>
              html`<${OptionRow}
              key=${option.value}
              id=${`${id}-${index}`}
              option=${option}
              isActive=${index === current}
              onChoose=${choose}
            />`,
          )
        }
      </ul>
      <${FieldError} id=${`${id}-error`} message=${error} />
    </div>
  `;
}

/**
 * The option behind (1) or before (-1) one, around the ends; -1 is the place of the text itself.
 * @type {(current: number, step: number, count: number) => number}
 */
function nextPlace(current, step, count) {
  const places = count + 1;
  return ((current + 1 + step + places) % places) - 1;
}

/**
 * @param {object} properties
 * @param {string} properties.id
 * @param {Option} properties.option
 * @param {boolean} properties.isActive
 * @param {(option: Option) => void} properties.onChoose
 */
function OptionRow({ id, option, isActive, onChoose }) {
  const row = useRef(/** @type {HTMLLIElement | null} */ (null));
  useEffect(() => {
    if (isActive) row.current?.scrollIntoView({ block: "nearest" });
  }, [isActive]);
  return html`
    <li
      ref=${row}
      id=${id}
      role="option"
      aria-selected=${isActive ? "true" : "false"}
      onMouseDown=${(/** @type {MouseEvent} */ event) => event.preventDefault()}
      onClick=${() => onChoose(option)}
    >
      <span class="t">${printable(option.label ?? option.value)}</span>
      ${option.hint && html`<span class="list-option-hint">${option.hint}</span>`}
    </li>
  `;
}

/**
 * What the collector says about a field, beside it.
 * @param {{id: string, message?: string}} properties
 */
export function FieldError({ id, message }) {
  if (!message) return null;
  return html`<p class="list-field-error t" id=${id} role="alert">${printable(message)}</p>`;
}
