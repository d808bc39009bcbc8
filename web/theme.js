/** Puts the theme on the page. It is no module, since those run after the first paint. */
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let theme = stored();

  function stored() {
    try {
      return JSON.parse(localStorage.getItem("otel-worker.theme") ?? "null");
    } catch {
      // No storage, or not our text: the system decides.
      return null;
    }
  }

  function apply() {
    const isDark = theme === "dark" || (theme !== "light" && dark.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }

  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("otel-worker.theme", (event) => {
    theme = /** @type {CustomEvent<string>} */ (event).detail;
    apply();
  });
})();
