"use strict";
// The simulation of package waterfall (sim.go, simend.go, simrank.go, limiter.go), line by
// line: both must predict the same. Times are nanoseconds.
function simulate(run, scale, gone, limit) {
  const RUN = 0, WAIT = 1, WAITGROUP = 2, PAUSE = 3, LAG = 4, SPAWN = 5;
  const BODY = 0, INLINE = 1, MAP = 2, RACE = 3, UNRUN = 4;
  const QUEUED = 1, RUNNING = 2, BLOCKED = 3;
  const OK = 1, TOLERATED = 2, SKIPPED = 5, CANCELED = 6, EXITED = 7;
  const DECLARE = 0, START = 1, STEP = 2, PAUSED = 3, END = 4, CANCEL = 5;
  const M = run.tasks;
  let now = 0, seq = 0;

  // binary heaps: of events by time and sequence, and of places in queues
  const events = [];
  const sooner = (a, b) => a.at !== b.at ? a.at < b.at : a.seq < b.seq;
  function push(heap, before, e) {
    let i = heap.push(e) - 1;
    while (i > 0) {
      const p = (i - 1) >> 1;
      if (!before(heap[i], heap[p])) break;
      [heap[i], heap[p]] = [heap[p], heap[i]];
      i = p;
    }
  }
  function pop(heap, before) {
    const top = heap[0], last = heap.pop();
    if (heap.length > 0) {
      heap[0] = last;
      for (let i = 0; ;) {
        let c = 2 * i + 1;
        if (c >= heap.length) break;
        if (c + 1 < heap.length && before(heap[c + 1], heap[c])) c++;
        if (!before(heap[c], heap[i])) break;
        [heap[i], heap[c]] = [heap[c], heap[i]];
        i = c;
      }
    }
    return top;
  }
  function after(d, kind, task) {
    seq++;
    push(events, sooner, { at: now + Math.max(0, d), seq, kind, task });
    return seq;
  }

  // limits
  const newLimiter = (free, up) => ({ free, up, raised: false, queue: [], left: 0 });
  let turn = 0;
  function first(a, b) {
    if (a.woken !== b.woken) return a.woken;
    if (!a.woken && a.rank !== b.rank) return a.rank > b.rank;
    if (!a.woken && a.byEnd !== b.byEnd) return a.byEnd;
    return a.turn < b.turn;
  }
  function contended(l) {
    for (; l; l = l.up) if (l.left > 0) return true;
    return false;
  }
  function topOf(l) {
    while (l && l.up) l = l.up;
    return l;
  }
  function enter(i, woken) {
    const t = S[i];
    t.queued = !!limiter[i];
    t.place = { task: i, turn: ++turn, rank: 0, woken, byEnd: t.byEnd };
    climb(limiter[i], i);
  }
  function climb(l, i) {
    const t = S[i];
    for (; l; l = l.up) {
      if (l.free > 0 && l.left === 0) { l.free--; continue; }
      t.rank = rankOf(i);
      t.place = { ...t.place, rank: t.rank };
      t.queuedAt = l;
      l.left++;
      push(l.queue, first, t.place);
      return;
    }
    granted(i);
  }
  function release(l) {
    for (; l; l = l.up) if (l.left === 0) l.free++; else climb(l.up, next(l));
  }
  function next(l) {
    for (; ;) {
      const p = pop(l.queue, first), t = S[p.task];
      if (t.queuedAt === l && t.place === p) {
        t.queuedAt = null;
        l.left--;
        return p.task;
      }
    }
  }
  const groupLimits = new Map(), mapLimits = new Map();
  function ofGroup(g) {
    if (groupLimits.has(g)) return groupLimits.get(g);
    let up = run.groups[g].owner >= 0 ? ofTask(run.groups[g].owner) : null;
    const n = g === 0 ? limit : run.groups[g].limit;
    if (n > 0) up = newLimiter(n, up);
    groupLimits.set(g, up);
    return up;
  }
  function ofTask(t) {
    const p = M[t].parent;
    if (p < 0 || M[p].group !== M[t].group) return ofGroup(M[t].group);
    if (mapLimits.has(p)) return mapLimits.get(p);
    let l = ofTask(p);
    if (M[p].limit > 0) l = newLimiter(M[p].limit, l);
    mapLimits.set(p, l);
    return l;
  }
  const unbegun = m => m.kind === BODY && !m.pieces.some(p => p[0] === RUNNING);
  const limiter = M.map((m, t) => unbegun(m) ? null : ofTask(t));

  const S = M.map(() => ({
    declared: false, ended: false, started: false, pending: 0, next: 0, waiting: false, waited: false,
    queued: false, queuedAt: null, place: null, rank: 0, byEnd: false,
    pausing: 0, parts: 0, waiters: [], dependents: [], pieces: [], at: 0, fate: 0, outcome: 0,
  }));
  const open = run.groups.map(() => 0), groupWaiters = run.groups.map(() => []), groupRank = run.groups.map(() => 0), cancelled = run.groups.map(() => false);
  const dropped = t => !!gone && gone[t];
  const chains = new Map(run.chains.map(c => [c.after, c.tasks]));
  const members = run.groups.map(() => []);
  M.forEach((m, i) => {
    open[m.group]++;
    members[m.group].push(i);
    for (const d of m.deps) S[d].dependents.push(i);
    for (const [p] of m.parts) if (!dropped(p)) S[i].parts++;
  });

  // ranks
  const maxRank = 31;
  const whole = i => M[i].parent >= 0 && M[M[i].parent].group === M[i].group ? M[i].parent : -1;
  function rankOf(i) {
    const p = whole(i);
    return Math.max(S[i].rank, groupRank[M[i].group], p >= 0 ? S[p].rank : 0);
  }
  function nest(g) {
    const owner = run.groups[g].owner;
    if (owner >= 0) groupRank[g] = Math.max(groupRank[g], Math.min(rankOf(owner) + 1, maxRank));
  }
  function raiseWait(i) {
    const todo = [];
    awaited(todo, i, rankOf(i));
    while (todo.length) {
      const n = todo.pop();
      if (n.task >= 0) raise(todo, n.task, n.rank); else raiseGroup(todo, n);
    }
  }
  function awaited(todo, i, rank) {
    rank = Math.min(rank + 1, maxRank);
    const o = M[i].ops[S[i].next - 1];
    if (o.k === WAITGROUP) todo.push({ task: -1, group: o.on, rank, top: topOf(limiter[i]) });
    else if (o.on >= 0) todo.push({ task: o.on, rank });
  }
  function raise(todo, i, rank) {
    const t = S[i], top = topOf(limiter[i]);
    if (t.ended || !top || Math.max(t.rank, groupRank[M[i].group]) >= rank) return;
    t.rank = rank;
    top.raised = true;
    if (t.waiting) awaited(todo, i, rank);
    else if (t.started) return;
    else if (t.queuedAt) move(i);
    else {
      for (const d of M[i].deps) todo.push({ task: d, rank });
      for (const [p] of M[i].parts) todo.push({ task: p, rank });
    }
  }
  function raiseGroup(todo, n) {
    if (!n.top || groupRank[n.group] >= n.rank) return;
    groupRank[n.group] = n.rank;
    n.top.raised = true;
    for (const i of members[n.group]) {
      const t = S[i];
      if (topOf(limiter[i]) !== n.top) continue;
      if (t.waiting) awaited(todo, i, n.rank);
      else if (t.queuedAt && !t.started && t.rank < n.rank) { t.rank = n.rank; move(i); }
    }
  }
  function move(i) {
    const t = S[i];
    t.place = { ...t.place, rank: t.rank };
    push(t.queuedAt.queue, first, t.place);
  }

  function spawn(list) {
    for (const [task, d] of [...list].sort((a, b) => a[1] - b[1] || a[0] - b[0]))
      if (d === 0) declare(task); else after(d, DECLARE, task);
  }
  function piece(i, state, on) {
    const t = S[i];
    if (state === QUEUED && t.at === now) return;
    const last = t.pieces[t.pieces.length - 1];
    if (last && state === RUNNING && last[0] === RUNNING) { last[2] = now; t.at = now; return; }
    t.pieces.push([state, t.at, now, on]);
    t.at = now;
  }
  function declare(i) {
    const t = S[i], m = M[i];
    if (t.declared) return;
    t.declared = true;
    t.at = now;
    nest(m.group);
    if (whole(i) >= 0) t.byEnd = S[whole(i)].byEnd;
    if (dropped(i)) {
      for (const [p] of m.parts) declare(p);
      end(i, SKIPPED);
      return;
    }
    if (tooLate(i)) { end(i, SKIPPED); return; }
    for (const d of m.deps) if (!S[d].ended) t.pending++;
    if (m.kind === UNRUN) {
      if ((t.pending < m.deps.length || cancelled[m.group]) && skipDue(i)) end(i, SKIPPED);
      return;
    }
    if (m.kind === RACE && !m.deps.length) spawn(m.parts);
    if (t.pending === 0) ready(i);
  }
  function blockedOnDeps(i) { if (M[i].deps.length) piece(i, BLOCKED, blocker(i)); }
  function ready(i) {
    const m = M[i];
    blockedOnDeps(i);
    if (m.kind === BODY) {
      if (!limiter[i]) { after(m.lag, START, i); return; }
      enter(i, false);
    } else if (m.kind === INLINE) { if (m.lag === 0) end(i, result(i)); else after(m.lag, END, i); }
    else if (m.kind === RACE) { if (m.deps.length) spawn(m.parts); }
    else if (m.kind === MAP) {
      spawn(m.parts);
      if (S[i].parts === 0) after(m.lag, END, i);
    }
  }
  function granted(i) { after(0, START, i); }
  function start(i) {
    const t = S[i];
    t.queued = false;
    if (t.ended) { release(limiter[i]); return; }
    piece(i, QUEUED, -1);
    t.started = true;
    step(i);
  }
  function step(i) {
    const t = S[i], ops = M[i].ops;
    for (; ;) {
      if (t.next > 0) {
        const prev = ops[t.next - 1];
        if (prev.k === RUN) piece(i, RUNNING, -1);
        else if (prev.k === LAG) piece(i, QUEUED, -1);
      }
      if (t.next === ops.length) { end(i, M[i].outcome); return; }
      const o = ops[t.next++];
      if (o.k === RUN) {
        const d = Math.floor(o.d * scale[i] + 0.5);
        if (d > 0) { after(d, STEP, i); return; }
      } else if (o.k === LAG) {
        if (!limiter[i] && o.d > 0) { after(o.d, STEP, i); return; }
      } else if (o.k === SPAWN) spawn(o.t);
      else if (o.k === WAIT || o.k === PAUSE) {
        if (o.on >= 0) {
          if (S[o.on].ended || dropped(o.on)) { piece(i, BLOCKED, o.on); continue; }
          S[o.on].waiters.push(i);
        }
        if (o.k === PAUSE) t.pausing = after(o.d, PAUSED, i);
        block(i);
        return;
      } else if (o.k === WAITGROUP) {
        if (open[o.on] === 0) { piece(i, BLOCKED, -2 - o.on); continue; }
        groupWaiters[o.on].push(i);
        block(i);
        return;
      }
    }
  }
  function block(i) {
    S[i].waiting = S[i].waited = true;
    raiseWait(i);
    release(limiter[i]);
  }
  function giveUp(i) {
    const on = M[i].ops[S[i].next - 1].on;
    if (on >= 0) S[on].waiters = S[on].waiters.filter(k => k !== i);
    wake(i);
  }
  function wake(i) {
    const t = S[i];
    if (!t.waiting || t.ended) return;
    t.waiting = false;
    t.pausing = 0;
    const o = M[i].ops[t.next - 1];
    piece(i, BLOCKED, o.k === WAITGROUP ? -2 - o.on : o.on);
    enter(i, true);
  }
  function end(i, outcome) {
    const t = S[i];
    if (t.ended) return;
    let held = t.started && !t.waiting && !t.queued;
    const b = { ready: [], groups: [] };
    settle(i, outcome, b);
    const l = limiter[i];
    if (held && l && !t.waited && b.ready.length && limiter[b.ready[0]] === l && !contended(l) &&
      (b.ready.length === 1 || !topOf(l).raised)) {
      held = false;
      blockedOnDeps(b.ready[0]);
      after(0, START, b.ready[0]);
      b.ready.shift();
    }
    for (const d of b.ready) ready(d);
    for (const g of b.groups) {
      for (const w of groupWaiters[g]) wake(w);
      groupWaiters[g] = [];
    }
    if (held) release(l);
    const g = M[i].group;
    if (run.groups[g].cancels === i && !dropped(i)) cancelGroup(g, i);
    spawn(chains.get(i) || []);
  }
  function settle(i, outcome, b) {
    const t = S[i];
    if (t.ended) return;
    t.ended = true;
    t.outcome = outcome;
    close(i);
    for (const w of t.waiters) wake(w);
    t.waiters = [];
    for (const d of t.dependents) {
      const dt = S[d], m = M[d];
      if (!dt.declared || dt.ended) continue;
      dt.pending--;
      if (m.kind === UNRUN) { if (skipDue(d)) settle(d, SKIPPED, b); }
      else if (dt.pending > 0) continue;
      else if (m.kind === INLINE && m.lag === 0) settle(d, m.outcome, b);
      else {
        dt.byEnd = true;
        if (m.kind === BODY) b.ready.push(d); else ready(d);
      }
    }
    around(i, b);
  }
  function around(i, b) {
    const p = M[i].parent;
    if (p >= 0 && M[p].group === M[i].group && !S[p].ended && !dropped(i)) {
      S[p].parts--;
      if (M[p].kind === RACE && good(S[i].outcome)) {
        settle(p, OK, b);
        for (const [part] of M[p].parts) cancel(part, i);
      } else if (S[p].parts > 0) { /* others are left */ }
      else if (M[p].lag === 0) settle(p, result(p), b);
      else after(M[p].lag, END, p);
    }
    const g = M[i].group;
    if (--open[g] === 0) b.groups.push(g);
  }
  function close(i) {
    const t = S[i], m = M[i];
    if (!t.started || t.queued && !t.waiting) {
      if (m.kind === MAP || m.kind === RACE || m.deps.length && !t.queued) piece(i, BLOCKED, blocker(i));
      else piece(i, QUEUED, -1);
    } else if (t.waiting) piece(i, BLOCKED, -1);
    else if (t.at < now) piece(i, RUNNING, -1);
    if (!t.pieces.length) t.pieces.push([QUEUED, now, now, -1]);
    t.waiting = false;
  }
  function blocker(i) {
    let best = -1;
    const look = k => { if (S[k].ended && !dropped(k) && (best < 0 || S[k].at >= S[best].at)) best = k; };
    M[i].deps.forEach(look);
    M[i].parts.forEach(p => look(p[0]));
    return best;
  }
  function inGroup(t, g) {
    for (let n = 0; t >= 0 && n <= M.length; n++, t = M[t].parent) if (M[t].group === g) return true;
    return false;
  }
  function cancelGroup(g, by) {
    cancelled[g] = true;
    for (let k = 0; k < M.length; k++) if (k !== by && inGroup(k, g)) cancel(k, by);
  }
  const starts = k => S[k].declared && S[k].pending === 0 && !S[k].queued && M[k].kind === BODY && !limiter[k];
  const recordedEnd = k => M[k].pieces[M[k].pieces.length - 1][2];
  function cancel(k, by) {
    const t = S[k], late = recordedEnd(k) - recordedEnd(by);
    if (t.ended) return;
    if (holds(k)) { /* a Map or a Race ends with its parts */ }
    else if (!t.started && !starts(k)) { if (t.declared) end(k, SKIPPED); }
    else if (good(M[k].outcome) && late > 0 || bad(M[k].outcome) && late > Math.floor(run.makespan / 1000)) { /* it did not look at its context */ }
    else {
      t.fate = late >= 0 ? M[k].outcome : M[by].outcome === EXITED ? EXITED : CANCELED;
      after(Math.max(0, late), CANCEL, k);
    }
  }
  function tooLate(i) {
    for (let t = i, n = 0; t >= 0 && n <= M.length; n++, t = run.groups[M[t].group].owner) {
      const by = run.groups[M[t].group].cancels;
      if (cancelled[M[t].group] && M[i].pieces[0][1] < recordedEnd(by)) return true;
    }
    return false;
  }
  const bad = o => [4, 8, 9].includes(o);
  const good = o => [1, 2, 3].includes(o); // those that depend on it could go on
  function holds(k) {
    const t = S[k];
    return t.declared && t.pending === 0 && t.parts > 0 && (M[k].kind === MAP || M[k].kind === RACE);
  }
  function result(i) {
    const m = M[i];
    if (!good(m.outcome)) return m.outcome;
    if (m.kind === MAP && m.parts.some(([p]) => S[p].ended && !good(S[p].outcome) && !dropped(p))) return SKIPPED;
    return m.kind === RACE ? CANCELED : OK;
  }
  function skipDue(i) {
    if (cancelled[M[i].group] || S[i].pending === 0) return true;
    return M[i].deps.some(d => S[d].ended && (!good(S[d].outcome) || S[d].outcome === TOLERATED && M[i].outcome === SKIPPED && recordedEnd(i) === recordedEnd(d)));
  }

  spawn(run.roots);
  while (events.length) {
    const e = pop(events, sooner), t = S[e.task];
    now = Math.max(now, e.at);
    if (e.kind === DECLARE) declare(e.task);
    else if (e.kind === START) start(e.task);
    else if (e.kind === STEP) { if (!t.ended) step(e.task); }
    else if (e.kind === PAUSED) { if (t.pausing === e.seq && !t.ended) giveUp(e.task); }
    else if (e.kind === END) end(e.task, result(e.task));
    else end(e.task, t.fate);
  }
  let makespan = 0;
  S.forEach((t, i) => { if (t.ended && !dropped(i)) makespan = Math.max(makespan, t.at); });
  return { makespan, pieces: S.map(t => t.pieces), outcomes: S.map(t => t.outcome) };
}

