"use strict";
// Looks again every second, as long as the box is ticked: the page is fetched
// and its main part replaced. What was open stays open, and focus stays put.
(() => {
  const label = document.getElementById("auto"), box = label.querySelector("input"), status = document.getElementById("status");
  let timer;
  async function again() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error("status " + answer.status);
      const text = await answer.text(), from = text.indexOf("<main"), to = text.indexOf("</main>");
      // The main part alone: the style beside it has another page's nonce.
      const fresh = new DOMParser().parseFromString(text.slice(from, to), "text/html");
      if (!box.checked) return;
      const focused = document.activeElement && document.activeElement.id;
      for (const old of document.querySelectorAll("details")) {
        const mark = old.querySelector("summary").id, now = fresh.getElementById(mark);
        if (now) now.parentElement.open = old.open;
      }
      const main = fresh.getElementById("main");
      document.getElementById("main").replaceWith(main);
      document.getElementById("now").textContent = main.dataset.now;
      if (focused && document.getElementById(focused)) document.getElementById(focused).focus({ preventScroll: true });
      status.textContent = "";
    } catch (err) {
      status.textContent = "the program does not answer: " + err.message;
    }
    if (box.checked) timer = setTimeout(again, 1000);
  }
  box.addEventListener("change", () => {
    clearTimeout(timer);
    if (box.checked) again();
  });
  label.hidden = false;
})();
