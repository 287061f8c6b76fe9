"use strict";
// What a prediction rests on, as assume.go and indifferent.go have it, line by line: what
// both say of a prediction must be the same.

// assumes says what a prediction rests on. It yields between the simulations that it needs
// to find out, which are many, and returns the sentences.
function* assumes(run, result, scale, gone, limit) {
  return result.notes.length && (yield* indifferent(run, result, scale, gone, limit)) ? [] : sentences(run, result);
}

// sentences are what a simulation has rested on, one for each sort.
function sentences(run, result) {
  const M = [...run.tasks, ...run.more], nameOf = t => t < M.length ? M[t].path : "the caller";
  const of = new Map();
  for (const { what, task } of result.notes) of.set(what, [...of.get(what) || [], task]);
  return [...of.keys()].sort((a, b) => a - b).map(what => {
    const learned = t => what === ASSUMED.FROMOTHERS && t < M.length && M[t].body && M[t].body.learned;
    const [t, ...others] = of.get(what).sort((a, b) => a - b), l = learned(t);
    const fill = [nameOf(t)];
    if (l) fill.push(l.took, l.runs + " other run" + (l.runs === 1 ? "" : "s"));
    let line = run.assumed[what].replaceAll("%s", () => fill.shift());
    const more = others.slice(0, 2).map(t => nameOf(t) + (learned(t) ? " " + learned(t).took + ", from " + learned(t).runs : ""));
    if (more.length) line += "; so " + more.join(" and ");
    if (others.length > 2) line += ", and " + (others.length - 2) + " more";
    return line;
  });
}

// indifferent tells whether the makespan does not hang on what a simulation has assumed.
function* indifferent(run, result, scale, gone, limit) {
  const VARIANTS = 16, VARIED = 2000, ALONE = 24;
  const BODY = 0, UNRUN = 4, CUT = 3, WITHWAIT = 2, BADLY = 1;
  const RUN = 0, WAIT = 1, PAUSE = 3, MORE = 6, FINISH = 8;
  const OK = 1, TOLERATED = 2, FAILED = 4;
  const M = [...run.tasks, ...run.more], recorded = run.tasks.length, caller = M.length;
  const rests = notes => notes.some(({ what, task }) => {
    if ([ASSUMED.TIES, ASSUMED.PASSESON, ASSUMED.GOESONLATE, ASSUMED.DECLARESFIRST].includes(what)) return true;
    if (what === ASSUMED.ONEBYONE) return task === caller;
    return what === ASSUMED.ENDSALIKE && !!M[task].body && (!!M[task].body.around || !!M[task].body.forks);
  });
  if (M.length + 1 > VARIED || M.some(m => m.body && m.body.learned) || rests(result.notes)) return false;
  const several = new Set(result.notes.filter(n => n.what === ASSUMED.ONEBYONE).map(n => n.task));
  const scaled = (d, by) => Math.floor(d * by + 0.5);
  const took = m => m.pieces.reduce((sum, p) => sum + (p[0] === 2 ? p[2] - p[1] : 0), 0);
  // suppose makes of what is not known of a task another guess.
  function suppose(i, { takes, bad, deaf }) {
    const m = { ...M[i] }, b = m.body = { ...m.body }, worse = b.tolerated ? TOLERATED : FAILED;
    if (several.has(i)) m.ops = m.ops.map(o => o.k === RUN ? { ...o, d: scaled(o.d, takes) }
      : bad && (o.k === WAIT || o.k === PAUSE) ? { k: RUN, d: 0, on: 0, t: [] } : o);
    if (m.kind === UNRUN) {
      m.kind = BODY;
      b.deaf = deaf;
      m.ops = [{ k: RUN, d: scaled(run.typical || run.makespan, takes), on: 0, t: [] }];
      if (bad) { b.ending = BADLY; b.own = worse; }
      b.given = true;
    } else if (m.kind !== BODY) return m;
    else if (b.ending === CUT || b.ending === WITHWAIT) {
      m.ops = m.ops.map(o => o.k === MORE ? { ...o, d: scaled(Math.max(run.typical, took(M[i])), takes) } : o);
      if (bad) m.ops.push({ k: FINISH, d: 0, on: worse, t: [] });
      if (!b.hearing) b.deaf = deaf;
    } else if (!b.outran) b.deaf = deaf;
    else if (b.ending === BADLY && bad) b.own = OK;
    b.outlives = !!b.deaf && b.ending === WITHWAIT && !b.refused;
    return m;
  }
  function same(tasks) {
    const v = simulate({ ...run, tasks: tasks.slice(0, recorded), more: tasks.slice(recorded) }, scale, gone, limit);
    return v.makespan === result.makespan && !v.stuck && !rests(v.notes);
  }
  const factors = [0, .2, .5, 1, 2, 5, 50];
  for (let n = 0; n < VARIANTS; n++) {
    yield;
    const pick = (i, what, of) => Math.floor(luck(n, i, what, 9) * of);
    if (!same(M.map((_, i) => suppose(i, { takes: factors[pick(i, 2, factors.length)], bad: pick(i, 3, 2) === 0, deaf: pick(i, 1, 2) === 0 })))) return false;
  }
  const alone = [...new Set(result.notes.map(n => n.task))].sort((a, b) => a - b);
  const guesses = [{ takes: 0 }, { takes: 0, bad: true }, { takes: .1, deaf: true }, { takes: .4, bad: true, deaf: true }, { takes: 3 }, { takes: 50, deaf: true }];
  for (const i of alone.slice(0, Math.min(ALONE, Math.floor(VARIED / (M.length + 1)) + 1))) {
    for (const { takes, bad = false, deaf = false } of guesses) {
      yield;
      if (!same(M.map((m, k) => k === i ? suppose(i, { takes, bad, deaf }) : m))) return false;
    }
  }
  return true;
}

// luck is that of weights.go.
function luck(run, task, draw, what) {
  const bits = x => BigInt.asUintN(64, x);
  let x = BigInt(run) << 40n ^ BigInt(task) << 16n ^ BigInt(draw) << 4n ^ BigInt(what);
  for (let k = 0; k < 2; k++) {
    x = bits(x + 0x9e3779b97f4a7c15n);
    x = bits((x ^ x >> 30n) * 0xbf58476d1ce4e5b9n);
    x = bits((x ^ x >> 27n) * 0x94d049bb133111ebn);
    x ^= x >> 31n;
  }
  return (Number(x >> 11n) + .5) / 2 ** 53;
}
if (typeof module !== "undefined") module.exports = { assumes };
