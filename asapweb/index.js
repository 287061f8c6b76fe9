"use strict";
// Looks again every second, as long as the box is ticked: the page is fetched
// and its main part replaced. What was open stays open, focus stays put, and what
// is at the top of the window stays there. While text is selected nothing changes.
(() => {
  const label = document.getElementById("auto"), box = label.querySelector("input"), status = document.getElementById("status");
  const remembered = "asap: every second";
  let timer;

  // The first thing with an id that is in the window, and where.
  function anchor() {
    for (const e of document.querySelectorAll("#main [id]")) {
      const r = e.getBoundingClientRect();
      if (r.bottom > 0) return { id: e.id, y: r.top };
    }
    return null;
  }

  function replace(fresh) {
    const focused = document.activeElement && document.activeElement.id;
    for (const old of document.querySelectorAll("details")) {
      const now = fresh.getElementById(old.querySelector("summary").id);
      if (now) now.parentElement.open = old.open;
    }
    const at = window.scrollY > 0 ? anchor() : null, main = fresh.getElementById("main");
    document.getElementById("main").replaceWith(main);
    document.getElementById("now").textContent = main.dataset.now;
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus({ preventScroll: true });
    const e = at && document.getElementById(at.id);
    if (e) window.scrollBy(0, e.getBoundingClientRect().top - at.y);
  }

  function selected() {
    const chosen = document.getSelection();
    return chosen && !chosen.isCollapsed;
  }

  async function again() {
    if (!selected()) try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error("status " + answer.status);
      const text = await answer.text(), from = text.indexOf("<main"), to = text.indexOf("</main>");
      // The main part alone: the style beside it has another page's nonce.
      const fresh = new DOMParser().parseFromString(text.slice(from, to), "text/html");
      if (!box.checked) return;
      if (!selected()) replace(fresh); // there may be a selection by now
      status.textContent = "";
    } catch (err) {
      status.textContent = "the program does not answer: " + err.message;
    }
    if (box.checked) timer = setTimeout(again, 1000);
  }

  function start() {
    clearTimeout(timer);
    try { sessionStorage.setItem(remembered, box.checked ? "yes" : ""); } catch { } // it may be forbidden
    if (box.checked) again();
  }

  box.addEventListener("change", start);
  label.hidden = false;
  try { // in other windows of time, and by other columns
    if (sessionStorage.getItem(remembered)) { box.checked = true; timer = setTimeout(again, 1000); }
  } catch { }
})();
