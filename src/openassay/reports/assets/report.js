/* Conveniences only: the page says everything without this script. */
(function () {
  "use strict";
  var all = document.querySelectorAll("details");
  document.querySelectorAll("button[data-open]").forEach(function (button) {
    button.addEventListener("click", function () {
      all.forEach(function (one) { one.open = button.dataset.open === "yes"; });
    });
    button.parentNode.hidden = false;
  });
  /* a link into a closed part opens it, also where the browser does not do so by itself */
  function reveal() {
    var target = document.getElementById(location.hash.slice(1));
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; }
    }
    if (target) { target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  if (location.hash) { reveal(); }
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.verdict, details.more").forEach(function (one) { one.open = true; });
  });
})();
