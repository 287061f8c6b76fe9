/*
 * context.pml: the one real context behind all bodies, made by the first who
 * needs it, against the group's end and the parent's (context.go).
 *
 * A body, and a goroutine that another has left behind, ask for Err and Done.
 * A body may fail, which ends the group with a cause; the group ends when its
 * bodies have; the parent may end at any time.
 *
 * Checked: all who ask get the same Done; a real context that lost is canceled,
 * so that nothing stays registered with the parent; once the group has ended
 * every Done is closed; Err does not go back to nil, but for the moment in
 * which the parent's end travels to its children; Err is not ahead of Done
 * while the group lives; a failure is the cause unless the parent ended first.
 *
 * check:
 * break: BREAK_STORE
 * break: BREAK_LOSER
 * break: BREAK_LOOK
 * break: BREAK_ORDER
 * break: BREAK_MADE
 * break: BREAK_ERR
 */
#define MAKERS	3	/* who may make a real context: 0 is none */
#define NONE	0
#define PARENT	1	/* causes */
#define FAILED	2
#define NIL	3	/* cancel(nil): context.Canceled */

byte real;		/* Group.real */
bool made[MAKERS + 1];
byte cause[MAKERS + 1];	/* of each real context, NONE while it lives */
byte parent;		/* PARENT when the parent has ended */
bool arrived;		/* at all of the parent's children */
bool over;		/* Group.over */
bool end;		/* Group.end, by a failure */
bool canceled;		/* Group.cancel has returned */

byte asked;		/* the Done that somebody was given */
byte bodies = 2;	/* that have not ended */

/* cancelCtx.cancel: the first cause counts */
inline cancel(c, why) {
	atomic {
		if
		:: cause[c] == NONE -> cause[c] = why
		:: else
		fi
	}
}

/* Group.cancelable, by maker me; r gets the real context. */
inline cancelable(me, r) {
	r = real;
	if
	:: r == 0 ->
		/* context.WithCancelCause */
		atomic { made[me] = true; cause[me] = parent };
#ifdef BREAK_STORE
		real = me;	/* whoever was first */
		r = me;
#else
		atomic {
			if
			:: real == 0 -> real = me
			:: else
			fi;
			r = real
		};
		if
#ifdef BREAK_LOSER
		:: false
#else
		:: r != me -> cancel(me, NIL)
#endif
		:: else
		fi;
#endif
	:: else
	fi;
#ifndef BREAK_LOOK
	if
	:: over -> cancel(r, NIL)
	:: else
	fi
#endif
}

/* Group.ctxErr: it sets err. */
inline ctxErr() {
	atomic { r = real; err = false };
	atomic {
		if
		:: r != 0 -> err = (cause[r] != NONE)
		:: else
		fi
	};
	atomic {
		if
		:: !err && over -> err = true; goto told
		:: err -> goto told
		:: else
		fi
	};
#ifndef BREAK_ERR
	atomic {
		if
		:: real != 0 -> goto told	/* the parent's end comes through it */
		:: else
		fi
	};
#endif
	err = (parent != NONE);
#ifndef BREAK_ERR
	atomic { r = (err -> real : 0) };
	atomic {
		if
		:: r != 0 -> err = (cause[r] != NONE)	/* made meanwhile */
		:: else
		fi
	};
#endif
told:
	r = 0
}

/* The parent has ended and has not told all of its children. */
#define travels	(parent != NONE && !arrived)

/* A body */
proctype asker() {
	byte r, d;
	bool err, before, during, dead;
	if
	:: true -> goto left	/* asks for nothing */
	:: true
	fi;
	ctxErr();
	atomic { before = err; dead = canceled };
	cancelable(1, d);	/* Done */
	atomic {
		assert(asked == 0 || asked == d);
		assert(!dead || cause[d] != NONE);
		asked = d
	};
	during = travels;
#define told told2	/* labels are of the whole process */
	ctxErr();
#undef told
	atomic {
		assert(err || !before || during);
		/* Err is not ahead of Done. */
		assert(!err || cause[d] != NONE)
	};
left:
	bodies--
}

/* A goroutine that a body has left behind */
proctype behind() {
	byte d;
	cancelable(2, d);
	atomic {
		assert(asked == 0 || asked == d);
		asked = d
	}
}

/* A body that may fail: Group.judge, record and cancel */
proctype failing() {
	byte r;
	if
	:: true
	:: true ->
#ifndef BREAK_MADE
		cancelable(3, r);
#endif
		end = true;
		r = real;
		if
		:: r != 0 -> cancel(r, FAILED); assert(cause[r] == FAILED || parent != NONE)
		:: else
		fi;
		canceled = true
	fi;
	bodies--
}

/* Group.finish, when every body has ended */
proctype finish() {
	byte r;
	bodies == 0;
#ifdef BREAK_ORDER
	r = real;
	if
	:: r != 0 -> cancel(r, NIL)
	:: else
	fi;
	over = true
#else
	over = true;
	r = real;
	if
	:: r != 0 -> cancel(r, NIL)
	:: else
	fi
#endif
}

/* The parent: first its own state, then its children, in two steps */
proctype ends() {
	byte c;
	parent = PARENT;
	c = 1;
	do
	:: c <= MAKERS ->
		atomic {
			if
			:: made[c] && cause[c] == NONE -> cause[c] = PARENT
			:: else
			fi;
			c++
		}
	:: else -> break
	od;
	arrived = true
}

init {
	atomic {
		run asker();
		run behind();
		run failing();
		run finish();
		if
		:: true
		:: run ends()
		fi
	};
	atomic {
		_nr_pr == 1;
		/* Every Done is closed, and nothing is registered with the parent. */
		assert(!made[1] || cause[1] != NONE);
		assert(!made[2] || cause[2] != NONE);
		assert(!made[3] || cause[3] != NONE);
		assert(!end || parent != NONE || cause[real] == FAILED)
	}
}
