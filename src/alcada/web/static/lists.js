// Lists by keyboard: / goes to the search, j and k walk the rows, Enter opens. Single keys can be turned off (WCAG 2.1.4).
(function () {
  "use strict";
  var KEY = "alcada-keys-off";
  function off() {
    try { return window.localStorage.getItem(KEY) === "1"; } catch (_error) { return false; }
  }
  function hint() {
    document.querySelectorAll("[data-shortcuts-hint]").forEach(function (line) {
      line.hidden = false;
      line.classList.toggle("keys-off", off());
      var button = line.querySelector("[data-shortcuts-toggle]");
      button.textContent = off() ? button.dataset.on : button.dataset.off;
      button.setAttribute("aria-pressed", String(off()));
    });
  }
  document.addEventListener("DOMContentLoaded", hint);
  document.addEventListener("htmx:afterSettle", hint);
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-shortcuts-toggle]")) return;
    try { window.localStorage.setItem(KEY, off() ? "0" : "1"); } catch (_error) { return; }
    hint();
  });
  document.addEventListener("keydown", function (event) {
    // Escape closes an open menu and gives the focus back to what opened it.
    if (event.key === "Escape") {
      var open = event.target.closest("details.menu[open], details.save-filter[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || off()) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (event.key === "/") {
      var search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.key !== "j" && event.key !== "k") return; // Enter opens the link that has the focus by itself
    var all = Array.prototype.slice.call(document.querySelectorAll("[data-list] a.row-link"));
    if (!all.length) return;
    var at = all.indexOf(document.activeElement);
    var next = event.key === "j" ? Math.min(at + 1, all.length - 1) : Math.max(at - 1, 0);
    event.preventDefault();
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  });
  // A menu closes when the focus or a press goes elsewhere.
  function closeOthers(target) {
    document.querySelectorAll("details.menu[open], details.save-filter[open]").forEach(function (menu) {
      if (!menu.contains(target)) menu.open = false;
    });
  }
  document.addEventListener("click", function (event) { closeOthers(event.target); });
  document.addEventListener("focusin", function (event) { closeOthers(event.target); });
})();
