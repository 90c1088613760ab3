// Loaded in the head, before anything is painted: the chosen theme, or the system's, without a flash; and that there is a
// script at all, which skeletons wait for.
(function () {
  "use strict";
  document.documentElement.classList.add("js");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return localStorage.getItem("alcada-theme"); } catch (e) { return null; }
  }
  function apply() {
    document.documentElement.setAttribute("data-bs-theme", chosen() || (dark.matches ? "dark" : "light"));
  }
  apply();
  dark.addEventListener("change", apply);
  window.alcadaTheme = function (theme) {
    try { localStorage.setItem("alcada-theme", theme); } catch (e) { /* private window: for this page only */ }
    document.documentElement.setAttribute("data-bs-theme", theme);
  };
})();
