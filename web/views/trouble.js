/** What is shown in place of something that has failed: what went wrong, and a way on. */
import { html } from "../html.js";

/** @param {{title: string, error: unknown, onRetry: () => void}} props */
export function Trouble({ title, error, onRetry }) {
  const message = error instanceof Error ? error.message : String(error);
  return html`
    <section class="trouble" role="alert">
      <h1>${title}</h1>
      <p class="trouble-message t">${message}</p>
      <button class="button button-primary" onClick=${onRetry}>Try again</button>
    </section>
  `;
}
