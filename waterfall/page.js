"use strict";
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const $ = id => document.getElementById(id);
  const STATES = ["", "queued", "running", "blocked", "outside"], BAD = [4, 8, 9];
  const CRITICAL = 2, REST = 3; // bands
  const recorded = { makespan: run.makespan, pieces: run.tasks.map(t => t.pieces), outcomes: run.tasks.map(t => t.outcome) };
  const scale = run.tasks.map(() => 1), percent = run.tasks.map(() => 100), dropped = new Set(), gone = run.tasks.map(() => false);
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
  const whole = ns => duration(ns).replaceAll(" ", "\u00a0"); // never broken across lines
  const count = (n, noun) => n + " " + noun + (n === 1 ? "" : "s");
  const took = pieces => pieces.reduce((sum, p) => sum + (p[0] === 2 ? p[2] - p[1] : 0), 0);
  const nameOf = on => on >= 0 ? (run.tasks[on] || run.more[on - run.tasks.length]).path : on <= -2 ? run.groups[-2 - on].name || "its nested group" : "";
  const piecesOf = t => gone[t] ? [] : shown.pieces[t];
  const ran = t => piecesOf(t).some(p => p[0] === 2);

  // The nodes of the tree, each with the one around it, and the rows of a task.
  const places = new Map();
  let many = false;
  (function grow(nodes, up, inner) {
    for (const n of nodes) {
      Object.assign(n, { up, inner, open: false });
      n.tasks = n.t >= 0 ? [n.t] : n.m || (n.b ? n.k.map(k => k.t) : []);
      if (n.b) many = true;
      if (n.t >= 0) places.set(n.t, (places.get(n.t) || []).concat([n]));
      grow(n.i || [], n, true);
      grow(n.k || [], n, false);
    }
  })(run.rows, null, false);
  const rest = run.rows.find(n => n.b === REST);
  const whatif = $("whatif"), only = $("only"), find = $("find"), chart = $("chart");
  let all = false, query = "";

  // inside is what a node shows: folded, what is critical and the bands in it.
  function inside(n) {
    if (n.b !== 1 && n.b !== CRITICAL) return n.k || [];
    if (n.open) return n.k;
    if (n.b === CRITICAL) return [];
    const way = n.s && !all && !only.checked ? [] : n.k.filter(k => critical.has(k.t));
    n.stops ??= new Map();
    for (const k of way) if (!n.stops.has(k.t)) n.stops.set(k.t, { t: k.t, l: k.l, n: k.n, tasks: [k.t], up: n, inner: true });
    const rows = way.map(k => n.stops.get(k.t));
    if (rows.length <= 3) return rows.concat(n.i || []);
    n.way ??= { t: -1, b: CRITICAL, up: n, inner: true, open: false };
    Object.assign(n.way, { l: rows.length + " critical", k: rows, tasks: way.map(k => k.t) });
    return [n.way].concat(n.i || []);
  }

  // The rows that there are to be seen, of which those near the window are made.
  let rows = [], at = new Map();
  const finds = new Map();
  function list() {
    rows = [];
    if (query) {
      run.tasks.forEach((task, t) => {
        if (!task.path.toLowerCase().includes(query)) return;
        if (!finds.has(t)) finds.set(t, { t, l: task.path, tasks: [t], up: null });
        rows.push({ n: finds.get(t), depth: 0 });
      });
      $("found").textContent = rows.length + " of " + run.tasks.length;
    } else {
      $("found").textContent = "";
      const put = (nodes, depth) => {
        for (const n of nodes) {
          const hidden = n.b === REST ? only.checked : only.checked ? !n.tasks.some(t => critical.has(t)) : n.h && !all;
          if (!hidden) rows.push({ n, depth });
          put(inside(n), hidden ? depth : depth + 1);
        }
      };
      put(run.rows, 0);
    }
    at = new Map(rows.map((r, i) => [r.n, i]));
  }

  // The chart: an axis, and the rows that are near the window.
  const axis = el("div", "row axis"), body = el("div", "rows");
  axis.setAttribute("aria-hidden", "true");
  body.setAttribute("role", "presentation");
  axis.append(el("span", "name"), el("span", "took"), el("span", "track"), el("span", "knob"));
  chart.append(axis, body);
  let widest = 6;
  (function measure(nodes, depth) {
    for (const n of nodes) {
      widest = Math.max(widest, n.l.length + (n.n || "").length + 2 * depth + (many ? 3 : 0));
      measure(n.k || [], depth + (n.b === 1 ? 2 : 1)); // in a band there is one of critical tasks
      measure(n.i || [], depth + 1);
    }
  })(run.rows, 0);
  chart.style.setProperty("--name", Math.min(Math.max(widest, 8), 30) + "ch");

  const made = new Map();
  let version = 0, printing = false, current = null, columns = 60; // that a band's crowd is drawn in
  function build(n) {
    const row = el("div", "row"), name = el("span", "name"), r = { n, row, name, took: el("span", "took"), track: el("span", "track"), knob: el("span", "knob") };
    row.setAttribute("role", "treeitem");
    r.track.setAttribute("aria-hidden", "true");
    if (n.b) {
      r.fold = el("button", "fold", "▸");
      Object.assign(r.fold, { type: "button", tabIndex: -1 });
      r.fold.setAttribute("aria-hidden", "true");
      name.append(r.fold);
      name.addEventListener("click", () => toggle(n));
    }
    const label = el("span", "label", n.l);
    label.dir = "auto";
    r.label = label;
    name.append(label);
    if (n.n) name.append(el("span", n.b ? "tail soft" : "tail", n.n));
    name.title = (n.t >= 0 ? run.tasks[n.t].path : n.l) + (n.n || "");
    row.append(name, r.took, r.track);
    if (n.t < 0 && !n.b) {
      name.classList.add("title");
      row.setAttribute("aria-label", "group " + n.l);
      return r;
    }
    row.append(r.knob);
    row.tabIndex = -1;
    row.addEventListener("focus", () => { settle(n); detail(n); });
    row.addEventListener("mouseenter", () => detail(n));
    return r;
  }

  // One row takes part in the tab order.
  function settle(n) {
    current = n;
    for (const r of made.values()) if (r.row.hasAttribute("tabindex")) r.row.tabIndex = r.n === n ? 0 : -1;
  }

  function render() {
    const height = parseFloat(getComputedStyle(chart).getPropertyValue("--h"));
    columns = Math.max(60, Math.min(400, Math.round((chart.clientWidth - 300) / 3)));
    let from = 0, to = rows.length;
    if (printing) to = Math.min(to, 2000);
    else if (rows.length > 120) {
      const top = body.getBoundingClientRect().top;
      to = Math.min(rows.length, Math.max(60, Math.ceil((window.innerHeight - top) / height) + 15));
      from = Math.max(0, Math.min(to - 60, Math.floor(-top / height) - 15));
    }
    const keep = new Set(rows.slice(from, to).map(r => r.n));
    for (const [n, r] of made) {
      if (keep.has(n)) continue;
      if (r.row === document.activeElement) { chart.tabIndex = -1; chart.focus({ preventScroll: true }); }
      r.row.remove();
      made.delete(n);
    }
    let next = body.firstChild;
    for (let i = from; i < to; i++) {
      const { n, depth } = rows[i];
      let r = made.get(n);
      if (!r) made.set(n, r = build(n));
      r.name.style.paddingLeft = (Math.min(depth, 8) + (many ? 1 : 0)) * 1.1 + "em";
      r.row.setAttribute("aria-level", depth + 1);
      r.row.setAttribute("aria-posinset", i + 1);
      r.row.setAttribute("aria-setsize", rows.length);
      if (r.version !== version) fill(r);
      if (next === r.row) next = next.nextSibling;
      else body.insertBefore(r.row, next);
    }
    body.style.paddingTop = from * height + "px";
    body.style.paddingBottom = printing ? 0 : (rows.length - to) * height + "px";
    if (!made.has(current) || !made.get(current).row.hasAttribute("tabindex")) {
      const first = rows.slice(from, to).find(r => r.n.t >= 0 || r.n.b);
      settle(first ? first.n : null);
    }
  }

  // The time that is shown, of span.
  let span = 1, view = null, critical = new Map();
  const lo = () => view ? view[0] : 0, hi = () => view ? view[1] : span;
  const share = ns => (ns - lo()) / (hi() - lo());
  const pos = ns => 100 * share(ns) + "%";
  function look(from, length) {
    length = Math.max(length, Math.min(span, 1000), span / 1e5);
    view = length >= span ? null : [Math.max(0, Math.min(from, span - length)), 0];
    if (view) view[1] = view[0] + length;
    draw();
  }
  function zoom(factor, center) {
    center ??= (lo() + hi()) / 2;
    look(center - (center - lo()) * factor, (hi() - lo()) * factor);
  }
  const pan = part => view && look(lo() + part * (hi() - lo()), hi() - lo());

  function ticks(length, n) {
    let step = 1, next = 0;
    while (length / step > n) { step = [step * 2, step / 2 * 5, step * 2][next]; next = (next + 1) % 3; }
    return step;
  }

  function draw() {
    span = Math.max(run.makespan, shown.makespan, 1);
    if (view && view[1] > span) view = null;
    critical = new Map();
    for (const s of steps) {
      if (!critical.has(s.task)) critical.set(s.task, []);
      critical.get(s.task).push(s);
    }
    $("next").disabled = $("prev").disabled = !steps.some(s => s.task >= 0);
    version++;
    list();
    render(); // which reads from the page, before more is written
    const length = hi() - lo(), step = ticks(length, window.innerWidth < 640 ? 4 : 8), labels = axis.querySelector(".track");
    labels.textContent = "";
    const first = Math.ceil(lo() / step) * step;
    for (let t = first; t <= lo() + length * .97; t += step) {
      const l = el("span", share(t) < .03 ? "first" : "", t ? duration(t) : "0");
      l.style.left = pos(t);
      labels.append(l);
    }
    chart.style.setProperty("--tick", 100 * step / length + "%");
    chart.style.setProperty("--off", step < length ? 100 * share(first) / (1 - step / length) + "%" : pos(first));
    $("out").disabled = $("whole").disabled = !view;
  }

  // fill gives a row what changes: with the prediction, the time shown, and folds.
  function fill(r) {
    r.version = version;
    const n = r.n;
    if (n.t < 0 && !n.b) return;
    if (whatif && whatif.checked) knobs(r);
    const failed = n.b ? figures(n).bad > 0 : BAD.includes(shown.outcomes[n.t]), way = n.tasks.some(t => critical.has(t));
    r.row.classList.toggle("critical", way);
    r.row.classList.toggle("failed", failed);
    r.track.textContent = "";
    if (n.b) { fillBand(r, way); return; }
    const task = run.tasks[n.t], outcome = shown.outcomes[n.t], pieces = piecesOf(n.t), time = took(pieces);
    r.took.textContent = ran(n.t) ? duration(time) : "";
    r.row.setAttribute("aria-label", task.path + ", " + task.word + (ran(n.t) ? ", ran " + duration(time) : "") + (way ? ", critical" : "") + (task.needs.length ? ", needed " + task.needs.join(", ") : ""));
    const put = (cls, from, to, title) => {
      if (to < lo() || from > hi()) return;
      const e = el("span", "p " + cls), a = Math.max(from, lo()), b = Math.min(to, hi());
      e.style.left = "min(" + pos(a) + ", 100% - 2px)";
      e.style.width = 100 * (b - a) / (hi() - lo()) + "%";
      e.title = title;
      r.track.append(e);
    };
    if (changed) {
      for (const [state, from, to] of recorded.pieces[n.t]) if (state === 2) put("was", from, to, "ran here, as it was");
    }
    for (const [state, from, to, on] of pieces) {
      if (from === to && (state !== 2 || time > 0)) continue;
      put(STATES[state], from, to, STATES[state] + (state === 3 && nameOf(on) ? " on " + nameOf(on) : "") + ": " + duration(to - from));
    }
    for (const s of critical.get(n.t) || [])
      if (s.state === 2) put("crit", s.start, s.end, "running, critical: " + duration(s.end - s.start));
    const last = pieces[pieces.length - 1];
    if (last && (last[2] < lo() || pieces[0][1] > hi())) { // where it is
      const m = el("span", "mark", last[2] < lo() ? "‹" : "›");
      m.style[last[2] < lo() ? "left" : "right"] = "0";
      r.track.append(m);
      return;
    }
    let word = gone[n.t] ? "dropped" : outcome === 1 ? "" : BAD.includes(outcome) ? "✗ " + task.word : outcome === 2 ? "! " + task.word : task.word;
    if (outcome === 0 && last) word = last[0] === 3 ? "waits" + (nameOf(last[3]) ? " for " + nameOf(last[3]) : "") : last[0] === 1 ? "queued" : "";
    if (word) mark(r, word, last ? last[1] : 0, last ? last[2] : 0, last && last[0] === 2);
  }

  // mark writes a word where a row ends, or where there is room for it.
  function mark(r, word, from, to, busy) {
    if (to < lo() || from > hi()) return;
    const m = el("span", "mark", word), end = share(to);
    if (end <= .85) m.style.left = 100 * end + "%";
    else if (!busy) m.style.right = "0";
    else if (end - share(from) < .15) m.style.right = "calc(100% - " + pos(from) + ")";
    else { m.style.right = "0"; m.classList.add("inside"); }
    r.track.append(m);
  }

  // figures are those of many tasks, as they are shown.
  function figures(n) {
    if (n.of === shown) return n.figures;
    n.of = shown;
    const times = [], starts = [], ends = [];
    let bad = 0;
    for (const t of n.tasks) {
      if (BAD.includes(shown.outcomes[t])) bad++;
      let time = -1;
      for (const p of piecesOf(t)) {
        if (p[0] !== 2) continue;
        time = Math.max(time, 0) + p[2] - p[1];
        if (p[1] === p[2]) continue;
        starts.push(p[1]);
        ends.push(p[2]);
      }
      if (time >= 0) times.push(time);
    }
    const sorted = list => Float64Array.from(list).sort(), from = sorted(starts), to = sorted(ends), time = sorted(times);
    let peak = 0, over = 0;
    for (let k = 0; k < from.length; k++) {
      while (to[over] <= from[k]) over++;
      peak = Math.max(peak, k + 1 - over);
    }
    const rank = share => time.length ? time[Math.floor((time.length - 1) * share)] : 0;
    n.figures = { bad, ran: time.length, peak, p50: rank(.5), p95: rank(.95), max: rank(1), fifth: time[Math.max(0, time.length - 5)] };
    return n.figures;
  }

  function fillBand(r, way) {
    const n = r.n, f = figures(n), bad = f.bad;
    r.took.textContent = "";
    if (f.ran) r.took.append(el("small", "", "p50 "), duration(f.p50));
    const open = n.b === REST ? all : n.open;
    r.fold.textContent = open ? "▾" : "▸";
    r.label.textContent = n.l;
    r.row.setAttribute("aria-expanded", String(open));
    r.row.setAttribute("aria-label", n.l + ", " + count(n.tasks.length, "task") + (f.ran ? ", half took " + duration(f.p50) + " or less, the longest " + duration(f.max) + ", at most " + f.peak + " at once" : "") + (bad ? ", " + bad + " failed" : "") + (way ? ", critical" : ""));
    if (n.b !== CRITICAL) r.track.append(crowd(n, f));
    for (const s of bars(n)) {
      const e = el("span", "p crit" + (n.b === CRITICAL ? "" : " thin")), from = Math.max(s.start, lo());
      e.style.left = "min(" + pos(from) + ", 100% - 2px)";
      e.style.width = 100 * (Math.min(s.end, hi()) - from) / (hi() - lo()) + "%";
      e.title = (s.n > 1 ? s.n + " tasks" : run.tasks[s.task].path) + " running, critical: " + duration(s.end - s.start);
      r.track.append(e);
    }
    if (bad) {
      const end = Math.max(...n.tasks.slice(0, 1e4).map(t => { const p = piecesOf(t); return p.length ? p[p.length - 1][2] : 0; }));
      mark(r, "✗ " + bad + " failed", 0, end, false);
    }
  }

  // bars are when a band's critical tasks run. Those that touch, each too narrow to point
  // at, are one: of ten thousand a browser would have much to lay out.
  function bars(n) {
    const out = [], narrow = (hi() - lo()) / columns;
    let last = null;
    for (const s of n.tasks.flatMap(t => critical.get(t) || []).sort((a, b) => a.start - b.start)) {
      if (s.state !== 2 || s.end < lo() || s.start > hi()) continue;
      const small = s.end - s.start < narrow;
      if (small && last && last.small && s.start - last.end < narrow / 4) {
        last.end = Math.max(last.end, s.end);
        last.n++;
      } else out.push(last = { ...s, small, n: 1 });
    }
    return out;
  }

  // crowd draws how many of a band's tasks run, as a height, and where none does
  // while some are queued or blocked.
  function crowd(n, f) {
    const N = columns, from = lo(), till = hi(), unit = (till - from) / N;
    const busy = new Float64Array(N + 1), steps = new Float64Array(N + 2), any = [0, 1, 2].map(() => new Int32Array(N + 2));
    for (const t of n.tasks) {
      const pieces = piecesOf(t), point = pieces.length && pieces[0][1] === pieces[pieces.length - 1][2];
      for (const p of pieces) {
        const state = p[0], start = p[1], end = p[2];
        if (end < from || start > till || start === end && (state !== 2 || !point)) continue;
        const a = Math.max(0, (start - from) / unit), b = Math.min(N, (end - from) / unit), first = Math.min(N - 1, Math.floor(a)), last = Math.max(first, Math.min(N - 1, Math.ceil(b) - 1));
        any[state - 1][first]++;
        any[state - 1][last + 1]--;
        if (state !== 2) continue;
        if (first === last) { busy[first] += b - a; continue; }
        busy[first] += first + 1 - a;
        busy[last] += b - last;
        steps[first + 1]++;
        steps[last]--;
      }
    }
    const height = 20, sums = [0, 0, 0];
    let sum = 0, most = 1e-9;
    for (let k = 0; k < N; k++) { busy[k] += sum += steps[k]; most = Math.max(most, busy[k]); }
    const paths = ["", "", ""];
    for (let k = 0; k < N; k++) {
      for (const s of [0, 1, 2]) sums[s] += any[s][k];
      const which = sums[1] ? 0 : sums[0] ? 1 : sums[2] ? 2 : -1;
      if (which < 0) continue;
      const h = [Math.max(1.5, height * busy[k] / most), 4, 1.5][which];
      paths[which] += "M" + k + " " + height + "V" + (height - h).toFixed(1) + "h1V" + height + "Z";
    }
    const svg = $("crowd").content.firstElementChild.cloneNode(true);
    svg.setAttribute("viewBox", "0 0 " + N + " " + height);
    svg.querySelector("title").textContent = count(n.tasks.length, "task") + ", at most " + f.peak + " at once";
    svg.querySelectorAll("path").forEach((path, k) => path.setAttribute("d", paths[k]));
    return svg;
  }

  function detail(n) {
    const box = $("detail"), head = el("p"), name = el("b", "", n.t >= 0 ? run.tasks[n.t].path : n.l);
    name.dir = "auto";
    box.textContent = "";
    box.classList.add("told");
    box.append(head);
    const add = (label, text) => {
      if (!text) return;
      const p = el("p");
      p.append(el("span", "soft", label + " "), text);
      box.append(p);
    };
    if (n.b) {
      const f = figures(n), words = new Map();
      for (const t of n.tasks) {
        const word = gone[t] ? "dropped" : run.tasks[t].word;
        words.set(word, (words.get(word) || 0) + 1);
      }
      head.append(name, " " + [...words].map(([w, k]) => k + "\u00a0" + w).join(", "));
      if (f.ran) {
        const long = n.tasks.filter(ran).map(t => [took(piecesOf(t)), t]).filter(([d]) => d >= f.fifth).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
        add("took", "half " + whole(f.p50) + " or less, 95\u00a0% " + whole(f.p95) + ", the longest " + whole(f.max) + "; at most " + f.peak + " at once");
        add("longest", long.slice(0, 5).map(([d, t]) => run.tasks[t].path + " " + whole(d)).join(", "));
      }
      const bad = n.tasks.filter(t => BAD.includes(shown.outcomes[t]));
      for (const t of bad.slice(0, 3)) add(run.tasks[t].path, run.tasks[t].err);
      if (bad.length > 3) add("", bad.length - 3 + " more failed");
      return;
    }
    const t = n.t, task = run.tasks[t];
    head.append(name, " " + task.word);
    add("error", task.err);
    add("needed", task.needs.join(", "));
    const pieces = shown.pieces[t].filter(p => p[2] > p[1]);
    const told = pieces.slice(0, 12).map(([s, from, to, on]) => STATES[s] + (s === 3 && nameOf(on) ? " on " + nameOf(on) : "") + " " + whole(to - from));
    if (pieces.length > 12) told.push((pieces.length - 12) + " more pieces");
    add("in order", told.join(", "));
    if (task.slack > 0) add("slack", whole(task.slack) + ": it could have run so much later without harm");
  }

  // What if.
  function knobs(r) {
    const tasks = r.n.tasks.filter(t => run.tasks[t].kind === 0), name = r.n.t >= 0 ? run.tasks[r.n.t].path : r.n.l;
    if (!tasks.length || r.n.b === REST) return;
    if (!r.slider) {
      r.slider = el("input");
      Object.assign(r.slider, { type: "range", min: 0, max: 200, step: 5 });
      r.slider.setAttribute("aria-label", "time of " + name + " in percent");
      r.percent = el("output");
      r.drop = el("button", "", "drop");
      r.drop.type = "button";
      r.drop.setAttribute("aria-label", "drop " + name);
      r.slider.addEventListener("input", () => {
        for (const t of tasks) {
          percent[t] = Number(r.slider.value);
          scale[t] = 1 - (100 - percent[t]) / 100; // rounded as the package's Speed is
        }
        predict();
      });
      r.drop.addEventListener("click", () => {
        const is = r.n.tasks.every(t => dropped.has(t));
        for (const t of r.n.tasks) if (is) dropped.delete(t); else dropped.add(t);
        predict();
      });
      r.knob.append(r.slider, r.percent, r.drop);
    }
    const same = tasks.every(t => percent[t] === percent[tasks[0]]);
    r.slider.value = same ? percent[tasks[0]] : 100;
    r.percent.textContent = same ? percent[tasks[0]] + " %" : "each";
    r.drop.setAttribute("aria-pressed", String(r.n.tasks.every(t => dropped.has(t))));
  }

  const children = run.tasks.map(() => []);
  run.tasks.forEach((t, i) => { if (t.parent >= 0) children[t.parent].push(i); });
  function dropTree(t) {
    if (gone[t]) return;
    gone[t] = true;
    children[t].forEach(dropTree);
  }

  function predict() {
    gone.fill(false);
    dropped.forEach(dropTree);
    changed = scale.some(s => s !== 1) || dropped.size > 0 || limit !== run.limit;
    shown = changed ? simulate(run, scale, gone, limit) : recorded;
    steps = changed ? criticalPath(run, shown, gone, limit) : run.steps;
    const out = $("prediction");
    out.textContent = "";
    out.dataset.makespan = shown.makespan;
    if (changed) {
      const saved = run.makespan - shown.makespan;
      out.append(el("span", "num", duration(shown.makespan)), " instead of ", el("span", "num", duration(run.makespan)), ", ");
      out.append(el("span", "num " + (saved >= 0 ? "less" : "more"), saved === 0 ? "no change" : duration(Math.abs(saved)) + (saved > 0 ? " less" : " more")));
    }
    draw();
    tellAssumed();
  }

  // asItWas is the simulation of the run itself.
  let base = null;
  const asItWas = () => base ||= simulate(run, run.tasks.map(() => 1), null, run.limit);

  // tellAssumed says what the prediction rests on, once the hand rests: to find out takes
  // many simulations, which are done a few at a time and given up when something changes.
  const whatToMove = "Move a slider, drop a task, or set the limit.";
  let question = 0;
  function tellAssumed() {
    const mine = ++question, out = $("assumes"), asking = assumes(run, shown, scale, gone, limit);
    out.ariaBusy = changed;
    if (!changed) out.textContent = whatToMove;
    function search() {
      if (mine !== question) return;
      for (const until = performance.now() + 20; performance.now() < until;) {
        const { done, value: lines } = asking.next();
        if (!done) continue;
        const was = asItWas().makespan;
        if (was !== run.makespan) lines.push("the run as it was, simulated, takes " + duration(was) + ": what was ready in one instant came in another order");
        out.textContent = lines.length ? "If " + lines.join(", and ") + "." : "Exact, if the bodies do what they did.";
        out.ariaBusy = false;
        return;
      }
      setTimeout(search);
    }
    if (changed) setTimeout(search, 100);
  }

  // Folding, finding, walking.
  function toggle(n) {
    if (n.b === REST) all = !all; else n.open = !n.open;
    current = n;
    version++;
    list();
    render();
    const r = made.get(n);
    if (r) r.row.focus({ preventScroll: true });
  }

  function go(i) {
    const n = rows[i] && rows[i].n;
    if (!n) return;
    const height = parseFloat(getComputedStyle(chart).getPropertyValue("--h"));
    if (!made.has(n)) window.scrollTo(0, window.scrollY + body.getBoundingClientRect().top + i * height - window.innerHeight / 3);
    current = n;
    render();
    const r = made.get(n);
    r.row.scrollIntoView({ block: "nearest" });
    r.row.focus({ preventScroll: true });
  }

  // reveal goes to the row of a task, and unfolds what it is in.
  function reveal(t) {
    const nodes = places.get(t) || [];
    let n = rows.map(r => r.n).find(n => n.t === t);
    if (!n && (n = nodes[0])) {
      query = find.value = "";
      for (let k = n; k; k = k.up) {
        if (k.h) all = true;
        if (!k.up || !k.up.b) continue;
        if (!k.up.open && k.up.way && k.up.way.tasks.includes(k.t)) k.up.way.open = true;
        else k.up.open = !k.inner;
      }
      version++;
      list();
      n = (rows.find(r => r.n.t === t) || {}).n;
    }
    if (n) go(at.get(n));
  }

  let way = -1;
  function along(by) {
    const stops = steps.filter((s, i) => s.task >= 0 && (i === 0 || steps[i - 1].task !== s.task));
    if (!stops.length) return;
    const i = current && current.t >= 0 ? stops.findIndex(s => s.task === current.t) : -1;
    if (!(stops[way] && current && stops[way].task === current.t)) way = i;
    way = way < 0 ? (by > 0 ? 0 : stops.length - 1) : (way + by + stops.length) % stops.length;
    const s = stops[way];
    if (view && (s.start < lo() || s.end > hi())) look(s.start - (hi() - lo() - Math.min(hi() - lo(), s.end - s.start)) / 2, hi() - lo());
    reveal(s.task);
  }

  chart.addEventListener("keydown", e => {
    if (e.target.tagName === "INPUT" || e.target.tagName === "BUTTON" || e.ctrlKey || e.metaKey || e.altKey) return;
    const i = at.has(current) ? at.get(current) : -1, step = { ArrowDown: 1, PageDown: 20, ArrowUp: -1, PageUp: -20 }[e.key];
    let to = step ? i + step : { Home: 0, End: rows.length - 1 }[e.key];
    const stops = k => rows[k].n.t >= 0 || rows[k].n.b; // a title is passed over
    if (e.shiftKey && (e.key === "ArrowLeft" || e.key === "ArrowRight")) { pan(e.key === "ArrowLeft" ? -.25 : .25); e.preventDefault(); return; }
    if (to !== undefined && i >= 0) {
      to = Math.max(0, Math.min(rows.length - 1, to));
      while (rows[to] && !stops(to)) to += step < 0 || e.key === "End" ? -1 : 1;
      if (!rows[to]) return;
      e.preventDefault();
      go(to);
    } else if (current && current.b && (e.key === "Enter" || e.key === " " || e.key === "ArrowRight" || e.key === "ArrowLeft")) {
      const open = current.b === REST ? all : current.open;
      if (e.key === "ArrowRight" && open || e.key === "ArrowLeft" && !open) return;
      e.preventDefault();
      toggle(current);
    } else if (current && e.key === "ArrowLeft" && current.up && at.has(current.up)) {
      e.preventDefault();
      go(at.get(current.up));
    }
  });
  document.addEventListener("keydown", e => {
    const into = e.target.tagName === "INPUT" && e.target.type !== "checkbox" || e.target.isContentEditable;
    if (into || e.ctrlKey || e.metaKey || e.altKey) return;
    const keys = { "+": () => zoom(.5), "=": () => zoom(.5), "-": () => zoom(2), "−": () => zoom(2), "0": () => look(0, span), c: () => along(1), C: () => along(-1), "/": () => find.focus() };
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  });
  chart.addEventListener("wheel", e => {
    const box = axis.querySelector(".track").getBoundingClientRect(), place = Math.max(0, Math.min(1, (e.clientX - box.left) / Math.max(1, box.width)));
    if (e.ctrlKey || e.metaKey || e.altKey) zoom(Math.exp(Math.max(-1, Math.min(1, e.deltaY / 200))), lo() + place * (hi() - lo()));
    else if (view && (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY))) pan((e.deltaX || e.deltaY) / 800);
    else return;
    e.preventDefault();
  }, { passive: false });
  $("in").addEventListener("click", () => zoom(.5));
  $("out").addEventListener("click", () => zoom(2));
  $("whole").addEventListener("click", () => look(0, span));
  $("next").addEventListener("click", () => along(1));
  $("prev").addEventListener("click", () => along(-1));
  find.addEventListener("input", () => {
    query = find.value.trim().toLowerCase();
    version++;
    list();
    render();
  });
  find.addEventListener("keydown", e => {
    if (e.key === "Enter" && rows.length) { e.preventDefault(); go(0); }
    if (e.key === "Escape") { query = find.value = ""; draw(); }
  });

  only.addEventListener("change", () => {
    chart.classList.toggle("only", only.checked);
    draw();
  });
  if (whatif) {
    whatif.addEventListener("change", () => {
      chart.classList.toggle("knobs", whatif.checked);
      $("knobs").hidden = $("assumes").hidden = !whatif.checked;
      draw();
      setTimeout(asItWas); // so that the first move of a slider finds the simulation ready
    });
    $("assumes").textContent = whatToMove;
    $("limit").value = run.limit || "";
    $("limit").addEventListener("input", e => {
      limit = Math.max(0, Math.floor(Number(e.target.value) || 0));
      predict();
    });
    $("reset").addEventListener("click", () => {
      scale.fill(1);
      percent.fill(100);
      dropped.clear();
      limit = run.limit;
      $("limit").value = run.limit || "";
      predict();
    });
  }
  $("finder").hidden = run.tasks.length < 20;
  $("many").hidden = !many;
  $("app").hidden = false;
  const fit = () => {
    chart.style.setProperty("--bar", document.querySelector(".bar").offsetHeight + "px");
    draw();
  };
  window.addEventListener("resize", fit);
  let asked = 0;
  window.addEventListener("scroll", () => { asked ||= requestAnimationFrame(() => { asked = 0; render(); }); }, { passive: true });
  window.addEventListener("beforeprint", () => { printing = true; render(); });
  window.addEventListener("afterprint", () => { printing = false; render(); });
  fit();
})();
