/*
 * end.pml: how a group ends: who counts, who takes over the parent's end, and
 * who waits (join.go, end.go, parent.go, finish.go).
 *
 * A group was made in a body, its owner, with a context of its own, which is its
 * parent. It has two tasks, a goroutine each. Body 1 falls asleep until body 2 has
 * ended or the group is canceled, and so watches the parent, which may end at any
 * time. Body 2 may fail. Two goroutines of the owner end the group, the second by
 * Wait or by Stop. With OUTSIDER there is no body 2 and only the first of the two,
 * but somebody who is not counted comes at any time, also too late: he declares
 * another task, or is a goroutine that a body has left behind and watches the parent.
 *
 * With OBSERVED somebody looks at the group: the first to wait tells the observers of the
 * end, and lets go whoever waits, himself included.
 *
 * Checked: the group ends once; it ends after the last step of its last
 * goroutine, and nothing is left registered with the parent; each wait returns
 * after that, with the result, and when observers were told, once; the reason of the end is recorded once; the
 * owner has its slot again before what it does next; everything ends.
 *
 * check:
 * check: -DOUTSIDER
 * check: -DOBSERVED
 * check: -DOBSERVED -DOUTSIDER
 * break: BREAK_OVER
 * break: BREAK_JOIN
 * break: BREAK_RESULT
 * break: BREAK_EARLY
 * break: BREAK_DECLARE -DOUTSIDER
 * break: BREAK_ENTER -DOUTSIDER
 * break: BREAK_SEAL
 * break: BREAK_STOP
 * break: BREAK_CLOSE
 * break: BREAK_UNCOUNTED
 * break: BREAK_RECORD
 * break: BREAK_TELL -DOBSERVED
 * break: BREAK_EACH -DOBSERVED
 * break: BREAK_IDLE -DOBSERVED
 * break: BREAK_LAST -DOBSERVED -DOUTSIDER
 */
#ifdef OUTSIDER
#define TASKS	1
#define JOINERS	1
#else
#define TASKS	2
#define JOINERS	2
#endif
byte declared = 1 + TASKS;	/* Group.declared: the caller and the tasks */
bool sealed;		/* the bit of it */
byte ended;		/* Group.ended */
byte alive = TASKS;		/* Group.alive: the workers */
bool over;		/* Group.over */
bool counted;		/* the bit of Group.waited */
bool ending;		/* Group.ending is set */
bool canceled;		/* Group.endParked has ended what waits */
bool result;		/* what Host.Ended makes of it is written */
bool idle;		/* Group.idle is done */
bool isOver;		/* Group.watch.AwaitOver returns */
bool told;		/* the observers, of the end */

bool parent;		/* the parent context has ended */
bool watch;		/* ledger.parentWatch != nil */
bool off;		/* parentWatch.off is set */
bool registered;	/* it would return true */
bool ran;		/* the function given to AfterFunc was called */
bool closed;		/* parentWatch.done */
bool done2;		/* task 2 has ended */

byte joins;		/* ledger.joins, a set of waits of the owner */
byte woken;		/* those that were, a set */
short waiting;		/* claim.waiting of the owner */
bool held = true;	/* it has its slot */

/* What only the model knows. */
byte steps = TASKS;		/* goroutines that have not made their last step */
byte ends;		/* reasons recorded */
byte left = 2;		/* goroutines of the owner that have not come back */

#define bit(x)	(1 << (x))

/* Group.finish */
inline finish() {
	atomic {	/* CompareAndSwap */
		ok = !over;
		over = true
	};
	if
	:: ok ->
		/* Group.unwatchParent */
		if
		:: watch ->
			assert(off);
			atomic { ok = registered; registered = false };
#ifndef BREAK_STOP
			if
			:: ok
			:: else -> closed
			fi
#endif
		:: else
		fi;
		canceled = true;	/* Group.endParked */
#ifdef BREAK_RESULT
		idle = true;
#endif
		atomic { assert(!result); result = true };
		atomic {
			assert(steps == 0);	/* the group ends last */
			assert(!registered && (ran -> closed : true));
#ifdef OBSERVED
			isOver = true;
#else
			idle = true;
#endif
			ok = false
		}
	:: else
	fi
}

