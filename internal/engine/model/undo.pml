/*
 * undo.pml: undos against the end of their group (undo.go, finish.go, join.go).
 *
 * A group was made in a body, its owner, two goroutines of which wait for it at any
 * time. A worker runs the task a. Another one runs the task c, which notes an undo of a
 * at any time, then declares b, which needs a, and notes an undo of b. Who ends last
 * of a and c runs b; a group that has failed undoes what has succeeded, one that has not
 * undoes nothing. With OUTSIDER somebody who is not counted notes an undo of a at any
 * time, also too late, and then a timer's call comes, which is counted at any time. To
 * keep it small, c does nothing then.
 *
 * Checked: each undo that was accepted runs once in a group that has failed, when all
 * tasks have ended and nobody else is in the group, and before it is over; what depends
 * on a task is undone before it; the group is over once; a goroutine of the owner that
 * waits meanwhile holds no slot, and goes on only afterwards; everything ends.
 *
 * safe:
 * safe: -DOUTSIDER -DONE
 * break: BREAK_PLACE
 * break: BREAK_SEAL -DOUTSIDER
 * break: BREAK_ONCE -DOUTSIDER
 * break: BREAK_PLAN
 * break: BREAK_JOINS
 * break: BREAK_COME
 * break: BREAK_REFUSED -DOUTSIDER
 * break: BREAK_OVER
 */
#ifdef ONE
#define JOINERS	1	/* to keep it small; a second one finds only what BREAK_REFUSED has */
#else
#define JOINERS	2	/* with OUTSIDER too: one may come when the other is gone */
#endif
byte declared = 3;	/* Group.declared: the caller, a and c */
bool sealed;		/* the bit of it */
byte ended;		/* Group.ended */
byte alive = 2;		/* Group.alive: the workers */
byte over;		/* Group.over: 1 is finishing, 2 over */
bool counted;		/* the bit of Group.waited */
bool idle;		/* Group.idle is done */
bool failed;		/* what Host.Undoes says once all tasks have ended */

bool undoing;		/* ledger.undoing != nil */
bool mu;		/* Group.mu: held over what is not one step */
byte clock;		/* undoing.clock */
byte all;		/* undoing.all, a set: 1 of a, 2 of b, 4 of a by the outsider */
byte at[3];		/* undo.at */
bool planned;
byte todo;		/* undoing.todo, a set; the order is that of at */
bool joinsEnded;

bool adone, bdone;	/* the lists are closed */
bool bdeclared, bqueued;
byte joins, woken;	/* ledger.joins and those that were ended, sets of waits of the owner */

/* What only the model knows. */
byte steps = 2;		/* workers that have not made their last step */
byte accepted;		/* undos that were noted, a set */
byte has;		/* undos that have run, a set */
byte blocked;		/* goroutines of the owner that sleep without having begun a wait */
bool undoes;		/* undos run */

#define bit(x)	(1 << (x))
#define lock()	atomic { !mu -> mu = true }
#define unlock()	mu = false

/* Undo of an engine, of the task with that bit; it sets ok. */
inline note(i) {
	undoing = true;	/* ledger.makeUndoing */
#ifdef BREAK_SEAL
	ok = !sealed;
	lock();
#else
	lock();
	ok = !sealed;
#endif
	atomic {
		if
		:: ok -> clock++; at[i] = clock; all = all | bit(i); accepted = accepted | bit(i)
		:: else
		fi;
		unlock()
	}
}

/* Node.placeUndos: of the undos m of a node that is not done */
inline place(m) {
	if
	:: (all & (m)) != 0 ->	/* rare.undos, without the lock */
		lock();
		atomic {
			clock++;
			if :: (all & (m) & 1) != 0 -> at[0] = clock :: else fi;
			if :: (all & (m) & 2) != 0 -> at[1] = clock :: else fi;
			if :: (all & (m) & 4) != 0 -> at[2] = clock :: else fi;
			unlock()
		}
	:: else
	fi
}

/* Group.planUndos: it sets plan. */
inline planUndos() {
	plan = 0;
	if
	:: undoing ->
		lock();
		atomic {
#ifdef BREAK_PLAN
			if :: !planned -> todo = all :: else fi;	/* also of a group that has succeeded */
#else
			if :: !planned && failed -> todo = all :: else fi;
#endif
			planned = true;
			plan = todo;
			unlock()
		}
	:: else
	fi
}

/* Group.endJoins */
inline endJoins() {
	lock();
	atomic {
		assert(has == todo);	/* nobody goes on before the undos have run */
		woken = woken | joins;
		joins = 0;
		joinsEnded = (joinsEnded || undoing);
		unlock()
	}
}

/* Group.becomeOver */
inline becomeOver() {
	atomic {
		assert(over != 2 && steps == 0);
		assert(has == (failed -> accepted : 0));
		over = 2
	};
	idle = true
}

