// Comfort for entering: sums while typing, calendar, list with arrow keys, dropping files, Ctrl+Enter.
// The form does all of its work without this file.
(function () {
  "use strict";

  var english = document.documentElement.lang.toLowerCase().indexOf("en") === 0;

  // --- Amounts in whole cents, read as money.parse_brl reads them; null for what it refuses -----------------------
  function cents(text) {
    var plain = text.replace(/\s/g, "").replace(/^R\$/, "");
    if (!plain || /^[0-9]{1,3}[.,][0-9]{3}$/.test(plain)) return null;
    if (/^([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]{1,2})?$/.test(plain)) {
      plain = plain.replace(/\./g, "").replace(",", ".");
    } else if (/^([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?$/.test(plain)) {
      plain = plain.replace(/,/g, "");
    } else {
      return null;
    }
    var parts = plain.split(".");
    return Number(parts[0]) * 100 + Number(((parts[1] || "") + "00").slice(0, 2));
  }
  function shown(amount) {
    var whole = String(Math.floor(amount / 100)).replace(/\B(?=(\d{3})+$)/g, english ? "," : ".");
    return "R$\u00a0" + whole + (english ? "." : ",") + ("0" + (amount % 100)).slice(-2);
  }

  // --- What is left of the value, beside the rows' heading ------------------------------------------------------
  function sumUp(form) {
    var field = form.querySelector("[name=amount]");
    if (!field) return;
    var total = cents(field.value);
    var shows = form.querySelector("[data-total]");
    if (shows) shows.textContent = total ? shown(total) : "—";
    form.querySelectorAll("[data-sum]").forEach(function (output) {
      var shares = Array.from(form.querySelectorAll("[data-share=" + output.dataset.sum + "]"));
      var alone = shares.length === 1 && !shares[0].value.trim();
      if (!total || alone) {
        output.textContent = "";
        if (alone && total) shares[0].placeholder = shown(total).slice(3);
        return;
      }
      var rest = total - shares.reduce(function (sum, share) { return sum + (cents(share.value) || 0); }, 0);
      var sentence = rest === 0 ? output.dataset.even : rest > 0 ? output.dataset.less : output.dataset.more;
      output.textContent = sentence.replace("{}", shown(Math.abs(rest)));
      if (rest === 0) delete output.dataset.tone; else output.dataset.tone = "yellow";
    });
  }
  document.addEventListener("input", function (event) {
    if (event.target.form && event.target.form.id === "entry-form") sumUp(event.target.form);
  });

  // --- Days: digits get their slashes; the calendar writes into the text ------------------------------------------
  document.addEventListener("input", function (event) {
    var field = event.target;
    if (!field.matches("[data-day]") || (event.inputType || "").indexOf("delete") === 0) return;
    if (/^\d{2}$/.test(field.value) || /^\d{2}\/\d{2}$/.test(field.value)) field.value += "/";
    else if (/^\d{3}$/.test(field.value)) field.value = field.value.slice(0, 2) + "/" + field.value.slice(2);
    else if (/^\d{2}\/\d{3}$/.test(field.value)) field.value = field.value.slice(0, 5) + "/" + field.value.slice(5);
  });
  function dressDays(root) {
    root.querySelectorAll("[data-calendar]").forEach(function (button) {
      var picker = button.parentElement.querySelector(".day-picker");
      if (!picker || !picker.showPicker) return;
      button.hidden = false;
      picker.hidden = false;
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-calendar]");
    if (!button) return;
    var text = button.parentElement.querySelector("[data-day]");
    var picker = button.parentElement.querySelector(".day-picker");
    var parts = text.value.split("/");
    picker.value = parts.length === 3 ? [parts[2], parts[1], parts[0]].join("-") : "";
    picker.onchange = function () {
      if (!picker.value) return;
      text.value = picker.value.split("-").reverse().join("/");
      text.dispatchEvent(new Event("change", { bubbles: true }));
      text.focus();
    };
    picker.showPicker();
  });

  // --- Found vendors: arrows walk the list, Escape closes it, Enter in the box takes the first ----------------------
  document.addEventListener("keydown", function (event) {
    var box = event.target.closest(".typeahead");
    if (!box) return;
    var field = box.querySelector("[role=combobox]");
    var found = Array.from(box.querySelectorAll(".result"));
    var at = found.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return;
      event.preventDefault();
      var next = at + (event.key === "ArrowDown" ? 1 : -1);
      (next < 0 ? field : found[Math.min(next, found.length - 1)]).focus();
    } else if (event.key === "Escape" && found.length) {
      event.preventDefault();
      box.querySelector(".results").replaceChildren();
      field.setAttribute("aria-expanded", "false");
      field.focus();
    } else if (event.key === "Enter" && event.target === field && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (found.length) found[0].click();
    }
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "party-results") return;
    var field = document.querySelector(".typeahead [role=combobox]");
    if (field) field.setAttribute("aria-expanded", String(event.detail.target.children.length > 0));
  });

  // --- What is typed while an answer is on its way is put back after it ---------------------------------------------
  var sent = null, late = null;
  function typed() {
    var values = {};
    document.querySelectorAll("#entry-fields [name]").forEach(function (field) { values[field.name] = field.value; });
    return values;
  }
  function isForm(event) {
    return event.detail.target && event.detail.target.id === "entry-fields";
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (isForm(event)) sent = typed();
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (!isForm(event) || !sent) return;
    var now = typed();
    late = Object.keys(now).filter(function (name) { return now[name] !== sent[name]; }).map(function (name) {
      return [name, now[name]];
    });
    sent = null;
  });
  document.addEventListener("htmx:afterSwap", function () {
    (late || []).forEach(function (pair) {
      var field = document.querySelector("#entry-fields [name=" + pair[0] + "]:not([type=hidden]):not(button)");
      if (field) field.value = pair[1];
    });
    late = null;
  });

  // --- Files: dropped anywhere on the box; the chosen names are told ------------------------------------------------
  function tell(box) {
    var input = box.querySelector("input[type=file]");
    var label = box.querySelector("[data-drop-text]");
    if (!label.dataset.empty) label.dataset.empty = label.textContent;
    var count = input.files.length;
    label.textContent = count === 0 ? label.dataset.empty :
      count === 1 ? input.files[0].name : input.dataset.many.replace("{}", count);
  }
  document.addEventListener("change", function (event) {
    var box = event.target.closest("[data-drop]");
    if (box) tell(box);
  });
  ["dragenter", "dragover", "dragleave", "drop"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var box = event.target.closest && event.target.closest("[data-drop]");
      // A file dropped beside the box must not replace the page and what was typed in it.
      if ((name === "dragover" || name === "drop") && event.dataTransfer &&
          Array.from(event.dataTransfer.types).indexOf("Files") >= 0) event.preventDefault();
      if (!box) return;
      if (name === "dragleave" || name === "drop") delete box.dataset.over; else box.dataset.over = "1";
      if (name !== "drop") return;
      var input = box.querySelector("input[type=file]");
      var all = new DataTransfer();
      Array.from(input.files).concat(Array.from(event.dataTransfer.files)).forEach(function (file) {
        all.items.add(file);
      });
      input.files = all.files;
      tell(box);
    });
  });

  // --- Ctrl+Enter submits -------------------------------------------------------------------------------------------
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    var button = document.getElementById("submit-entry");
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  });

  // --- Typing that nobody saved is not left by a slip ------------------------------------------------------------------
  var dirty = false;
  document.addEventListener("input", function (event) {
    if (event.target.form && event.target.form.id === "entry-form") dirty = true;
  });
  document.addEventListener("submit", function () { dirty = false; });
  window.addEventListener("beforeunload", function (event) {
    if (dirty) event.preventDefault();
  });

  function dress() {
    dressDays(document);
    var form = document.getElementById("entry-form");
    if (form) sumUp(form);
  }
  document.addEventListener("DOMContentLoaded", dress);
  document.addEventListener("htmx:afterSettle", dress);
})();