/* Node.takeSlots of the owner, and wait.wake: a step of endJoins for each */
inline endJoin(w) {
	if
	:: (set & bit(w)) != 0 ->
		atomic {
			waiting--;
			held = (held || waiting == 0);
			assert((woken & bit(w)) == 0);
			woken = woken | bit(w)
		}
	:: else
	fi
}

/* Group.endJoins */
inline endJoins() {
	atomic { set = joins; joins = 0 };
	endJoin(0);
	endJoin(1);
	set = 0
}

/* Group.countEnded and sealAfter */
inline countEnded() {
	atomic { ended++; n = ended; assert(n <= declared) };
	atomic { ok = (!sealed && declared == n) };
	if
	:: ok ->
#ifdef BREAK_SEAL
		endJoins();	/* before the seal: who comes between waits on */
#endif
		atomic {	/* CompareAndSwap of declared */
			ok = (!sealed && declared == n);
			sealed = (sealed || ok)
		};
		if
		:: ok ->
			ok = false;
#ifndef BREAK_SEAL
			endJoins();
#endif
			if
			:: alive == 0 -> finish()
			:: else
			fi
		:: else
		fi
	:: else
	fi;
	n = 0
}

/* Group.countOff: it sets ok. It is the last step of s goroutines. */
inline countOff(s) {
	atomic { assert(alive > 0); alive--; steps = steps - s; ok = (alive == 0) };
	if
	:: ok ->
		ok = sealed;
		if
		:: ok -> ok = (alive == 0)
		:: else
		fi
	:: else
	fi
}

/* Group.leave */
inline leave(s) {
	countOff(s);
	if
	:: ok -> finish()
	:: else
	fi
}

/* Group.enter: it sets ok. */
inline enter() {
	alive++;
	ok = !sealed;
	if
	:: ok
	:: else -> leave(0); ok = false
	fi
}

/* Group.Record and, if it was the first, cancel */
inline record() {
#ifdef BREAK_RECORD
	ok = !ending;	/* a load and a store */
	atomic { if :: ok -> ends++; assert(ends == 1); ending = true :: else fi };
#else
	atomic {	/* CompareAndSwap */
		ok = !ending;
		ending = true;
		if
		:: ok -> ends++; assert(ends == 1)
		:: else
		fi
	};
#endif
	if
	:: ok -> ok = false; canceled = true	/* Group.endParked */
	:: else
	fi
}

/* Group.join. After it the caller reads the result. */
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
		ok = !counted;
#endif
		counted = true;
		first = ok
	};
	if
	:: ok -> countEnded()
	:: else
	fi;
#ifdef OBSERVED
#ifdef BREAK_EACH
	first = true;
#endif
#ifdef BREAK_LAST
	first = !first;
#endif
	if
	:: first ->	/* Group.tellEnd */
#ifndef BREAK_TELL
		isOver;
#endif
#ifdef BREAK_IDLE
		idle = true;
#endif
		atomic {
			assert(!told && result && steps == 0);
			told = true
		};
		idle = true
	:: else
	fi;
#endif
	idle;
joined:
#ifdef OBSERVED
	assert(told);
#endif
	assert(result && steps == 0)
}

/* Group.beginJoin, by the wait w of the owner: it sets ok if it waits. */
inline beginJoin(w) {
	atomic {	/* under the mu */
#ifdef BREAK_SEAL
		ok = !over;
#else
		ok = !sealed;
#endif
		joins = joins | (ok -> bit(w) : 0)
	};
	if
	:: ok ->
		atomic {	/* Node.giveSlots */
			waiting++;
			held = (held && waiting != 1)
		}
	:: else
	fi
}

