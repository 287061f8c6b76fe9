/*
 * entrant.pml: the context of a Race's function, whose real one is made lazily, against
 * the decision that it has lost and the group's end (entrant.go, race.go).
 *
 * The body asks for Err, Done and Err, and a goroutine that it has left behind for Done;
 * the body waits by ownEnd. Another function wins at any time, and the group may end at any
 * time: its context first, and then those that were derived from it.
 *
 * Checked: a real context that is lost has ended once all are through, and so has what
 * the body waits by; nothing stays registered; the cause of one that is made after a
 * decision that came before the group's end is the decision; Err does not go back and is not
 * ahead of Done.
 *
 * safe:
 * break: BREAK_NOTE
 * break: BREAK_DECIDE
 * break: BREAK_LOOK
 * break: BREAK_ERR
 * break: BREAK_BACK
 * break: BREAK_WAITS
 * break: BREAK_STORE
 * break: BREAK_PARENT
 */
#define LOST	1	/* causes */
#define GROUP	2
#define NIL	3	/* cancel(nil) */

bool lost;		/* RaceState.decided, by another */
bool late;		/* RaceState.late */
byte real;		/* entrantContext.real: who has made it, 0 is none */
byte cause[3];		/* of each real context */
bool attached[3];	/* to the group's context */
bool noted;		/* in RaceState.asked; under its mu */
bool waits, waitsClosed;
bool dead;		/* the group's context has ended */
bool lostFirst;		/* what the model knows: before that */
bool after[3];		/* a real context was made when the Race was lost */

/* cancelCtx.cancel: the first cause counts, and the parent forgets it */
inline cancel(c, why) {
	atomic {
		cause[c] = (cause[c] == 0 -> why : cause[c]);
		attached[c] = false
	}
}

/* RaceState.noteLocked */
inline noteLocked() {
	if
#ifdef BREAK_DECIDE
	:: true -> noted = true
#else
	:: !lost -> noted = true
#endif
	:: else
	fi
}

/* entrantContext.makeReal, by maker me; it sets r. */
inline makeReal(me) {
	r = real;
	if
	:: r == 0 ->
		atomic { free = (lost && !late); after[me] = lost };
#ifdef BREAK_PARENT
		free = false;
#endif
		/* context.WithCancelCause */
		atomic {
			attached[me] = (!free && !dead);
			cause[me] = (!free && dead -> GROUP : 0)
		};
#ifdef BREAK_STORE
		atomic { real = me; r = me };
#else
		atomic { real = (real == 0 -> me : real); r = real };
#endif
		if
		:: r == me ->
#ifndef BREAK_NOTE
			atomic { noteLocked() }
#endif
		:: else -> cancel(me, NIL)
		fi;
		free = false
	:: else
	fi;
#ifndef BREAK_LOOK
	if
	:: lost -> cancel(r, LOST)
	:: else
	fi
#endif
}

/* entrantContext.Err: it sets e. */
inline askErr(me) {
	if
#ifdef BREAK_ERR
	:: lost -> e = LOST
#else
	:: lost -> makeReal(me); e = cause[r]
#endif
	:: else ->
		r = real;
		if
		:: r != 0 -> e = cause[r]
#ifdef BREAK_BACK
		:: else -> e = (dead -> GROUP : 0)
#else
		:: r == 0 && dead -> makeReal(me); e = cause[r]
		:: r == 0 && !dead -> e = 0
#endif
		fi
	fi;
	r = 0
}

active [2] proctype asks() {
	bool free;
	byte r, e, before, d;
	byte me = _pid + 1;
	if
	:: me == 1 -> askErr(me); before = e
	:: true
	fi;
	if
	:: makeReal(me); d = r	/* Done */;
		assert(before == 0 || cause[d] != 0)
	:: me == 1
	fi;
	if
	:: me == 1 ->
		askErr(me);
		atomic {
			assert(before == 0 || e != 0);
			assert(e == 0 || d == 0 || cause[d] != 0);
			assert(d == 0 || real == d);
		}
	:: true
	fi;
	atomic { before = 0; e = 0; d = 0; r = 0 };
	if
	:: me == 1 ->
		/* ownEnd */
		atomic { waits = true; noteLocked() };
#ifndef BREAK_WAITS
		if
		:: lost -> waitsClosed = true
		:: else
		fi
#endif
	:: true
	fi
}

/* settleRace of the one that wins */
active proctype decides() {
	bool sees;
	byte r;
	sees = dead;
	atomic { late = sees; lostFirst = !dead; lost = true; sees = noted; noted = false };
	/* entrantContext.end */
	if
	:: sees ->
		r = real;
		if
		:: r != 0 -> cancel(r, LOST)
		:: else
		fi;
		/* endWaits */
		waitsClosed = (waitsClosed || waits)
	:: else
	fi
}

/* The group's end */
active proctype ends() {
	if
	:: dead = true
	:: goto over
	fi;
	if
	:: attached[1] -> cancel(1, GROUP)
	:: else
	fi;
	if
	:: attached[2] -> cancel(2, GROUP)
	:: else
	fi;
over:	skip
}

active proctype watch() {
	timeout ->
	assert(!noted && !attached[1] && !attached[2]);
	assert(real == 0 || cause[real] != 0);
	assert(!lostFirst || !after[real] || cause[real] == LOST);
	assert(!waits || waitsClosed)
}
