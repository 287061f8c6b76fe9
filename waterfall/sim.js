"use strict";
// The simulation of package waterfall (sim*.go, limiter.go), line by line: both must
// predict the same. Times are nanoseconds.

// ASSUMED are the sorts of what a prediction rests on, as assume.go has them.
const ASSUMED = {
  RUNSON: 0, WENTWELL: 1, NEVERRAN: 2, HEARS: 3, DEAFTOO: 4, PASSESON: 5, GOESONLATE: 6, ENDSALIKE: 7,
  HEARDALIKE: 8, FROMOTHERS: 9, DECLARESFIRST: 10, TIES: 11, ONEBYONE: 12,
};

function simulate(run, scale, gone, limit) {
  if (!simulators.has(run)) simulators.set(run, simulator(run));
  return simulators.get(run)(scale, gone, limit);
}

// simulators are kept, since the moves of a slider are predictions of one run: what these
// have in common is made once, with the functions, which a browser has compiled by then.
const simulators = new WeakMap();
function simulator(run) {
  const RUN = 0, WAIT = 1, WAITGROUP = 2, PAUSE = 3, LAG = 4, SPAWN = 5, MORE = 6, FORK = 7, FINISH = 8;
  const BODY = 0, INLINE = 1, MAP = 2, RACE = 3, UNRUN = 4;
  const BADLY = 1, WITHWAIT = 2, CUT = 3; // how a body ends
  const QUEUED = 1, RUNNING = 2, BLOCKED = 3;
  const OK = 1, TOLERATED = 2, FAILED = 4, SKIPPED = 5, CANCELED = 6, EXITED = 7, PANICKED = 8, GOEXITED = 9;
  const DECLARE = 0, START = 1, STEP = 2, END = 3, RETURN = 4, WITHIN = 5, TIMEOUT = 6, LOST = 7;
  const BYGROUP = 1, BYEXIT = 2, BYRACE = 3, BYTIME = 4; // why a context has ended
  const M = [...run.tasks, ...run.more, run.caller]; // more are from other runs
  const recorded = run.tasks.length, caller = M.length - 1, callers = run.groups.length;
  const G = [...run.groups, { owner: -1, limit: 0, shared: 0, start: 0, settled: false }];
  const none = {}, B = M.map(m => m.body || none);
  const chains = new Map(run.chains.map(c => [c.after, c.tasks]));
  const members = G.map(() => []), nested = M.map(() => []), dependents = M.map(() => []);
  G.forEach((g, n) => { if (g.owner >= 0) nested[g.owner].push(n); });
  M.forEach((m, i) => {
    members[m.group].push(i);
    for (const d of m.deps) dependents[d].push(i);
  });

  // the state of one prediction
  let scale, gone, limit, now, seq, turn, cause, gather, events, S, groups, noted, notes;
  let slots, groupSlots, taskSlots, shares, sharings, unlimited;

  function note(what, task) {
    const key = what * M.length + task;
    if (task === caller && what !== ASSUMED.DECLARESFIRST && what !== ASSUMED.ONEBYONE || noted.has(key)) return;
    noted.add(key);
    notes.push({ what, task });
  }

  // binary heaps: of events by time and sequence, and of places in queues
  const sooner = (a, b) => a.at !== b.at ? a.at < b.at : a.seq < b.seq;
  function push(heap, before, e) {
    let i = heap.push(e) - 1;
    while (i > 0) {
      const p = (i - 1) >> 1;
      if (!before(e, heap[p])) break;
      heap[i] = heap[p];
      i = p;
    }
    heap[i] = e;
  }
  function pop(heap, before) {
    const top = heap[0], last = heap.pop(), n = heap.length;
    if (n === 0) return top;
    let i = 0;
    for (let c = 1; c < n; c = 2 * i + 1) {
      if (c + 1 < n && before(heap[c + 1], heap[c])) c++;
      if (!before(heap[c], last)) break;
      heap[i] = heap[c];
      i = c;
    }
    heap[i] = last;
    return top;
  }
  function after(d, kind, task) {
    seq++;
    push(events, sooner, { at: now + Math.max(0, d), seq, kind, task });
    return seq;
  }

  const good = o => o >= 1 && o <= 3; // those that depend on it could go on
  const dropped = t => !!gone && t < caller && gone[t];
  const whole = i => M[i].parent >= 0 && M[M[i].parent].group === M[i].group ? M[i].parent : -1;

  // limits
  function first(a, b) {
    if (a.woken !== b.woken) return a.woken;
    if (!a.woken && a.rank !== b.rank) return a.rank > b.rank;
    if (!a.woken && a.byEnd !== b.byEnd) return a.byEnd;
    return a.turn < b.turn;
  }
  const ties = (a, b) => a.at === b.at && a.cause !== b.cause && a.woken === b.woken && (a.woken || a.rank === b.rank && a.byEnd === b.byEnd);
  function contended(l) {
    if (l.shared && l.shared.waiting.length) return true;
    for (let o = l.own; o; o = o.up) if (o.left > 0) return true;
    return false;
  }
  function guardOf(l) {
    if (!l) return sharings.length ? unlimited : null;
    if (l.shared) return l.shared.ranks;
    let top = l.own;
    while (top.up) top = top.up;
    return top.ranks;
  }
  const guard = i => guardOf(slots[i]);
  function enter(i, woken) {
    const t = S[i], l = slots[i];
    if (!l) { granted(i); return; }
    t.queued = true;
    t.place = { task: i, turn: ++turn, cause, at: now, rank: 0, woken, byEnd: t.byEnd };
    if (!l.shared) { climb(l.own, i); return; }
    if (l.shared.free > 0 && fits(i, null)) { grantShared(i); return; }
    t.rank = rankOf(i);
    t.place.rank = t.rank;
    t.waitsShared = true;
    l.shared.waiting.push(i);
  }
  function fits(i, end) {
    for (let l = slots[i].own; l !== end; l = l.up) if (l.free === 0) return false;
    return true;
  }
  function grantShared(i) {
    slots[i].shared.free--;
    for (let o = slots[i].own; o; o = o.up) o.free--;
    granted(i);
  }
  function climb(l, i) {
    const t = S[i];
    for (; l; l = l.up) {
      if (l.free > 0 && l.left === 0) { l.free--; l.last = t.place; continue; }
      t.rank = rankOf(i);
      if (l.last && l.last.cause > 0 && l.last.at === now && l.last.cause !== t.place.cause) note(ASSUMED.TIES, i);
      t.place = { ...t.place, rank: t.rank };
      t.queuedAt = l;
      l.left++;
      push(l.queue, first, t.place);
      return;
    }
    granted(i);
  }
  function release(l) {
    if (!l) return;
    if (l.shared) l.shared.free++;
    releaseTo(l.own, null);
  }
  function releaseTo(l, end) {
    for (let o = l; o !== end; o = o.up) { o.free++; handOn(o, true); }
    if (!sharings.length) return;
    sharings.forEach(serve);
    for (let o = l; o !== end; o = o.up) handOn(o, false);
  }
  function handOn(l, keep) {
    while (l.free > 0) {
      const i = firstIn(l);
      if (i < 0) return;
      const k = firstShared(l);
      if (keep && k >= 0 && first(S[k].place, S[i].place)) return;
      l.free--;
      next(l);
      climb(l.up, i);
    }
  }
  function firstShared(l) {
    let best = -1;
    for (const sh of sharings) {
      if (sh.free === 0) continue;
      for (const i of sh.waiting)
        if (under(slots[i], l) && fits(i, l) && (best < 0 || first(S[i].place, S[best].place))) best = i;
    }
    return best;
  }
  function under(l, of) {
    for (let o = l.own; o; o = o.up) if (o === of) return true;
    return false;
  }
  function serve(sh) {
    while (sh.free > 0) {
      let best = -1;
      for (const i of sh.waiting) if (fits(i, null) && (best < 0 || first(S[i].place, S[best].place))) best = i;
      if (best < 0) return;
      leaveShared(best);
      grantShared(best);
    }
  }
  function leaveShared(i) {
    const sh = slots[i].shared;
    sh.waiting = sh.waiting.filter(k => k !== i);
    S[i].waitsShared = false;
  }
  function firstIn(l) {
    while (l.left > 0) {
      const p = l.queue[0], t = S[p.task];
      if (t.queuedAt === l && t.place === p) return p.task;
      pop(l.queue, first);
    }
    return -1;
  }
  function next(l) {
    const i = firstIn(l), p = pop(l.queue, first);
    S[i].queuedAt = null;
    l.left--;
    if (firstIn(l) >= 0 && ties(l.queue[0], p)) note(ASSUMED.TIES, i);
  }
  function dequeue(tasks) {
    const at = tasks.map(i => {
      const t = S[i], l = t.queuedAt;
      if (t.waitsShared) { leaveShared(i); return null; }
      if (l) { t.queuedAt = null; l.left--; }
      return l;
    });
    tasks.forEach((i, k) => { if (at[k]) releaseTo(slots[i].own, at[k]); });
  }
  const inQueue = i => !!S[i].queuedAt || S[i].waitsShared;
  function ofGroup(g) {
    if (groupSlots.has(g)) return groupSlots.get(g);
    const l = withLimit(G[g].owner >= 0 ? ofTask(G[g].owner) : null, g === 0 ? limit : G[g].limit, G[g].shared);
    groupSlots.set(g, l);
    return l;
  }
  function ofTask(t) {
    if (whole(t) >= 0) t = whole(t);
    if (taskSlots.has(t)) return taskSlots.get(t);
    const l = withLimit(ofGroup(M[t].group), M[t].limit, B[t].shared || 0);
    taskSlots.set(t, l);
    return l;
  }
  function withLimit(l, n, shared) {
    if (n === 0 && (shared === 0 || shared > shares.length)) return l;
    const made = { own: l ? l.own : null, shared: l ? l.shared : null };
    if (n > 0) made.own = { free: n, up: made.own, ranks: { raised: false }, queue: [], left: 0 };
    if (shared > 0 && shared <= shares.length) made.shared = shares[shared - 1];
    return made;
  }

  // ranks
  const maxRank = 31;
  function rankOf(i) {
    const p = whole(i), r = Math.max(S[i].rank, groups[M[i].group].rank);
    return p >= 0 && guard(p) === guard(i) ? Math.max(r, S[p].rank) : r;
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
    if (S[i].returns) return;
    const o = M[i].ops[S[i].next - 1];
    if (o.k === WAITGROUP) todo.push({ task: -1, group: o.on, rank });
    else if (o.on >= 0) todo.push({ task: o.on, rank });
  }
  function raise(todo, i, rank) {
    const t = S[i], r = guard(i);
    if (t.ended || !r || Math.max(t.rank, groups[M[i].group].rank) >= rank) return;
    t.rank = rank;
    r.raised = true;
    if (t.waiting) awaited(todo, i, rank);
    else if (t.started) return;
    else if (inQueue(i)) move(i);
    else {
      for (const d of M[i].deps) todo.push({ task: d, rank });
      for (const [p] of M[i].parts) todo.push({ task: p, rank });
    }
  }
  function raiseGroup(todo, n) {
    const g = groups[n.group], r = guardOf(groupLimit(n.group));
    if (!r || g.rank >= n.rank) return;
    g.rank = n.rank;
    r.raised = true;
    for (const i of members[n.group]) {
      const t = S[i];
      if (t.waiting) awaited(todo, i, n.rank);
      else if (t.waitsShared && guard(i) !== r) todo.push({ task: i, rank: n.rank });
      else if (inQueue(i) && !t.started && t.rank < n.rank) { t.rank = n.rank; move(i); }
    }
  }
  function groupLimit(g) {
    for (const i of members[g]) {
      const w = whole(i) >= 0 ? whole(i) : i;
      if (M[w].limit === 0 && !B[w].shared) return slots[i];
    }
    return null;
  }
  function move(i) {
    const t = S[i];
    t.place = { ...t.place, rank: t.rank };
    if (t.queuedAt) push(t.queuedAt.queue, first, t.place);
  }

  // what bodies do
  function spawn(list) {
    const sorted = list.length > 1 ? [...list].sort((a, b) => a[1] - b[1] || a[0] - b[0]) : list;
    for (const [task] of sorted) groups[M[task].group].open++;
    for (const [task, d] of sorted) if (d === 0) declare(task); else after(d, DECLARE, task);
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
    const t = S[i], m = M[i], g = m.group;
    if (t.declared) return;
    t.declared = true;
    t.at = now;
    begin(g, i);
    if (whole(i) >= 0) t.byEnd = S[whole(i)].byEnd;
    if (dropped(i)) { end(i, SKIPPED); return; }
    if (groups[g].ended || isLate(i)) { end(i, unbegunEnd(i)); return; }
    if (B[i].within) after(groups[g].start + B[i].within - now, WITHIN, i);
    for (let k = 0; k < m.deps.length; k++) {
      if (!S[m.deps[k]].ended) t.pending++;
      else if (!endIsEnough(i, k) && missed(m.deps[k])) { end(i, unbegunEnd(i)); return; }
    }
    if (m.kind === RACE && !m.deps.length) expand(i);
    if (t.pending > 0) return;
    if (gather && (m.kind === BODY || m.kind === UNRUN)) gather.ready.push(i); else ready(i);
  }
  const endIsEnough = (i, k) => !!B[i].ends && B[i].ends[k];
  function begin(g, i) {
    const b = groups[g], owner = G[g].owner;
    if (b.begun) return;
    b.begun = true;
    b.start = now - Math.max(0, M[i].pieces[0][1] - G[g].start);
    if (owner >= 0) {
      b.rank = Math.min(rankOf(owner) + 1, maxRank);
      b.ended = b.outside = S[owner].over !== 0;
    }
  }
  function missed(d) {
    const o = S[d].outcome;
    return !dropped(d) && (!good(o) || o === TOLERATED && !!B[d].mayFail);
  }
  function expand(i) {
    const parts = M[i].parts.filter(p => !dropped(p[0]));
    S[i].parts = parts.length;
    spawn(parts);
  }
  function blockedOnDeps(i) { if (M[i].deps.length) piece(i, BLOCKED, blocker(i)); }
  function ready(i) {
    const m = M[i];
    blockedOnDeps(i);
    if (m.kind === BODY || m.kind === UNRUN) {
      if (!slots[i]) after(m.lag, START, i); else enter(i, false);
    } else if (m.kind === INLINE) { if (m.lag === 0) end(i, result(i)); else after(m.lag, END, i); }
    else if (m.kind === RACE) { if (m.deps.length) expand(i); }
    else if (m.kind === MAP) {
      expand(i);
      if (S[i].parts === 0 && !S[i].ended) after(m.lag, END, i);
    }
  }
  function granted(i) { after(0, START, i); }
  function start(i) {
    const t = S[i], g = M[i].group;
    t.queued = false;
    if (t.ended) { if (!t.bare) release(slots[i]); return; }
    piece(i, QUEUED, -1);
    if (!t.started) {
      t.started = true;
      if (B[i].given) note(ASSUMED.FROMOTHERS, i); else if (M[i].kind === UNRUN) note(ASSUMED.NEVERRAN, i);
      if (B[i].timeout) after(B[i].timeout, TIMEOUT, i);
      if (groups[g].ended) cut(i, causeOf(g));
    }
    step(i);
  }
  const causeOf = g => groups[g].exit ? BYEXIT : BYGROUP;
  function step(i) {
    const t = S[i], ops = M[i].ops;
    if (t.returns) return;
    noteLearned(i);
    for (; ;) {
      if (t.next > 0) {
        const prev = ops[t.next - 1];
        if (prev.k === MORE) noteMore(i);
        if (prev.k === RUN || prev.k === MORE) piece(i, RUNNING, -1);
        else if (prev.k === LAG) piece(i, QUEUED, -1);
        else if (waits(prev)) {
          const { late } = t;
          t.late = false;
          t.wentOn = waitFailed(i, prev);
          if (t.wentOn && late && !prev.f) note(ASSUMED.GOESONLATE, i);
          else if (t.wentOn && !prev.g) {
            if (!prev.f && (!t.over || B[i].around)) note(ASSUMED.PASSESON, i);
            leave(i, errorOf(i));
            return;
          }
        }
      }
      if (t.next === ops.length) { finish(i); return; }
      const o = ops[t.next++];
      if (o.k === RUN || o.k === MORE) {
        if (o.k === MORE) {
          if (t.over && !B[i].outlives) {
            if (B[i].refused) note(ASSUMED.ENDSALIKE, i);
            else if (B[i].ending === WITHWAIT) note(ASSUMED.HEARS, i);
            leave(i, errorOf(i));
            return;
          }
          t.more = now;
        }
        const d = Math.floor(o.d * (i < recorded ? scale[i] : 1) + 0.5);
        if (d > 0) {
          if (t.over && o.k === RUN && i !== caller && heeds(i)) return;
          t.timer = after(d, STEP, i);
          return;
        }
        if (o.k === MORE) noteUnknown(i);
      } else if (o.k === LAG) {
        if (!slots[i] && o.d > 0) { t.timer = after(o.d, STEP, i); return; }
      } else if (o.k === FORK) {
        if (t.wentOn || t.over && !(B[i].outlives && !ops.slice(o.on).some(waits))) t.next = o.on;
        else { t.forked = true; t.more = now; }
      } else if (o.k === FINISH) {
        note(ASSUMED.FROMOTHERS, i);
        leave(i, o.on);
        return;
      } else if (o.k === SPAWN) {
        spawn(o.t);
        if (t.ended || t.returns) return;
      } else if (o.k === WAIT || o.k === PAUSE) {
        if (o.on >= 0) {
          if (S[o.on].ended || dropped(o.on)) { piece(i, BLOCKED, o.on); continue; }
          if (t.over && i !== caller) { t.failed = true; piece(i, BLOCKED, o.on); continue; }
          S[o.on].waiters.push(i);
        }
        if (o.k === PAUSE || o.d > 0) t.timer = after(o.d, STEP, i);
        if (o.u) note(ASSUMED.DECLARESFIRST, i);
        block(i);
        return;
      } else if (o.k === WAITGROUP) {
        if (groups[o.on].open === 0) { block(i); wake(i); return; }
        groups[o.on].waiters.push(i);
        if (o.u) note(ASSUMED.DECLARESFIRST, i);
        block(i);
        return;
      }
    }
  }
  function noteMore(i) {
    const t = S[i];
    if (t.next > 0 && M[i].ops[t.next - 1].k === MORE && now > t.more) noteUnknown(i);
  }
  function noteUnknown(i) { note(B[i].ending === CUT ? ASSUMED.RUNSON : ASSUMED.WENTWELL, i); }
  function noteLearned(i) { if (S[i].forked && now > S[i].more) note(ASSUMED.FROMOTHERS, i); }
  const waits = o => o.k === WAIT || o.k === WAITGROUP || o.k === PAUSE;
  function waitFailed(i, o) {
    if (i === caller) return false;
    const failed = S[i].failed;
    S[i].failed = false;
    if (failed && (o.k === WAITGROUP || o.on < 0 || !S[o.on].ended)) return true;
    if (o.k === WAITGROUP) return groups[o.on].died || groups[o.on].failed && !groups[o.on].exit;
    if (o.on < 0 || dropped(o.on)) return false;
    return missed(o.on);
  }
  function finish(i) {
    const b = B[i], over = S[i].over !== 0;
    if (b.ending !== BADLY) { leave(i, OK); return; }
    if (b.given) { leave(i, over ? errorOf(i) : b.own); return; }
    if (b.learned && !over) note(ASSUMED.FROMOTHERS, i);
    else if (b.outran && (b.around || !over)) note(ASSUMED.ENDSALIKE, i);
    leave(i, over ? M[i].outcome : b.own);
  }
  function leave(i, o) {
    const t = S[i];
    t.timer = 0;
    t.returns = 0;
    for (const g of nested[i]) {
      if (!groups[g].begun || groups[g].open === 0) continue;
      t.returns = o;
      groups[g].waiters.push(i);
      block(i);
      return;
    }
    end(i, o);
  }
  function errorOf(i) {
    const { over, first } = S[i];
    if (over === BYEXIT) return EXITED;
    if (over === BYRACE || first === BYGROUP || first === BYRACE) return CANCELED;
    return B[i].tolerated ? TOLERATED : FAILED;
  }
  function block(i) {
    const t = S[i];
    t.waiting = t.waited = true;
    if (!t.returns && i !== caller) raiseWait(i);
    if (!t.bare) release(slots[i]);
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
    t.timer = 0;
    if (t.returns) {
      const o = t.returns;
      piece(i, BLOCKED, -1);
      t.bare = true;
      leave(i, o);
      return;
    }
    const o = M[i].ops[t.next - 1];
    piece(i, BLOCKED, o.k === WAITGROUP ? -2 - o.on : o.on);
    if (t.over && t.over !== BYTIME && t.over !== BYRACE) t.bare = true;
    if (t.bare) granted(i); else enter(i, true);
  }

  // how they end
  const order = (a, b) => {
    const pa = whole(a) >= 0 ? whole(a) : a, pb = whole(b) >= 0 ? whole(b) : b;
    return pa !== pb ? pa - pb : a - b;
  };
  function end(i, o) {
    const t = S[i];
    if (t.ended) return;
    let held = t.started && !t.waiting && !t.queued && !t.bare;
    const b = { ready: [], groups: [], inlined: false };
    settle(i, o, b);
    if (b.inlined) b.ready.sort(order);
    if (ends(i, o)) endGroup(M[i].group, o);
    b.ready = b.ready.filter(d => !S[d].ended);
    const l = slots[i];
    if (held && l && !t.waited && b.ready.length && slots[b.ready[0]] === l && !contended(l) &&
      (b.ready.length === 1 || !guardOf(l).raised)) {
      held = false;
      S[b.ready[0]].queued = true;
      blockedOnDeps(b.ready[0]);
      after(0, START, b.ready[0]);
      b.ready.shift();
    }
    for (const d of b.ready) ready(d);
    for (const g of b.groups) {
      const waiters = groups[g].waiters;
      groups[g].waiters = [];
      waiters.forEach(wake);
    }
    if (held) release(l);
    const chain = chains.get(i) || [];
    for (const [c] of chain) groups[M[c].group].open--;
    spawn(chain);
  }
  function ends(i, o) {
    const g = M[i].group;
    if (dropped(i) || groups[g].ended) return false;
    if (o === PANICKED || o === GOEXITED) return true;
    if (o === EXITED) return S[i].over === 0;
    return o === FAILED && !G[g].settled && (whole(i) < 0 || M[whole(i)].kind !== RACE);
  }
  function settle(i, o, b) {
    const t = S[i], g = groups[M[i].group], p = whole(i);
    if (t.ended) return;
    t.ended = true;
    t.outcome = o;
    if (inQueue(i)) dequeue([i]);
    close(i);
    if (!dropped(i) && (p < 0 || M[p].kind !== RACE)) {
      g.died ||= o === PANICKED || o === GOEXITED;
      g.failed ||= o === FAILED || g.died || o === CANCELED || o === SKIPPED && g.outside;
    }
    const waiters = t.waiters;
    t.waiters = [];
    waiters.forEach(wake);
    for (const d of dependents[i]) {
      const dt = S[d], m = M[d];
      if (!dt.declared || dt.ended || dt.started) continue;
      dt.pending--;
      if (missed(i) && !endIsEnough(d, m.deps.indexOf(i))) { b.inlined = true; settle(d, unbegunEnd(d), b); }
      else if (dt.pending > 0) continue;
      else if (g.ended) { b.inlined = true; settle(d, unbegunEnd(d), b); }
      else if (m.kind === INLINE && m.lag === 0) { b.inlined = true; settle(d, result(d), b); }
      else if (m.kind === BODY || m.kind === UNRUN) { dt.byEnd = true; b.ready.push(d); }
      else {
        b.inlined = true;
        dt.byEnd = true;
        const was = gather;
        gather = b;
        ready(d);
        gather = was;
      }
    }
    around(i, b);
  }
  function around(i, b) {
    const p = whole(i);
    if (p >= 0 && !S[p].ended && !dropped(p)) {
      S[p].parts--;
      if (M[p].kind === RACE && good(S[i].outcome)) {
        settle(p, OK, b);
        for (const [part] of M[p].parts) lose(part, b);
      } else if (M[p].kind === MAP && missed(i) && !B[i].optional) settle(p, SKIPPED, b);
      else if (S[p].parts > 0) { /* others are left */ }
      else if (M[p].lag === 0) settle(p, result(p), b);
      else after(M[p].lag, END, p);
    }
    const g = M[i].group;
    if (--groups[g].open === 0) b.groups.push(g);
  }
  function result(i) {
    if (M[i].kind === RACE) return M[i].parts.some(([p]) => S[p].outcome === FAILED) ? FAILED : CANCELED;
    if (M[i].kind === MAP) return OK;
    return !B[i].given && M[i].outcome || OK;
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

  // the ends of contexts
  function endGroup(g, why) {
    const b = groups[g];
    if (b.ended) return;
    b.ended = true;
    b.exit = why === EXITED;
    b.outside = why === 0;
    const queued = members[g].filter(i => !S[i].started && inQueue(i));
    dequeue(queued);
    for (const i of queued) end(i, unbegunEnd(i));
    for (const i of members[g]) {
      const t = S[i];
      if (!t.declared || t.ended) continue;
      if (t.started) cut(i, causeOf(g));
      else if (holds(i)) { /* a Map or a Race ends with its parts */ }
      else if (t.pending > 0) { /* skipped when what it needs has ended */ }
      else if (B[i].unbegun) { t.returns = M[i].outcome; t.timer = after(B[i].unbegun - 1, RETURN, i); }
      else if (starts(i)) { /* in this very instant */ }
      else end(i, unbegunEnd(i));
    }
  }
  function isLate(i) { return !!B[i].within && now >= groups[M[i].group].start + B[i].within; }
  const unbegunEnd = i => isLate(i) ? errorOf(i) : SKIPPED;
  const holds = i => S[i].declared && S[i].pending === 0 && S[i].parts > 0;
  const starts = i => S[i].pending === 0 && (!slots[i] || S[i].queued) && !inQueue(i) && M[i].kind === BODY && M[i].lag === 0 && !(B[i].given && i < recorded);
  function lose(i, b) {
    const t = S[i];
    if (!t.declared || t.ended) return;
    if (t.started) after(0, LOST, i);
    else if (!starts(i)) settle(i, SKIPPED, b);
  }
  function cut(i, why) {
    const t = S[i];
    if (!t.started || t.ended || t.over === BYGROUP || t.over === BYEXIT) return;
    const again = t.over !== 0;
    t.over = why;
    if (!again) t.first = why;
    for (const g of nested[i]) if (groups[g].begun) endGroup(g, 0);
    if (t.ended || again && !t.waiting && t.timer === 0) return;
    if (t.returns) return;
    if (t.waiting && M[i].ops[t.next - 1].k !== WAITGROUP) { t.failed = true; giveUp(i); }
    else if (t.waiting) return;
    else if (t.queued) {
      if ((why === BYGROUP || why === BYEXIT) && inQueue(i)) { dequeue([i]); t.bare = true; granted(i); }
    } else heeds(i);
  }
  function heeds(i) {
    if (B[i].heard) note(ASSUMED.HEARDALIKE, i);
    else if (B[i].given) { /* which is said */ }
    else if (!B[i].deaf && B[i].ending !== CUT) note(ASSUMED.HEARS, i);
    else if (B[i].deaf && !B[i].outran) note(ASSUMED.DEAFTOO, i);
    if (B[i].deaf) return false;
    noteMore(i);
    noteLearned(i);
    const t = S[i], d = B[i].ending === CUT ? B[i].late || 0 : 0;
    piece(i, RUNNING, -1);
    const o = errorOf(i);
    if (d === 0) leave(i, o);
    else { t.timer = after(d, RETURN, i); t.returns = o; }
    return true;
  }
  function within(i) {
    const t = S[i], k = M[i].kind;
    if (t.ended) return;
    if (t.started) cut(i, BYTIME);
    else if (k !== MAP && k !== RACE && k !== INLINE || !holds(i)) end(i, errorOf(i));
  }

  function reset() {
    now = seq = turn = cause = 0;
    gather = null;
    events = [];
    noted = new Set();
    notes = [];
    sharings = [];
    unlimited = { raised: false };
    shares = run.shared.map(free => ({ free, ranks: { raised: false }, waiting: [] }));
    groupSlots = new Map();
    taskSlots = new Map();
    slots = M.map((m, t) => B[t].unbegun && !B[t].within ? null : ofTask(t));
    for (const l of slots) if (l && l.shared && !sharings.includes(l.shared)) sharings.push(l.shared);
    S = M.map(() => ({
      declared: false, ended: false, started: false, pending: 0, next: 0, waiting: false, waited: false,
      queued: false, bare: false, queuedAt: null, waitsShared: false, place: null, rank: 0, byEnd: false,
      timer: 0, parts: 0, over: 0, first: 0, failed: false, late: false, wentOn: false, forked: false, more: 0, returns: 0, waiters: [], pieces: [], at: 0, outcome: 0,
    }));
    groups = G.map(() => ({ begun: false, ended: false, failed: false, start: 0, open: 0, waiters: [], rank: 0, exit: false, outside: false, died: false }));
    for (const list of chains.values()) for (const [t] of list) groups[M[t].group].open++;
  }

  function handle(e) {
    const i = e.task, t = S[i];
    if (e.kind === DECLARE) declare(i);
    else if (e.kind === START) start(i);
    else if (e.kind === STEP) {
      if (t.timer === e.seq && !t.ended) {
        t.timer = 0;
        if (t.waiting) { t.late = true; giveUp(i); } else step(i);
      }
    } else if (e.kind === END) end(i, result(i));
    else if (e.kind === RETURN) { if (t.timer === e.seq && !t.ended) leave(i, t.returns); }
    else if (e.kind === WITHIN) within(i);
    else if (e.kind === TIMEOUT) cut(i, BYTIME);
    else cut(i, BYRACE);
  }
  // Of bodies of which several goroutines waited at once, whether they do or wait otherwise.
  const endsAt = (i, later) => S[i].at === M[i].pieces[M[i].pieces.length - 1][2] + later;
  const began = pieces => (pieces.find(p => p[0] === RUNNING) || [0, 0])[1];
  function isOtherwise(i) {
    if (i < recorded && scale[i] !== 1) return true;
    const later = began(S[i].pieces) - began(M[i].pieces);
    return M[i].ops.some(o => waits(o) && o.on >= 0 && !(o.k === WAITGROUP ? members[o.on] : [o.on]).every(k => endsAt(k, later)));
  }

  return (...asked) => {
    [scale, gone, limit] = asked;
    reset();
    spawn([[caller, 0]]);
    while (events.length) {
      const e = pop(events, sooner);
      now = Math.max(now, e.at);
      cause = e.seq;
      handle(e);
    }
    S.forEach((t, i) => { if (B[i].several && t.started && isOtherwise(i)) note(ASSUMED.ONEBYONE, i); });
    const stuck = S.some((t, i) => t.started && !t.ended && i !== caller);
    S.pop(); // the caller
    let makespan = 0;
    S.forEach((t, i) => { if (t.ended && !dropped(i)) makespan = Math.max(makespan, t.at); });
    return { makespan, stuck, notes, pieces: S.map(t => t.pieces), outcomes: S.map(t => t.outcome) };
  };
}

// criticalPath walks back from the last task to end, as path.go does; limit is that of
// the outermost group.
function criticalPath(run, result, gone, limit) {
  const RUNNING = 2, QUEUED = 1, BLOCKED = 3, OUTSIDE = 4;
  const M = [...run.tasks, ...run.more], P = result.pieces;
  const ends = P.map(p => p.length ? p[p.length - 1][2] : 0), endOf = t => ends[t];
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
    for (let i = 0; i < M.length; i++) {
      for (const l of M[i].slots) {
        if (limits[l].n === 0) continue;
        for (let k = 0; k < P[i].length; k++) {
          const p = P[i][k];
          if (p[0] === RUNNING && p[2] > p[1]) { limits[l].starts.push(p[1]); limits[l].ends.push([p[2], i, k]); }
        }
      }
    }
    for (const l of limits) { l.starts = Float64Array.from(l.starts).sort(); l.ends.sort((a, b) => a[0] - b[0]); }
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
    const key = p * M.length + t, [state, from] = P[t][p];
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
    while (s.task >= run.tasks.length) s.task = M[s.task].parent; // which the page has
    const l = out[out.length - 1];
    if (l && l.task === s.task && l.state === s.state && !s.slot) l.end = s.end; else out.push(s);
  }
  return out;
}
if (typeof module !== "undefined") module.exports = { ASSUMED, simulate, criticalPath };