/* Group.watchParent and registerWatch */
inline watchParent() {
	if
	:: watch	/* under the mu */
	:: else ->
#ifdef BREAK_ENTER
		ok = true;
#else
		enter();
#endif
		if
		:: ok ->
			atomic {
				ok = !watch;
				watch = true
			};
			if
			:: ok ->
				atomic {	/* context.AfterFunc */
					if
					:: parent -> ran = true; run after()
					:: else -> registered = true
					fi
				};
				off = true
			:: else
			fi;
#ifndef BREAK_ENTER
			leave(0);
#endif
			ok = false
		:: else
		fi
	fi
}

/* What the parent calls when it ends, on a goroutine of package context */
proctype after() {
	bool ok, last;
	byte n, set;
#ifdef BREAK_UNCOUNTED
	closed = true;	/* is not counted while it works */
#else
	alive++;
#endif
	atomic { ok = !sealed; steps = steps + ok; last = ok };
	if
	:: ok ->
		/* Group.noticeParent, EndOutside */
		if
		:: ending || over
		:: else -> record()
		fi;
		assert(!idle)
	:: else
	fi;
#ifdef BREAK_UNCOUNTED
	steps = steps - last
#else
	countOff(last);
#ifdef BREAK_CLOSE
	if
	:: ok -> finish()	/* which waits for what comes after it */
	:: else
	fi;
	closed = true
#else
	closed = true;
	if
	:: ok -> finish()
	:: else
	fi
#endif
#endif
}

/* A goroutine of the owner comes back. */
inline back() {
	atomic {
		left--;
		/* The body holds its slot while none of its goroutines waits. */
		assert(left > 0 || held && waiting == 0)
	}
}

/* Group.Join */
active proctype wait() {
	bool ok, begun, first;
	byte n, set;
	beginJoin(0);
	begun = ok;
	join();
	if
	:: begun -> (woken & bit(0)) != 0	/* wait.concludeJoin */
	:: else
	fi;
	back()
}

#ifndef OUTSIDER
/* Join, or JoinStopped, which is no wait of the owner */
active proctype waitOrStop() {
	bool ok, begun, first;
	byte n, set;
	if
	:: true -> beginJoin(1); begun = ok
	:: true ->	/* Stop */
		if
		:: over || ending
		:: else -> record()
		fi
	fi;
	join();
	if
	:: begun -> (woken & bit(1)) != 0
	:: else
	fi;
	back()
}

active proctype body2() {
	bool ok;
	byte n, set;
	if
	:: true
	:: true -> record()	/* a failure */
	fi;
	done2 = true;
	countEnded();
	leave(1)
}
#endif

active proctype body1() {
	bool ok;
	byte n, set;
	watchParent();
#ifdef OUTSIDER
	if
	:: true
	:: canceled
	fi;
#else
	done2 || canceled;	/* the wait is in wait.pml */
#endif
	/* worker.quit */
#ifdef BREAK_EARLY
	leave(1);	/* counts off before its last step */
	steps++;
	countEnded();
	atomic { assert(!idle); steps-- }
#else
	countEnded();
	leave(1)
#endif
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

#ifdef OUTSIDER
active proctype outsider() {
	bool ok;
	byte n, set;
	if
	:: true
	:: true -> watchParent(); goto none
	fi;
	/* Group.countDeclared */
#ifdef BREAK_DECLARE
	ok = !sealed;	/* a load and an add */
	atomic { if :: ok -> declared++ :: else fi };
#else
	atomic {
		ok = !sealed;
		declared = declared + ok
	};
#endif
	if
	:: ok ->
		/* The task is settled on the spot: its declarer counts its end. */
		assert(!result);
		ok = false;
		countEnded()
	:: else	/* it panics: the group has ended */
	fi;
none:
	ok = false
}
#endif
