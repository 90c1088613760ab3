// Passkeys: a form with data-passkey="get" or "create" asks the browser for one before it goes.
// data-options: where what the browser is to sign comes from (POST). Texts: data-refused, data-unknown.
// What stands in [data-passkey-missing] is shown where the browser knows no passkeys, in the place of the form.
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }
  function text(buffer) {
    var letters = "";
    new Uint8Array(buffer).forEach(function (byte) { letters += String.fromCharCode(byte); });
    return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function named(list) {
    return (list || []).map(function (each) { return Object.assign({}, each, { id: bytes(each.id) }); });
  }

  function asked(options) {
    var wanted = Object.assign({}, options.publicKey);
    wanted.challenge = bytes(wanted.challenge);
    if (wanted.user) wanted.user = Object.assign({}, wanted.user, { id: bytes(wanted.user.id) });
    if (wanted.excludeCredentials) wanted.excludeCredentials = named(wanted.excludeCredentials);
    if (wanted.allowCredentials) wanted.allowCredentials = named(wanted.allowCredentials);
    return { publicKey: wanted };
  }

  function answered(credential) {
    var from = credential.response, answer = { clientDataJSON: text(from.clientDataJSON) };
    if (from.attestationObject) {
      answer.attestationObject = text(from.attestationObject);
      if (from.getTransports) answer.transports = from.getTransports();
    } else {
      answer.authenticatorData = text(from.authenticatorData);
      answer.signature = text(from.signature);
      answer.userHandle = from.userHandle && from.userHandle.byteLength ? text(from.userHandle) : null;
    }
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || null,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: answer
    };
  }

  function busy(form, on) {
    form.querySelectorAll("button").forEach(function (button) {
      button.disabled = on;
      if (on) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
    });
  }

  function say(form, words) {
    var place = form.querySelector("[data-passkey-said]");
    place.textContent = words;
    place.hidden = !words;
  }

  var leaving = false;
  function ask(form) {
    busy(form, true);
    say(form, "");
    var typed = typedFor(form);
    if (typed) form.elements[typed.name].value = typed.value;
    fetch(form.dataset.options, { method: "POST", body: new FormData(form), credentials: "same-origin" })
      .then(function (answer) {
        if (answer.redirected) { leaving = true; window.location = answer.url; } // the page that asks once more who it is
        if (!answer.ok || answer.redirected) throw new Error(answer.status === 429 ? "often" : "options");
        return answer.json();
      })
      .then(function (options) { return navigator.credentials[form.dataset.passkey](asked(options)); })
      .then(function (credential) {
        form.elements.credential.value = JSON.stringify(answered(credential));
        form.submit();
      })
      .catch(function (error) {
        busy(form, false);
        if (error.message === "options") { if (!leaving) window.location.reload(); } // an invitation that is over, say
        else say(form, error.name === "InvalidStateError" ? form.dataset.unknown : form.dataset.refused);
      });
  }

  // data-passkey-copies="name": that field is typed in another form of the page.
  function typedFor(form) {
    var name = form.dataset.passkeyCopies;
    return name ? document.querySelector("form:not([data-passkey]) [name='" + name + "']") : null;
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("[data-passkey]")) return;
    event.preventDefault();
    event.stopPropagation();
    var typed = typedFor(form);
    if (typed && !typed.value.trim()) { typed.focus(); return; }
    ask(form);
  }, true);

  document.addEventListener("DOMContentLoaded", function () {
    if (window.PublicKeyCredential && window.isSecureContext) return;
    document.querySelectorAll("form[data-passkey]").forEach(function (form) { form.hidden = true; });
    document.querySelectorAll("[data-passkey-missing]").forEach(function (each) { each.hidden = false; });
  });
})();
