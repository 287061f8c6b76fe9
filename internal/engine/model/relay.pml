/*
 * relay.pml: the queue of ready tasks, its searchers, and the count of what is
 * left (relay.go, worker.go, finish.go).
 *
 * Main declares task 1, waits, and runs bodies itself. The end of 1 makes 2 and
 * 3 ready. With OUTSIDER there is instead a task 4, declared by a goroutine
 * that is not counted in the group and may come at any time, also too late.
 * With BATCH main declares 1 and 4, which one push queues, and does not run
 * bodies; the body of 1 declares 3.
 *
 * Checked: every body starts, once; a body that sleeps until all the others
 * have started does not sleep for ever (ready work always has someone about to
 * pop); the group ends once, after the last step of its last goroutine; no
 * goroutine is started after that; Wait returns.
 *
 * check:
 * check: -DOUTSIDER
 * check: -DBATCH
 * break: BREAK_ORDER
 * break: BREAK_BLIND -DBATCH
 * break: BREAK_LEFT
 * break: BREAK_NOSEARCHER
 * break: BREAK_POP
 * break: BREAK_GOEXIT
 * break: BREAK_REVIVE -DOUTSIDER
 * break: BREAK_ENTER -DOUTSIDER
 * break: BREAK_CLOSE -DOUTSIDER
 * break: BREAK_ALIVE
 * break: BREAK_CLOSED
 * break: BREAK_STALE
 * break: BREAK_HELD
 * break: BREAK_UNCOUNTED
 */
#define bit(n)	(1 << ((n) - 1))

byte in, out;		/* Group.in, Group.out: sets of tasks, a bit each */
byte searchers;		/* Group.searchers */
bool mu;		/* Group.popMu */
#if defined(OUTSIDER)
byte declared = 1 + 1;	/* Group.declared: the caller, and the tasks */
#else
byte declared = 1 + 3;
#endif
bool closed;		/* the bit sealed of it */
byte ended;		/* Group.ended */
byte alive;		/* Group.alive */
bool over;		/* Group.over */
bool idle;		/* Group.idle is done */

/* What only the model knows. */
byte begun;		/* bodies, a set */
#ifdef BATCH
#define FIRST	9
#else
#define FIRST	1
#endif
byte pushed = FIRST;		/* tasks that became ready, a set */
#if defined(OUTSIDER)
byte all = 9;		/* tasks that are declared, a set */
#elif defined(BATCH)
byte all = 13;
#else
byte all = 7;
#endif
byte steps;		/* goroutines of the group that have not made their last step */
bool guestLeft;		/* help has returned to Wait */

/* Group.finish: a CompareAndSwap of over; the rest of it is in end.pml. */
inline finish() {
	atomic {
		if
		:: !over ->
			over = true;
			assert(!idle);		/* ends once */
			assert(steps == 0);	/* and last */
			idle = true
		:: else
		fi;
		ok = false
	}
}

/*
 * Group.leave: one add, a look whether everything has ended, and another one
 * whether somebody was counted in before that.
 */
inline leave(s) {
	atomic { alive--; steps = steps - s; ok = (alive == 0) };
#ifdef BREAK_CLOSED
	ok = false;	/* does not look */
#endif
	if
	:: ok ->
		ok = closed;
		if
#ifdef BREAK_STALE
		:: ok -> finish()
#else
		:: ok && alive == 0 -> finish()
		:: ok && alive != 0 -> ok = false
#endif
		:: !ok
		fi
	:: else
	fi
}

/* Group.enter: it sets ok. */
inline enter() {
#ifdef BREAK_ENTER
	atomic { ok = !closed };	/* looks first */
	atomic { if :: ok -> alive++; steps++ :: else fi }
#else
	alive++;
	atomic { ok = !closed; steps = steps + ok };
	if
	:: ok
	:: else -> leave(0); ok = false
	fi
#endif
}

/* Group.countEnded and sealAfter */
inline countEnded(t) {
	atomic { ended = ended + t; save = ended };
	if
	:: closed || declared != save -> save = 0
	:: else ->
#ifdef BREAK_CLOSE
		atomic { closed = true; declared = save; save = 0; ok = true };	/* a store */
#else
		atomic {	/* CompareAndSwap of declared */
			ok = (!closed && declared == save);
			closed = (closed || ok);
			save = 0
		};
#endif
#ifdef BREAK_ALIVE
		ok = false;	/* leaves it to who is alive */
#endif
		if
		:: ok && alive == 0 -> finish()
		:: ok && alive != 0 -> ok = false
		:: !ok
		fi
	fi
}

