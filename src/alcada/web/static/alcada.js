// Small manners of our pages. What a page must do works without this file; see web/README.md for the attributes.
(function () {
  "use strict";

  // --- Theme ---------------------------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-choice]");
    if (button) window.alcadaTheme(button.dataset.themeChoice);
  });

  // --- Focus: the first field that is wrong, else what the page names --------------------------------------------
  function focusIn(root) {
    var target = root.querySelector("[aria-invalid=true]") || root.querySelector("[data-focus]") ||
      root.querySelector("[autofocus]");
    if (!target && root.matches && root.matches("[data-focus]")) target = root;
    if (!target) return;
    if (!/^(A|BUTTON|INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && !target.hasAttribute("tabindex")) {
      target.setAttribute("tabindex", "-1");
    }
    target.focus();
  }
  document.addEventListener("DOMContentLoaded", function () {
    if (document.querySelector("[aria-invalid=true], [data-focus]")) focusIn(document);
    document.querySelectorAll("[data-toast-source]").forEach(function (node) {
      toast(node.textContent.trim(), node.dataset.toastSource);
      node.remove();
    });
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    focusIn(event.detail.elt);
  });

  // --- Toasts: Django's messages, and the "toast" event of an htmx answer -----------------------------------------
  function toast(text, tone) {
    var shelf = document.getElementById("toasts");
    var model = document.getElementById("toast-model");
    if (!shelf || !model || !text) return;
    var node = model.content.firstElementChild.cloneNode(true);
    node.dataset.tone = tone || "info";
    node.querySelector("[data-toast-text]").textContent = text;
    node.querySelector("button").addEventListener("click", function () { node.remove(); });
    shelf.appendChild(node);
    // An error stays until it is read and closed.
    if (tone !== "error") window.setTimeout(function () { node.remove(); }, 7000);
  }
  document.addEventListener("toast", function (event) {
    toast(event.detail.text, event.detail.tone);
  });
  document.addEventListener("htmx:responseError", function (event) {
    toast(event.detail.xhr.status === 403 ? document.body.dataset.refused : document.body.dataset.failed, "error");
  });
  document.addEventListener("htmx:sendError", function () {
    toast(document.body.dataset.offline, "error");
  });

  // --- data-loads: such a place is busy while something loads into it; the stylesheet shows its skeleton -----------
  function loads(event, busy) {
    var place = event.detail.target;
    if (!place || !place.matches || !place.matches("[data-loads]")) return;
    if (busy) place.setAttribute("aria-busy", "true"); else place.removeAttribute("aria-busy");
  }
  document.addEventListener("htmx:beforeRequest", function (event) { loads(event, true); });
  document.addEventListener("htmx:afterRequest", function (event) { loads(event, false); }); // also when it failed

  // --- Confirm: data-confirm on a form or its button, hx-confirm on an htmx element --------------------------------
  function ask(source, question, then) {
    var dialog = document.getElementById("confirm");
    if (!dialog || !dialog.showModal) {
      if (window.confirm(question)) then();
      return;
    }
    var yes = dialog.querySelector("[data-confirm-yes]");
    dialog.querySelector("[data-confirm-text]").textContent = question;
    dialog.querySelector("[data-confirm-title]").textContent =
      source.dataset.confirmTitle || dialog.dataset.title;
    yes.textContent = source.dataset.confirmButton || dialog.dataset.button;
    yes.className = "btn " + (source.dataset.confirmTone === "danger" ? "btn-danger" : "btn-primary");
    dialog.returnValue = "";
    dialog.addEventListener("close", function () {
      if (dialog.returnValue === "yes") then();
    }, { once: true });
    dialog.showModal();
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var source = (event.submitter && event.submitter.dataset.confirm) ? event.submitter : form;
    if (!source.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopPropagation();
    var submitter = event.submitter;
    ask(source, source.dataset.confirm, function () {
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter || undefined);
      delete form.dataset.confirmed;
    });
  }, true);
  document.addEventListener("htmx:confirm", function (event) {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.elt, event.detail.question, function () { event.detail.issueRequest(true); });
  });

  // --- A form is sent once: the second press of an impatient finger does nothing -----------------------------------
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
    window.setTimeout(function () {
      form.querySelectorAll("button[type=submit], button:not([type])").forEach(function (button) {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
      });
    }, 0);
  });
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.querySelectorAll("button[aria-busy]").forEach(function (button) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    });
  });

  // --- Copy: data-copy="#id" copies that element's value or text ---------------------------------------------------
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    var source = document.querySelector(button.dataset.copy);
    var done = function () { toast(button.dataset.copied || document.body.dataset.copied, "success"); };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(source.value || source.textContent.trim()).then(done);
    } else if (source.select) { // plain http on another machine than localhost has no clipboard
      source.select();
      document.execCommand("copy");
      done();
    }
  });

  // --- data-filter="#list": typing shows only the list's children that hold the text -------------------------------
  function folded(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }
  document.addEventListener("input", function (event) {
    var list = event.target.dataset.filter;
    if (!list) return;
    var wanted = folded(event.target.value);
    document.querySelectorAll(list + " > *").forEach(function (item) {
      item.hidden = !folded(item.textContent).includes(wanted);
    });
  });

  // --- data-submit-on-change: a filter form goes as soon as a choice is made ----------------------------------------
  // Enter in a field both changes it and sends the form: what the field's change would send then is not sent again.
  var changed = new WeakMap();
  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (!form || !form.matches("[data-submit-on-change]")) return;
    window.clearTimeout(changed.get(form));
    changed.set(form, window.setTimeout(function () { form.requestSubmit(); }, 0));
  });
  document.addEventListener("submit", function (event) {
    window.clearTimeout(changed.get(event.target));
  }, true);

  // --- data-keeps-open: a fold somebody opened stays open, with what was typed, when its part is loaded anew --------
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    var old = event.detail.target.querySelector("details[data-keeps-open][open]");
    var anew = event.detail.fragment.querySelector("details[data-keeps-open]");
    if (!old || !anew) return;
    anew.open = true;
    old.querySelectorAll("input:not([type=hidden])").forEach(function (input) {
      var twin = input.id && anew.querySelector("#" + CSS.escape(input.id));
      if (twin && input.type !== "checkbox") twin.value = input.value;
      else if (twin) twin.checked = input.checked;
    });
  });
})();
