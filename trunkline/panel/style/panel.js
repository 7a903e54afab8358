// What every page of the panel needs in the browser: its time zone for the server, and the switches that are cookies.
"use strict";
(() => {
  const keep = (cookie) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${cookie}; Path=/panel; Max-Age=31536000; SameSite=Lax${secure}`;
  };
  keep(`trunkline_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone || ""}`);
  // A table keeps its filters and its page in the address; going back to one shows it as it was.
  window.addEventListener("popstate", () => location.reload());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-cookie]");
    if (!button) return;
    keep(button.dataset.cookie);
    location.reload();
  });
})();