/* Group.startSearcher, if ok, and the new goroutine's start */
inline startSearcher() {
	atomic {	/* CompareAndSwap */
		ok = (ok && searchers == 0);
		if
		:: ok -> searchers = 1
		:: else
		fi
	};
	if
	:: ok ->
#if defined(BREAK_REVIVE)
		atomic { alive++; steps++ };	/* though everything may have ended */
#elif !defined(BREAK_UNCOUNTED)
		enter();
#endif
		atomic {
			if
			:: ok ->
				assert(!idle);	/* nothing starts after the end */
				ok = false;
				run worker(true, false)
			:: else	/* all have ended: somebody has run what was pushed */
			fi
		}
	:: else
	fi
}

/* Group.pushStack: a CompareAndSwap, and a look for a searcher */
inline push(set) {
	in = in | (set);
#ifndef BREAK_NOSEARCHER
	ok = (searchers == 0);
	startSearcher()
#endif
}

/* Takes a searcher off the count. */
inline off() {
	atomic {
		if
		:: searching -> searching = false; searchers--
		:: else
		fi
	}
}

/*
 * Group.pop. A searcher takes itself off with the lock held: while it waits
 * for the lock nobody starts another. What is private to the holder of popMu is
 * one step, and so is the look at what is left behind, which it takes last. It
 * sets ok when there is something.
 */
inline pop() {
	atomic {
		!mu;
#ifndef BREAK_POP
		mu = true
#endif
	};
#ifndef BREAK_ORDER
	off();
#endif
	atomic {
		n = out;
		if
		:: n == 0 -> n = in; in = 0	/* Swap */
		:: else
		fi
	};
	atomic {
		if
		:: n != 0 ->
			out = (n & (n - 1)); n = n - out;
			ok = (out != 0);
#ifndef BREAK_BLIND
			ok = (ok || in != 0);
#endif
		:: else
		fi;
		mu = false
	}
}

/* worker.work, loop, pop, run and quit */
proctype worker(bool searching; bool guest) {
	byte n, save;
	byte mine;	/* what loop runs next */
	byte here;	/* worker.ended */
	bool ok;
#ifdef BREAK_UNCOUNTED
	atomic { alive++; steps++ };	/* when it runs already */
#endif
loop:
	/* worker.pop */
	atomic {
		n = mine; mine = 0;
		if
		:: n != 0 -> goto body
		:: else
		fi
	};
	pop();
#ifdef BREAK_ORDER
	off();
#endif
	atomic {
		if
		:: n == 0 -> goto none
#ifdef BREAK_LEFT
		:: n != 0 -> ok = false; goto body
#else
		:: n != 0 && (!ok || searchers != 0) -> ok = false; goto body
		:: n != 0 && ok && searchers == 0
#endif
		fi
	};
	startSearcher();
body:
	/* worker.run: the user's function */
	atomic { assert((begun & n) == 0); begun = begun | n };
#ifdef BATCH
	if
	:: n == bit(1) -> pushed = pushed | bit(3); push(bit(3))
	:: else
	fi;
#endif
	if
	:: true
	:: n == bit(1) -> begun == pushed	/* sleeps until all that is ready runs */
	:: n != bit(1) -> begun == all	/* sleeps until everything runs */
	fi;
	/* worker.settleAs; what has ended is added when the worker quits */
#if defined(OUTSIDER) || defined(BATCH)
	atomic { here++; n = 0; goto loop };
#endif
	atomic {
		here++;
		if
		:: n == bit(1) -> n = 0; mine = bit(2); pushed = 7
		:: else -> n = 0; goto loop
		fi
	};
	push(bit(3));	/* all that it made ready but the first */
	atomic {
		if
		:: true -> goto loop
		:: true -> mine = 0	/* it was a Goexit: quit hands on what was next */
		fi
	};
#ifndef BREAK_GOEXIT
	push(bit(2));
#endif
none:
	/* worker.quit: the last step of it is Group.leave */
#ifdef BREAK_HELD
	if
	:: !guest -> leave(0)	/* counts itself off first */
	:: else
	fi;
#endif
	if
	:: here > 0 -> countEnded(here)
	:: else
	fi;
	if
	:: guest -> guestLeft = true
	:: else ->
#ifdef BREAK_HELD
		atomic { steps--; assert(!idle || steps == 0) }
#else
		leave(1)
#endif
	fi
}

/* The caller of New: Go and Wait. */
active proctype main() {
	bool ok;
	byte save;
	push(FIRST);
	/* Group.join */
	countEnded(1);
#ifndef BATCH
	run worker(false, true);	/* help, on the same goroutine */
	guestLeft;
#endif
	atomic {
		idle;
		/* Wait returns. */
		assert(begun == pushed && steps == 0 && in == 0 && out == 0 && ended == declared)
	}
}

#ifdef OUTSIDER
/* A goroutine that declares a task while nothing keeps the group alive for it. */
active proctype outsider() {
	bool ok;
	byte save;
	atomic {	/* Group.countDeclared: one add */
		if
		:: !closed -> declared++; pushed = pushed | bit(4)
		:: else -> all = all - bit(4); goto late	/* it panics: the group has ended */
		fi
	};
	push(bit(4));
late:
	skip
}
#endif
