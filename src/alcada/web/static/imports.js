// A file that is too large is told before it is sent. The server refuses it all the same.
(function () {
  "use strict";
  document.addEventListener("change", function (event) {
    var field = event.target;
    if (!field.matches("input[type=file][data-most]")) return;
    var file = field.files[0];
    var large = Boolean(file) && file.size > Number(field.dataset.most);
    document.querySelector(field.dataset.large).hidden = !large;
    field.form.querySelector("[type=submit]").disabled = large;
    if (large) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
  });
})();