// criticalPath walks back from the last task to end, as path.go does; limit is that of
// the outermost group.
function criticalPath(run, result, gone, limit) {
  const RUNNING = 2, QUEUED = 1, BLOCKED = 3, OUTSIDE = 4;
  const M = run.tasks, P = result.pieces;
  const endOf = t => P[t].length ? P[t][P[t].length - 1][2] : 0;
  const depth = t => { let d = 0; for (let p = M[t].parent; p >= 0 && d < M.length; p = M[p].parent) d++; return d; };
  const skipped = t => result.outcomes[t] === 5;
  const shown = t => P[t].length > 0 && !(gone && gone[t]);
  function last(tasks, x) {
    let best = -1;
    for (const i of tasks) {
      if (!shown(i) || endOf(i) > x) continue;
      if (best < 0 || endOf(i) > endOf(best)) { best = i; continue; }
      if (endOf(i) < endOf(best)) continue;
      const rather = skipped(best) !== skipped(i) ? skipped(i) : depth(best) < depth(i);
      if (!rather) best = i;
    }
    return best;
  }
  const members = run.groups.map(() => []);
  M.forEach((m, i) => members[m.group].push(i));
  const anchors = new Map();
  for (const c of run.chains) for (const [t] of c.tasks) anchors.set(t, c.after);
  function canceler(t, x) {
    if (![5, 6, 7].includes(result.outcomes[t]) || x !== endOf(t)) return -1;
    for (let g = M[t].group, n = 0; n <= M.length; n++) {
      const c = run.groups[g].cancels;
      if (c >= 0 && c !== t && endOf(c) <= x) return c;
      if (run.groups[g].owner < 0) return -1;
      g = M[run.groups[g].owner].group;
    }
    return -1;
  }
  function unblocker([, from, to, on]) {
    if (on >= 0) return endOf(on) > from && endOf(on) <= to ? on : -1;
    if (on <= -2) {
      const i = last(members[-2 - on], to);
      return i >= 0 && endOf(i) > from ? i : -1;
    }
    return -1;
  }
  function stays(piece, canceled) {
    if (piece[0] !== BLOCKED || piece[3] > -2) return false;
    const u = unblocker(piece);
    return u >= 0 && endOf(u) > canceled;
  }
  // Who held the slots of the limits, as in slots.go.
  let limits = null;
  function makeLimits() {
    limits = run.limits.map(([n, shared], i) => ({ n: i === 0 ? limit : n, shared, starts: [], ends: [] }));
    M.forEach((m, i) => P[i].forEach(([state, from, to], k) => {
      if (state !== RUNNING || to <= from) return;
      for (const l of m.slots) { limits[l].starts.push(from); limits[l].ends.push([to, i, k]); }
    }));
    for (const l of limits) { l.starts.sort((a, b) => a - b); l.ends.sort((a, b) => a[0] - b[0]); }
  }
  function below(list, x, key) { // how many of a sorted list are less than x
    let lo = 0, hi = list.length;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (key(list[mid]) < x) lo = mid + 1; else hi = mid; }
    return lo;
  }
  const before = (l, x) => below(l.starts, x, s => s) - below(l.ends, x, e => e[0]);
  function giverOf(l, t, [, from, to]) {
    for (let k = below(l.ends, to + 1, e => e[0]), tries = 0; k > 0 && tries < 64; tries++) {
      const h = l.ends[--k];
      if (h[0] <= from) return null;
      if (h[1] !== t && (before(l, h[0]) >= l.n || l.shared && to - h[0] <= Math.floor(result.makespan / 1000))) return h;
    }
    return null;
  }
  function giver(t, p, x) {
    const piece = P[t][p], next = P[t][p + 1];
    if (piece[0] !== QUEUED || piece[1] >= x || x < piece[2] || !next || next[0] !== RUNNING) return null;
    if (!limits) makeLimits();
    let best = null;
    for (const l of M[t].slots) {
      const h = limits[l].n > 0 ? giverOf(limits[l], t, piece) : null;
      if (h && (!best || h[0] > best[0])) best = h;
    }
    return best;
  }
  const steps = [], seen = new Set();
  const step = (task, state, start, end) => { if (start < end) steps.push({ task, state, start, end }); };
  let x = result.makespan, t = last(M.map((_, i) => i), x);
  if (t < 0) return [{ task: -1, state: OUTSIDE, start: 0, end: x }];
  let p = P[t].length - 1;
  while (x > 0) {
    if (p < 0) {
      const parent = M[t].parent;
      if (parent >= 0) {
        const child = t;
        t = parent;
        p = P[t].length - 1;
        while (p >= 0 && (P[t][p][1] >= x || P[t][p][0] === BLOCKED && P[t][p][2] > x)) p--;
        if (p >= 0 && P[t][p][2] < x) {
          const end = P[t][p][2];
          if (M[t].group === M[child].group) step(child, QUEUED, end, x); else step(-1, OUTSIDE, end, x);
          x = end;
        }
      } else if (anchors.has(t)) {
        t = anchors.get(t);
        step(-1, OUTSIDE, endOf(t), x);
        x = endOf(t);
        p = P[t].length - 1;
      } else { step(-1, OUTSIDE, 0, x); x = 0; }
      continue;
    }
    const key = t + ":" + p, [state, from] = P[t][p];
    if (seen.has(key)) { step(-1, OUTSIDE, 0, x); break; }
    seen.add(key);
    let c = canceler(t, x), why = state;
    if (c < 0 || endOf(c) <= from || stays(P[t][p], endOf(c))) {
      c = state === BLOCKED && from < x ? unblocker(P[t][p]) : -1;
      if (c >= 0 && endOf(c) > x) c = -1;
      why = QUEUED;
    }
    if (c >= 0) {
      step(t, why, endOf(c), x);
      t = c;
      x = endOf(c);
      p = P[c].length - 1;
      continue;
    }
    const h = giver(t, p, x);
    if (h) {
      step(t, QUEUED, h[0], x);
      if (steps.length && steps[steps.length - 1].task === t) steps[steps.length - 1].slot = true;
      [x, t, p] = h;
      continue;
    }
    step(t, state, from, x);
    x = from;
    p--;
  }
  const out = [];
  for (const s of steps.reverse()) {
    const l = out[out.length - 1];
    if (l && l.task === s.task && l.state === s.state && !s.slot) l.end = s.end; else out.push(s);
  }
  return out;
}
if (typeof module !== "undefined") module.exports = { simulate, criticalPath };
