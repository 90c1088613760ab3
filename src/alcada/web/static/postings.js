// Choosing many postings: the whole page at once, a range with shift, and how many are chosen.
(function () {
  "use strict";
  var form = document.querySelector("[data-bulk]");
  if (!form) return;
  var all = form.querySelector("[data-check-all]");
  var chosen = form.querySelector("[data-chosen]");
  var matching = form.querySelector("[name=all]");
  var boxes = Array.from(document.querySelectorAll("input[name=posting][form=bulk]"));
  var last = null;

  function tell() {
    var count = boxes.filter(function (box) { return box.checked; }).length;
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
    var words = count === 1 ? chosen.dataset.one : count + " " + chosen.dataset.many;
    chosen.textContent = count && !(matching && matching.checked) ? words : "";
  }

  form.querySelectorAll("[data-needs-script]").forEach(function (node) { node.hidden = false; });
  all.addEventListener("change", function () {
    boxes.forEach(function (box) { box.checked = all.checked; });
    tell();
  });
  if (matching) {
    matching.addEventListener("change", function () {
      boxes.forEach(function (box) { box.checked = matching.checked; box.disabled = matching.checked; });
      all.disabled = matching.checked;
      tell();
    });
  }
  boxes.forEach(function (box, index) {
    box.addEventListener("click", function (event) {
      if (event.shiftKey && last !== null) {
        boxes.slice(Math.min(last, index), Math.max(last, index) + 1).forEach(function (one) { one.checked = box.checked; });
      }
      last = index;
      tell();
    });
  });
  window.addEventListener("pageshow", tell);
  tell();
})();
