/*
 * timed.pml: the context of a body with a limit of time, and the real one that is made
 * lazily behind it (timed.go, timelimit.go).
 *
 * A goroutine asks for Err, Done and Err, and another one for Done, at any time, also when
 * the group is over, as one that the body has left behind. The worker, at any time, stops
 * the timer and settles the node, well or not. The timer's call comes at any time before it is stopped. The group
 * may be canceled, and is over when the worker has ended and nobody is alive.
 *
 * Checked: the context ends once, with the first cause; Err does not go back, does not
 * change, and is not ahead of Done; all get the same Done; who waits by ownEnd is woken;
 * the timer has made its last step before the group is over; once it is over the context
 * has ended and, when all who were on the way are through, nothing of it is noted.
 *
 * safe:
 * break: BREAK_LOCK
 * break: BREAK_STORE
 * break: BREAK_TELL
 * break: BREAK_NOTE
 * break: BREAK_FORGET
 * break: BREAK_AGAIN
 * break: BREAK_TWICE
 * break: BREAK_OVER
 * break: BREAK_ALIVE
 * break: BREAK_STOP
 * break: BREAK_TOLD
 * break: BREAK_BODY
 */
#define LIMIT	1	/* causes */
#define GROUP	2
#define BODY	3

byte real;		/* timedContext.real: who has made it, 0 is none */
byte cause[3];		/* of each real context, 0 while it lives */
byte err;		/* timedContext.err, with its cause; under mu as the next three */
byte tell;		/* the real context that it ends */
bool waits, waitsClosed, told;
bool noted;		/* under the group's mu */
byte timer;		/* 0 runs, 1 stopped, 2 fired */
byte alive = 1;		/* Group.alive: the timer */
bool dead;		/* the group's context has ended */
bool settled;		/* the worker has counted the node off */
bool idle;		/* Group.idle is done */
byte first;		/* what the model knows: the cause it has had */

/* timedContext.end */
inline endBy(why) {
	atomic {
#ifdef BREAK_TWICE
		ok = true;
#else
		ok = (err == 0);
#endif
		if
		:: ok ->
			err = why; t = tell; tell = 0;
			assert(first == 0);
			first = why
		:: else
		fi
	};
	if
	:: ok ->
		noted = false;	/* forgetTimed */
		if
		:: t != 0 -> cause[t] = err	/* who ends it asks for Err and cause */
		:: else
		fi;
		atomic {
			told = true;
			waitsClosed = (waitsClosed || waits);
			ok = false; t = 0
		}
	:: else
	fi
}

/* timedContext.lookAtGroup */
inline lookAtGroup() {
	if
	:: dead -> endBy(GROUP)
	:: else
	fi
}

/* Group.endTimedContexts */
inline endTimedContexts() {
	ok = noted;	/* the copy of the list */
	if
	:: ok -> endBy(GROUP)
	:: else
	fi
}

/* timedContext.makeReal, by maker me */
inline makeReal(me) {
	if
	:: real == 0 ->
#ifdef BREAK_LOCK
		was = (err != 0);
		atomic {
#else
		atomic {
			was = (err != 0);
#endif
			mine = (!was && real == 0);
#ifdef BREAK_STORE
			mine = !was;
#endif
			if
			:: mine -> real = me; tell = me
			:: else
			fi
		};
		if
		:: was ->
#ifdef BREAK_TELL
			atomic { real = (real == 0 -> me : real) };
			cause[me] = err
#else
			cause[me] = err;
			atomic { real = (real == 0 -> me : real) }
#endif
		:: else
		fi;
		if
		:: mine ->
			mine = false;
#ifdef BREAK_NOTE
			lookAtGroup();
#endif
			/* noteTimed */
			noted = true;
#ifndef BREAK_FORGET
			if
			:: err != 0 -> noted = false
			:: else
			fi;
#endif
#ifndef BREAK_NOTE
			lookAtGroup()
#endif
		:: else
		fi;
		was = false
	:: else
	fi
}

/* timedContext.Err: it sets e. */
inline askErr() {
	e = 0;
	if
	:: real != 0 -> e = cause[real]
	:: else
	fi;
	if
	:: e == 0 ->
		lookAtGroup();
		e = err;
#ifndef BREAK_AGAIN
		if
		:: real != 0 -> e = cause[real]
		:: else
		fi
#endif
	:: else
	fi
}

/* The body, or a goroutine that it has left behind */
active [2] proctype asks() {
	bool ok, was, mine;
	byte t, e, before, d;
	byte me = _pid + 1;
	if
	:: me == 1 -> askErr(); before = e
	:: true
	fi;
	makeReal(me);
	d = real;
	assert(before == 0 || cause[d] == before);	/* not ahead of Done */
	if
	:: me == 1 ->
		askErr();
		atomic {
			assert(before == 0 || e == before);
			assert(e == 0 || cause[d] == e);
			assert(real == d);	/* all get the same */
		}
	:: true
	fi;
	atomic { before = 0; e = 0; d = 0 }
}

/* The timer: timedContext.expire */
active proctype expire() {
	bool ok;
	byte t;
	if
	:: atomic { timer == 0 -> timer = 2 };
		lookAtGroup();
		endBy(LIMIT);
		assert(!idle);
		alive--	/* leave */
	:: timer == 1
	fi
}

/* endTime of the worker, which settles the node then */
active proctype worker() {
	bool ok;
	byte t;
	/* a wait of the body, by ownEnd */
	atomic {
		waits = true;
#ifndef BREAK_TOLD
		waitsClosed = told
#endif
	};
	if
	:: atomic { timer == 0 -> timer = 1; ok = true }
	:: timer == 2
	fi;
	if
#ifndef BREAK_STOP
	:: ok -> alive--
#endif
	:: else
	fi;
	ok = false;
	if
	:: true	/* it has succeeded: its context lives on */
	:: true ->
#ifndef BREAK_BODY
		endBy(BODY);
#endif
		assert(err != 0)
	fi;
	settled = true
}

/* Group.cancel, at any time, and finish */
active proctype finish() {
	bool ok;
	byte t;
	if
	:: dead = true; endTimedContexts()
	:: true
	fi;
#ifdef BREAK_ALIVE
	settled;
#else
	settled && alive == 0;
#endif
	dead = true;
#ifndef BREAK_OVER
	endTimedContexts();
#endif
	idle = true
}

active proctype watch() {
	timeout ->
	assert(idle && !noted);
	assert(real == 0 || cause[real] != 0);
	assert(cause[1] == 0 || cause[1] == first);
	assert(cause[2] == 0 || cause[2] == first);
	assert(!waits || !told || waitsClosed)
}
