// What every page of the panel needs in the browser: its time zone for the server, and the switches that are cookies.
"use strict";
(() => {
  const keep = (cookie) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${cookie}; Path=/panel; Max-Age=31536000; SameSite=Lax${secure}`;
  };
  keep(`trunkline_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone || ""}`);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-cookie]");
    if (!button) return;
    keep(button.dataset.cookie);
    location.reload();
  });
})();