/* whether the undo with that bit comes next: the latest success first */
#define later(i, j)	((set & bit(j)) == 0 || at[j] <= at[i])
#define latest(i)	((set & bit(i)) != 0 && later(i, 0) && later(i, 1) && later(i, 2))

/* undoer.next */
inline call(i) {
	atomic {
		assert((has & bit(i)) == 0 && !idle && over == 1 && ended == declared && steps == 0);
		assert(blocked == 0);
		assert(i == 1 || (set & 2) == 0);	/* b, which needs a, comes before a */
		has = has | bit(i);
		set = set & ~bit(i)
	}
}

/* undoer.work */
proctype undoer(byte set) {
#ifdef BREAK_OVER
	idle = true;
#endif
	undoes = true;
	do
	:: latest(0) -> call(0)
	:: latest(1) -> call(1)
	:: latest(2) -> call(2)
	:: set == 0 -> break
	od;
	undoes = false;
	endJoins();
	becomeOver()
}

/* Group.finish */
inline finish() {
	planUndos();
#ifdef BREAK_ONCE
	ok = (over == 0);
	atomic { if :: ok -> over = 1 :: else fi };
#else
	atomic { ok = (over == 0); over = (ok -> 1 : over) };
#endif
	if
	:: ok ->
		ok = false;
		if
		:: plan != 0 -> run undoer(plan)
		:: else -> becomeOver()
		fi
	:: else
	fi
}

/* Group.countEnded and sealAfter */
inline countEnded() {
	atomic { ended++; n = ended };
	atomic { ok = (!sealed && declared == n); sealed = (sealed || ok); n = 0 };
	if
	:: ok ->
		planUndos();
		if
#ifdef BREAK_JOINS
		:: true -> endJoins()
#else
		:: plan == 0 -> endJoins()
		:: else
#endif
		fi;
		if
		:: alive == 0 -> finish()
		:: else
		fi
	:: else
	fi
}

/* Group.countOff and leave */
inline leave(s) {
	atomic { alive--; steps = steps - s; ok = (alive == 0) };
	if
	:: ok && sealed && alive == 0 -> finish()
	:: else
	fi
}

/* the end of a worker's tasks: b, if that has become ready, and then its last step */
inline rest() {
	do
	:: atomic { bqueued -> bqueued = false };
		place(2);
		bdone = true;
		countEnded()
	:: else -> break
	od;
	leave(1)
}

/* who settles a: b becomes ready if it waits */
active proctype worker() {
	bool ok;
	byte n, plan;
	if
	:: true
	:: failed = true	/* another task, which is of no matter here */
	fi;
#ifdef BREAK_PLACE
	atomic { adone = true; bqueued = bdeclared };
	place(5);
#else
	place(5);
	atomic { adone = true; bqueued = bdeclared };
#endif
	countEnded();
	rest()
}

/* the task c */
active proctype declarer() {
	bool ok;
	byte n, plan;
#ifndef OUTSIDER
	if
	:: note(0)
	:: true
	fi;
	declared++;
	atomic {
		bdeclared = true;
		bqueued = (bqueued || adone)
	};
	if
	:: note(1)
	:: true
	fi;
#endif
	countEnded();
	rest()
}

/* Wait in a goroutine of the owner */
active [JOINERS] proctype wait() {
	bool ok, open;
	byte n, plan;
	byte w = _pid % JOINERS;
	/* Group.beginJoin, ledger.lockForJoin */
again:	ok = sealed;
	if
	:: ok -> planUndos()
	:: else -> plan = 0
	fi;
	lock();
	if
	:: ok != sealed -> unlock(); goto again
	:: else
	fi;
	atomic {
#ifdef BREAK_COME
		open = !sealed;
#else
#ifdef BREAK_REFUSED
		open = (!sealed || undoing && !joinsEnded);
#else
		open = (!ok || plan != 0 && !joinsEnded);	/* who seals meanwhile looks there */
#endif
#endif
		joins = joins | (open -> bit(w) : 0);
		unlock()
	};
	/* Group.join */
	atomic { ok = !counted; counted = true };
	if
	:: ok -> countEnded()
	:: else
	fi;
	atomic { blocked = blocked + (open || idle || has == todo && over == 2 -> 0 : 1); n = (open || idle || over == 2 -> 0 : 1) };
	idle;
	atomic { blocked = blocked - n; n = 0 };
	assert(over == 2 && !undoes);
	/* wait.concludeJoin */
	if
	:: open -> (woken & bit(w)) != 0
	:: else
	fi
}

#ifdef OUTSIDER
active proctype outsider() {
	bool ok;
	byte n, plan;
	note(2);
	ok = false;
	/* Group.fireDues, or what the parent calls */
	alive++;
	leave(0)
}
#endif
