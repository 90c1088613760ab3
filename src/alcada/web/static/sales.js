// The board: cards are dragged, or moved by the dialog that "Move" opens. Without this file "Move" leads to the deal's page.
(function () {
  "use strict";

  var dialog = document.getElementById("move-dialog");
  var form = document.getElementById("move-form");
  var dragged = null;

  function send(card, values) {
    var board = document.querySelector("#board .board");
    board.setAttribute("aria-busy", "true");
    var scrolled = board.scrollLeft;
    var done = function () {
      var now = document.querySelector("#board .board");
      now.removeAttribute("aria-busy");
      now.scrollLeft = scrolled;
    };
    window.htmx.ajax("POST", card.dataset.move + window.location.search, {
      target: "#board", swap: "outerHTML", values: values
    }).then(done, done);
  }

  function place(element) {
    return element.closest ? element.closest("[data-drop-to]") : null;
  }

  function open(card, lost) {
    dialog.querySelector("[data-move-name]").textContent = card.dataset.name;
    dialog.dataset.card = card.id;
    var here = place(card).dataset.dropTo;
    form.querySelectorAll("button[name=to]:not([tabindex])").forEach(function (button) {
      button.disabled = button.value === here;
    });
    form.querySelector("#move-reason").value = "";
    wrong(false);
    dialog.showModal();
    (lost ? form.querySelector("#move-reason") : form.querySelector("button[name=to]:not([tabindex]):not(:disabled)")).focus();
  }

  function wrong(is) {
    var reason = form.querySelector("#move-reason");
    document.getElementById("move-reason-error").hidden = !is;
    if (is) {
      reason.setAttribute("aria-invalid", "true");
      reason.setAttribute("aria-describedby", "move-reason-error");
      reason.focus();
    } else {
      reason.removeAttribute("aria-invalid");
      reason.removeAttribute("aria-describedby");
    }
  }

  // --- By the dialog -------------------------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move-deal]");
    if (button && dialog.showModal) {
      event.preventDefault();
      open(button.closest(".deal-card"), false);
    }
    if (event.target.closest("[data-move-close]")) dialog.close();
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    event.stopPropagation(); // it isn't sent by the browser: its buttons stay as they are
    var to = event.submitter.value;
    var reason = form.querySelector("#move-reason").value.trim();
    if (to === "lost" && !reason) return wrong(true);
    dialog.close();
    send(document.getElementById(dialog.dataset.card), to === "lost" ? { to: to, reason: reason } : { to: to });
  });

  // --- By dragging ---------------------------------------------------------------------------------------------------
  document.addEventListener("dragstart", function (event) {
    dragged = event.target.closest ? event.target.closest(".deal-card[draggable]") : null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    dragged.dataset.dragged = "1";
  });
  document.addEventListener("dragend", function () {
    if (dragged) delete dragged.dataset.dragged;
    dragged = null;
    document.querySelectorAll("[data-over]").forEach(function (column) { delete column.dataset.over; });
  });
  document.addEventListener("dragover", function (event) {
    var column = dragged && place(event.target);
    document.querySelectorAll(".board-column[data-over]").forEach(function (other) {
      if (other !== column) delete other.dataset.over;
    });
    if (!column || column.contains(dragged)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    column.dataset.over = "1";
  });
  document.addEventListener("drop", function (event) {
    var column = dragged && place(event.target);
    if (!column || column.contains(dragged)) return;
    event.preventDefault();
    var card = dragged;
    if (column.dataset.dropTo === "lost") open(card, true);
    else send(card, { to: column.dataset.dropTo });
  });
})();
