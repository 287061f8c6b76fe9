/*
 * relay.pml: the queue of ready tasks, its searchers, and the count of what is
 * left (relay.go, Group.count and Group.finish).
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
 * break: BREAK_UNCOUNTED
 */
#define bit(n)	(1 << ((n) - 1))

byte in, out;		/* relay.in, relay.out: sets of tasks, a bit each */
byte searchers;		/* relay.searchers */
bool mu;		/* relay.mu */
#if defined(OUTSIDER)
byte tasks = 1 + 1;	/* upper half of Group.live: the caller's, and what is declared */
#elif defined(BATCH)
byte tasks = 1 + 3;
#else
byte tasks = 1 + 3;
#endif
byte workers;		/* lower half */
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

/* Group.startSearcher, if ok, and the new goroutine's start */
inline startSearcher() {
	atomic {	/* CompareAndSwap */
		ok = (ok && searchers == 0);
		if
		:: ok -> searchers = 1
		:: else
		fi
	};
	atomic {
		if
		:: ok ->
#if defined(BREAK_REVIVE)
			workers++;	/* though everything may have ended */
#elif !defined(BREAK_UNCOUNTED)
			/* Group.enterWorker */
			ok = (tasks + workers > 0);
			workers = workers + ok;
#endif
			if
			:: ok ->
				assert(!idle);	/* nothing starts after the end */
				steps++;
				ok = false;
				run worker(true, false)
			:: else	/* all have ended: somebody has run what was pushed */
			fi
		:: else
		fi
	}
}

/* Group.push: a CompareAndSwap, and a look for a searcher */
inline push(set) {
	in = in | (set);
#ifndef BREAK_NOSEARCHER
	ok = (searchers == 0);
	startSearcher()
#endif
}

/* Group.count: one add to both halves of live, and Group.finish */
inline count(t, w) {
	atomic {
		tasks = tasks - t;
		workers = workers - w;
		steps = steps - w;	/* nothing but finish comes after it */
		ok = (tasks + workers == 0)
	};
	atomic {
		if
		:: ok ->
			assert(!idle);		/* ends once */
			assert(steps == 0);	/* and last */
			idle = true;
			ok = false
		:: else
		fi
	}
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
 * relay.pop. A searcher takes itself off with the lock held: while it waits for
 * the lock nobody starts another. What is private to the holder of mu is one
 * step, and so is the look at what is left behind, which it takes last. It sets
 * ok when there is something.
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

/* worker.work, loop, take, run and leave */
proctype worker(bool searching; bool guest) {
	byte n;
	byte mine;	/* worker.next */
	byte ended;
	bool ok;
loop:
	/* worker.take */
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
		:: n == 0 -> goto leave
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
	/* Group.run: the user's function */
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
	/* Group.settleAs; the ended task stays in live until the worker leaves */
#if defined(OUTSIDER) || defined(BATCH)
	atomic { ended++; n = 0; goto loop };
#endif
	atomic {
		ended++;
		if
		:: n == bit(1) -> n = 0; mine = bit(2); pushed = 7
		:: else -> n = 0; goto loop
		fi
	};
	push(bit(3));	/* all that it made ready but the first */
	atomic {
		if
		:: true -> goto loop
		:: true -> mine = 0	/* it was a Goexit: leave hands on what was next */
		fi
	};
#ifndef BREAK_GOEXIT
	push(bit(2));
#endif
leave:
	/* worker.leave: the last step */
	if
	:: guest ->
		if
		:: ended > 0 -> count(ended, 0)
		:: else
		fi;
		guestLeft = true
	:: else ->
#ifdef BREAK_UNCOUNTED
		atomic { steps--; workers++ };
#endif
		count(ended, 1)
	fi
}

/* The caller of New: Go and Wait. */
active proctype main() {
	bool ok;
	push(FIRST);
	/* Group.join */
	count(1, 0);
#ifndef BATCH
	run worker(false, true);	/* help, on the same goroutine */
	guestLeft;
#endif
	atomic {
		idle;
		/* Wait returns. */
		assert(begun == pushed && steps == 0 && in == 0 && out == 0)
	}
}

#ifdef OUTSIDER
/* A goroutine that declares a task while nothing keeps the group alive for it. */
active proctype outsider() {
	bool ok;
	atomic {	/* Group.enter */
		if
		:: tasks > 0 -> tasks++; pushed = pushed | bit(4)
		:: else -> all = all - bit(4); goto late	/* it panics: the group has ended */
		fi
	};
	push(bit(4));
late:
	skip
}
#endif
