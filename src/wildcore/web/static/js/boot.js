// Runs before the first paint: theme, scale, and the key of an iframe page out of the address.
(function () {
  "use strict";
  var root = document.documentElement;
  function stored(kind, name) {
    try { return window[kind].getItem(name); } catch (_blocked) { return null; }
  }
  function theme() {
    var wish = stored("localStorage", "wc-theme") || "auto";
    var dark = wish === "dark" || (wish === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
  }
  window.wildcore = { key: null, theme: theme };
  theme();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);

  var zoom = parseFloat(root.dataset.zoom);
  if (zoom > 0 && zoom !== 1) root.style.zoom = String(zoom);

  if (root.hasAttribute("data-iframe")) {
    var address = new URL(window.location.href);
    Array.from(address.searchParams.keys()).forEach(function (name) {
      if (name.toLowerCase() === "x-auth-key") {
        window.wildcore.key = address.searchParams.get(name);
        address.searchParams.delete(name);
      }
    });
    if (window.wildcore.key) {
      try { window.sessionStorage.setItem("wc-key", window.wildcore.key); } catch (_blocked) { /* memory is enough */ }
      window.history.replaceState(window.history.state, "", address.pathname + address.search + address.hash);
    } else {
      window.wildcore.key = stored("sessionStorage", "wc-key");
    }
  }
})();
