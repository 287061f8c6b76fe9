/*
 * end.pml: how a group ends: who counts, who takes over the parent's end, and
 * who waits (Group.join, count, enter, finish; parent.go; owner.go).
 *
 * A nested group has two tasks, a goroutine each. Body 1 falls asleep until
 * body 2 has ended or the group is canceled, and so watches the parent, which
 * may end at any time. Body 2 may fail. An outsider declares a third task, at
 * any time. Two goroutines end the group, the second by Wait or by Stop.
 *
 * Checked: the group ends once; it ends after the last step of its last
 * goroutine, and nothing is left registered with the parent; each wait returns
 * after that, with the result; the reason of the end is recorded once; the
 * owner takes its slot again once, before its wait returns; everything ends.
 *
 * check:
 * break: BREAK_OVER
 * break: BREAK_JOIN
 * break: BREAK_RESULT
 * break: BREAK_EARLY
 * break: BREAK_ENTER
 * break: BREAK_STOP
 * break: BREAK_UNCOUNTED
 * break: BREAK_RECORD
 */
byte tasks = 3;		/* upper half of Group.live: two, and the caller */
byte workers = 2;	/* lower half */
bool waited;		/* Group.waited */
bool mu;		/* Group.mu */
bool end;		/* Group.end is set */
bool over;		/* Group.over */
bool result;		/* Group.result is written */
bool idle;		/* Group.idle is done */

bool parent;		/* the parent context has ended */
bool watched;		/* ledger.parentWatch != nil */
bool registered;	/* parentWatch.off would return true */
bool ran;		/* the function given to AfterFunc was called */
bool closed;		/* parentWatch.done */
bool done2;		/* task 2 has ended */

/* What only the model knows. */
byte steps = 2;		/* goroutines that have not made their last step */
byte ends;		/* reasons recorded */
byte sat;		/* times that the owner took its slot */

inline lock()	{ atomic { !mu -> mu = true } }

/* Group.finish */
inline finish() {
	/* parentWatch.stop */
	if
	:: watched ->
		atomic { ok = registered; registered = false };
#ifndef BREAK_STOP
		if
		:: ok
		:: else -> closed
		fi
#endif
	:: else
	fi;
	over = true;
#ifdef BREAK_RESULT
	idle = true;
#endif
	atomic { assert(!result); result = true };
	atomic {
		assert(steps == 0);	/* the group ends last */
		assert(!registered && (ran -> closed : true));
		idle = true;
		ok = false
	}
}

/* Group.count. The step is the last of the goroutine, if that is counted. */
inline count(t, w) {
	atomic {
		assert(tasks >= t && workers >= w);
		tasks = tasks - t;
		workers = workers - w;
		steps = steps - w;
		rejoin = (tasks == 0 && t > 0);
		ok = (tasks == 0 && workers == 0)
	};
	if
	:: rejoin -> atomic { sat++; assert(sat == 1); rejoin = false }	/* rejoinOwner */
	:: else
	fi;
	if
	:: ok -> finish()
	:: else
	fi
}

/* Group.record, then cancel, which has nothing to say here */
inline record() {
	lock();
	atomic {
		if
#ifdef BREAK_RECORD
		:: true -> ends++; assert(ends == 1)
#else
		:: !end -> ends++; assert(ends == 1)
#endif
		:: end
		fi;
		end = true;
		mu = false
	}
}

/* Group.join, from Wait or Stop. After it the caller reads the result. */
inline join() {
#ifdef BREAK_OVER
	if
	:: over -> goto joined
	:: else
	fi;
#endif
	atomic {
#ifdef BREAK_JOIN
		ok = true;
#else
		ok = !waited;
#endif
		waited = true
	};
	if
	:: ok -> count(1, 0)
	:: else
	fi;
	idle;
joined:
	assert(result && steps == 0)
}

/* Group.watchParent */
inline watchParent() {
	lock();
	atomic {
		ok = !watched;
		watched = true;
		mu = false
	};
	if
	:: ok ->
		atomic {	/* context.AfterFunc */
			if
			:: parent -> ran = true; run after()
			:: else -> registered = true
			fi;
			ok = false
		}
	:: else
	fi
}

/* What the parent calls when it ends, on a goroutine of package context */
proctype after() {
	bool ok, counted, rejoin;
	/* Group.enterWorker */
#ifdef BREAK_UNCOUNTED
	counted = false;
	closed = true;	/* is not counted while it works */
	record();
	assert(!idle);
#else
	atomic {
		counted = (tasks > 0 || workers > 0);
		if
		:: counted -> workers++; steps++
		:: else
		fi
	};
	if
	:: counted -> record(); assert(!idle)	/* outsideEnded */
	:: else
	fi;
	closed = true;
#endif
	if
	:: counted -> count(0, 1)
	:: else
	fi
}

active proctype wait() {
	bool ok, rejoin;
	join();
	/* resumeOwner */
	sat == 1
}

active proctype waitOrStop() {
	bool ok, rejoin;
	if
	:: true	/* Wait */
	:: true ->	/* Stop */
		if
		:: over || end
		:: else -> record()
		fi
	fi;
	join()
}

active proctype body1() {
	bool ok, rejoin;
	/* awaitHard: see park.pml */
	watchParent();
	done2 || end;
#ifdef BREAK_EARLY
	steps++;
	count(1, 1);	/* is counted off before its last step */
	atomic { assert(!idle); steps-- }
#else
	count(1, 1)
#endif
}

active proctype body2() {
	bool ok, rejoin;
	if
	:: true
	:: true -> record()	/* a failure */
	fi;
	done2 = true;
	count(1, 1)
}

active proctype context() {
	parent = true;
	atomic {
		if
		:: registered -> registered = false; ran = true; run after()
		:: else
		fi
	}
}

active proctype outsider() {
	bool ok, rejoin;
	/* Group.enter */
#ifdef BREAK_ENTER
	ok = (tasks > 0);	/* a load and an add */
	atomic { if :: ok -> tasks++ :: else fi };
#else
	atomic {
		ok = (tasks > 0);
		tasks = tasks + ok
	};
#endif
	if
	:: ok ->
		/* The task is settled on the spot: its end is a count by its declarer. */
		assert(!result);
		ok = false;
		count(1, 0)
	:: else	/* it panics: the group has ended */
	fi
}
