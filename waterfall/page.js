"use strict";
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const $ = id => document.getElementById(id);
  const STATES = ["", "queued", "running", "blocked", "outside"];
  const recorded = { makespan: run.makespan, pieces: run.tasks.map(t => t.pieces), outcomes: run.tasks.map(t => t.outcome) };
  const scale = run.tasks.map(() => 1), gone = run.tasks.map(() => false);
  let limit = run.limit, shown = recorded, steps = run.steps, changed = false;

  function el(tag, cls, text) {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text;
    return e;
  }
  function digits(f) {
    const s = f.toFixed(f < 9.995 ? 2 : f < 99.95 ? 1 : 0);
    return s.includes(".") ? s.replace(/\.?0+$/, "") : s;
  }
  function duration(ns) {
    if (ns < 0) return "−" + duration(-ns);
    if (ns === 0) return "0 ms";
    if (ns < 1e3) return ns + " ns";
    if (ns < 999500) return digits(ns / 1e3) + " µs";
    if (ns < 999.5e6) return digits(ns / 1e6) + " ms";
    if (ns < 59.995e9) return digits(ns / 1e9) + " s";
    const s = Math.round(ns / 1e9), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? h + "h " + m + "m" : m + "m " + s % 60 + "s";
  }
  const took = (pieces) => pieces.reduce((sum, p) => sum + (p[0] === 2 ? p[2] - p[1] : 0), 0);
  const nameOf = on => on >= 0 ? run.tasks[on].path : on <= -2 ? run.groups[-2 - on].name || "its nested group" : "";

  // The rows are made once; draw fills their tracks.
  const whatif = $("whatif"), chart = $("chart"), rows = [];
  const axis = el("div", "row axis");
  axis.append(el("span", "name"), el("span", "took"), el("span", "track"), el("span", "knob"));
  chart.append(axis);
  let widest = 6;
  for (const r of run.rows) {
    const row = el("div", "row");
    const name = el("span", "name", r.label);
    widest = Math.max(widest, r.label.length + 2 * r.depth);
    name.style.paddingLeft = Math.min(r.depth, 8) * 1.1 + "em";
    name.title = r.label;
    if (r.task < 0) {
      name.classList.add("title");
      row.append(name, el("span", "took"), el("span", "track"));
      chart.append(row);
      continue;
    }
    row.tabIndex = rows.length ? -1 : 0;
    row.setAttribute("role", "listitem");
    const parts = { task: r.task, row, took: el("span", "took"), track: el("span", "track"), knob: el("span", "knob") };
    row.append(name, parts.took, parts.track, parts.knob);
    row.addEventListener("focus", () => detail(r.task));
    row.addEventListener("mouseenter", () => detail(r.task));
    rows.push(parts);
    chart.append(row);
  }
  chart.style.setProperty("--name", Math.min(Math.max(widest, 8), 30) + "ch");
  chart.addEventListener("keydown", e => {
    if (e.target.tagName === "INPUT") return;
    const visible = rows.filter(r => r.row.offsetParent !== null);
    const at = visible.findIndex(r => r.row === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: visible.length - 1 }[e.key];
    if (at < 0 || to === undefined || !visible[to]) return;
    e.preventDefault();
    rows.forEach(r => { r.row.tabIndex = -1; });
    visible[to].row.tabIndex = 0;
    visible[to].row.focus();
  });

  function knobs(r) {
    if (r.slider) return;
    const task = run.tasks[r.task];
    if (task.kind !== 0) return;
    r.slider = el("input");
    Object.assign(r.slider, { type: "range", min: 0, max: 200, step: 5, value: 100 });
    r.slider.setAttribute("aria-label", "time of " + task.path + " in percent");
    r.percent = el("output", "", "100 %");
    r.drop = el("button", "", "drop");
    r.drop.type = "button";
    r.drop.setAttribute("aria-pressed", "false");
    r.drop.setAttribute("aria-label", "drop " + task.path);
    r.slider.addEventListener("input", () => {
      scale[r.task] = 1 - (100 - r.slider.value) / 100; // rounded as the package's Speed is
      r.percent.textContent = r.slider.value + " %";
      predict();
    });
    r.drop.addEventListener("click", () => {
      r.dropped = !r.dropped;
      r.drop.setAttribute("aria-pressed", String(r.dropped));
      predict();
    });
    r.knob.append(r.slider, r.percent, r.drop);
  }

  function dropTree(t) {
    gone[t] = true;
    run.tasks.forEach((c, i) => { if (c.parent === t && !gone[i]) dropTree(i); });
  }

  function predict() {
    gone.fill(false);
    for (const r of rows) if (r.dropped) dropTree(r.task);
    changed = scale.some(s => s !== 1) || gone.some(g => g) || limit !== run.limit;
    shown = changed ? simulate(run, scale, gone, limit) : recorded;
    steps = changed ? criticalPath(run, shown, gone) : run.steps;
    const out = $("prediction");
    out.textContent = "";
    out.dataset.makespan = shown.makespan;
    if (changed) {
      const saved = run.makespan - shown.makespan;
      out.append(duration(shown.makespan) + " instead of " + duration(run.makespan) + ", ");
      out.append(el("span", saved >= 0 ? "less" : "more", saved === 0 ? "no change" : duration(Math.abs(saved)) + (saved > 0 ? " less" : " more")));
    }
    draw();
  }

  function ticks(span, n) {
    let step = 1, next = 0;
    while (span / step > n) { step = [step * 2, step / 2 * 5, step * 2][next]; next = (next + 1) % 3; }
    return step;
  }

  // Of a long chart, tracks are filled when they come near the window.
  const lazy = rows.length > 200, byRow = new Map(rows.map(r => [r.row, r]));
  const near = lazy && new IntersectionObserver(entries => {
    for (const e of entries) {
      const r = byRow.get(e.target);
      r.near = e.isIntersecting;
      if (r.near) fill(r);
    }
  }, { rootMargin: "600px" });
  if (lazy) rows.forEach(r => near.observe(r.row));
  let span = 1, critical = new Map();
  const pos = ns => 100 * ns / span + "%";

  function draw() {
    span = Math.max(run.makespan, shown.makespan, 1);
    const step = ticks(span, window.innerWidth < 640 ? 5 : 8);
    const labels = axis.querySelector(".track");
    labels.textContent = "";
    for (let t = 0; t <= span * .97; t += step) {
      const l = el("span", "", t ? duration(t) : "0");
      l.style.left = pos(t);
      labels.append(l);
    }
    chart.style.setProperty("--tick", pos(step));
    critical = new Map();
    for (const s of steps) critical.set(s.task, (critical.get(s.task) || []).concat([s]));
    for (const r of rows) {
      const task = run.tasks[r.task], pieces = gone[r.task] ? [] : shown.pieces[r.task];
      r.row.classList.toggle("critical", critical.has(r.task));
      r.row.classList.toggle("failed", [4, 8, 9].includes(shown.outcomes[r.task]));
      const ran = pieces.some(p => p[0] === 2);
      r.took.textContent = ran ? duration(took(pieces)) : "";
      r.row.setAttribute("aria-label", task.path + ", " + task.word + (ran ? ", ran " + duration(took(pieces)) : "") + (critical.has(r.task) ? ", critical" : ""));
      r.stale = true;
      if (!lazy || r.near) fill(r);
    }
    entry();
  }

  // One row takes part in the tab order, and it must be one that is shown.
  function entry() {
    const hidden = r => chart.classList.contains("only") && !critical.has(r.task);
    const at = rows.find(r => r.row.tabIndex === 0);
    if (at && !hidden(at)) return;
    const first = rows.find(r => !hidden(r));
    if (at) at.row.tabIndex = -1;
    if (first) first.row.tabIndex = 0;
  }

  function fill(r) {
    if (whatif && whatif.checked) knobs(r);
    if (!r.stale) return;
    r.stale = false;
    const task = run.tasks[r.task], outcome = shown.outcomes[r.task], pieces = gone[r.task] ? [] : shown.pieces[r.task];
    r.track.textContent = "";
    const put = (cls, from, to, title) => {
      const e = el("span", "p " + cls);
      e.style.left = "min(" + pos(from) + ", 100% - 2px)";
      e.style.width = pos(to - from);
      if (title) e.title = title;
      r.track.append(e);
    };
    if (changed) {
      for (const [state, from, to] of recorded.pieces[r.task]) if (state === 2) put("was", from, to, "ran here, as it was");
    }
    for (const [state, from, to, on] of pieces) {
      if (from === to && (state !== 2 || took(pieces) > 0)) continue;
      const what = STATES[state] + (state === 3 && nameOf(on) ? " on " + nameOf(on) : "");
      put(STATES[state], from, to, what + ": " + duration(to - from));
    }
    for (const s of critical.get(r.task) || [])
      if (s.state === 2) put("crit", s.start, s.end, "running, critical: " + duration(s.end - s.start));
    const last = pieces[pieces.length - 1];
    let word = gone[r.task] ? "dropped" : outcome === 1 ? "" : [4, 8, 9].includes(outcome) ? "✗ " + task.word : outcome === 2 ? "! " + task.word : task.word;
    if (outcome === 0 && last) word = last[0] === 3 ? "waits" + (nameOf(last[3]) ? " for " + nameOf(last[3]) : "") : last[0] === 1 ? "queued" : "";
    if (!word) return;
    const end = last ? last[2] : 0, m = el("span", "mark", word);
    if (end <= span * .85) m.style.left = pos(end);
    else if (!last || last[0] !== 2) m.style.right = "0";
    else if (end - last[1] < span * .15) m.style.right = "calc(100% - " + pos(last[1]) + ")";
    else { m.style.right = "0"; m.classList.add("inside"); }
    r.track.append(m);
  }

  function detail(t) {
    const task = run.tasks[t], box = $("detail");
    box.textContent = "";
    box.classList.add("told");
    const head = el("p");
    head.append(el("b", "", task.path), " " + task.word);
    box.append(head);
    const add = (label, text) => {
      if (!text) return;
      const p = el("p");
      p.append(el("span", "soft", label + " "), text);
      box.append(p);
    };
    add("error", task.err);
    add("needed", task.needs.join(", "));
    const pieces = shown.pieces[t].filter(p => p[2] > p[1]);
    const told = pieces.slice(0, 12).map(([s, from, to, on]) => STATES[s] + (s === 3 && nameOf(on) ? " on " + nameOf(on) : "") + " " + duration(to - from));
    if (pieces.length > 12) told.push((pieces.length - 12) + " more pieces");
    add("in order", told.join(", "));
    if (task.slack > 0) add("slack", duration(task.slack) + ": it could have run so much later without harm");
  }

  $("only").addEventListener("change", e => {
    chart.classList.toggle("only", e.target.checked);
    entry();
  });
  if (whatif) {
    whatif.addEventListener("change", () => {
      chart.classList.toggle("knobs", whatif.checked);
      $("knobs").hidden = !whatif.checked;
      draw();
    });
    $("limit").value = run.limit || "";
    $("limit").addEventListener("input", e => {
      limit = Math.max(0, Math.floor(Number(e.target.value) || 0));
      predict();
    });
    $("reset").addEventListener("click", () => {
      scale.fill(1);
      limit = run.limit;
      $("limit").value = run.limit || "";
      for (const r of rows) {
        r.dropped = false;
        if (!r.slider) continue;
        r.slider.value = 100;
        r.percent.textContent = "100 %";
        r.drop.setAttribute("aria-pressed", "false");
      }
      predict();
    });
  }
  if (run.hidden) $("hidden").textContent = run.hidden + " more rows are not shown";
  $("app").hidden = false;
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", () => rows.forEach(fill));
  draw();
})();
