/*
 * nest.pml: a group ends before the context of one around it is seen dead (nest.go,
 * end.go, finish.go).
 *
 * Group 2 is made in a body of group 1, which is made in a body of group 0, each
 * with the context of that body. Bodies are started in both. Groups 0 and 1 may end
 * by themselves at any time, by a failure or by Stop, and the parent of 0, their
 * base, may end: then the real contexts of all die without any group's doing. With
 * BEHIND it is a goroutine that a body of 0 has left behind that makes group 1, and
 * 0 is over at some time instead.
 *
 * Checked: a body does not start in a group once the context of it, or of one
 * around it, was seen dead.
 *
 * check:
 * check: -DBEHIND
 * break: BREAK_FIRST
 * break: BREAK_WAY
 * break: BREAK_NOTE
 * break: BREAK_RECORD
 * break: BREAK_OTHER
 * break: BREAK_BASE
 * break: BREAK_BEHIND -DBEHIND
 * break: BREAK_OVER -DBEHIND
 */
bool ending[3];		/* Group.ending */
bool dead[3];		/* the real context's Err is not nil */
bool inner[3];		/* the group is noted in Group.inner of the one around */
bool over;		/* Group.over, of 0 */
bool parentErr;		/* of the base's parent */

/* cancelCtx.cancel of the group g: its own, then its children's */
inline cancelContext(g) {
	dead[g] = true;
	if
	:: g < 2 -> dead[g + 1] = true
	:: else
	fi;
	if
	:: g < 1 -> dead[g + 2] = true
	:: else
	fi
}

/* Group.Record: it sets first. */
inline record(g) {
	atomic { first = !ending[g]; ending[g] = true }
}

/* Group.EndOutside of each group, with record, cancel and endInside */
inline end2() {
	if
	:: ending[2]
	:: else ->
		record(2);
		if
		:: first -> cancelContext(2)
		:: else
		fi
	fi
}

inline inside1() {
	if
	:: inner[2] -> end2()
	:: else
	fi
}

inline cancel1() {
#ifdef BREAK_FIRST
	cancelContext(1);
	inside1()
#else
	inside1();
	cancelContext(1)
#endif
}

inline end1() {
	if
	:: ending[1] -> first = false
	:: else ->
		record(1);
		if
		:: first -> cancel1(); first = true
		:: else
		fi
	fi;
#ifndef BREAK_WAY
	if
	:: !first && !dead[1] -> inside1()	/* who has ended it may be on the way */
	:: else
	fi
#endif
}

inline inside0() {
	if
	:: inner[1] -> end1()
	:: else
	fi
}

inline cancel0() {
#ifdef BREAK_FIRST
	cancelContext(0);
	inside0()
#else
	inside0();
	cancelContext(0)
#endif
}

inline end0() {
	if
	:: ending[0]
	:: else ->
#ifdef BREAK_RECORD
		inside0();	/* goes through those inside, and then says so */
		record(0);
		if
		:: first -> cancelContext(0)
		:: else
		fi
#else
		record(0);
		if
		:: first -> cancel0()
		:: else
		fi
#endif
	fi
}

/* Group.adopt, for a group in 0 and one in 1 */
inline adopt1() {
#ifdef BREAK_NOTE
	first = ending[0];
	inner[1] = true;	/* when it has looked */
	if
	:: first -> end1()
	:: else
	fi;
#else
	inner[1] = true;
	if
	:: ending[0] -> end1()
#ifndef BREAK_BEHIND
	:: !ending[0] && over -> inside0()
#endif
	:: else
	fi;
#endif
	first = false
}

inline adopt2() {
#ifdef BREAK_NOTE
	first = ending[1];
	inner[2] = true;
	if
	:: first -> end2()
	:: else
	fi;
#else
	inner[2] = true;
	if
	:: ending[1] -> end2()
	:: else
	fi;
#endif
	first = false
}

/* A body is to start: worker.run, mustSkip, noticeEnd and noticeParent. It sets ok. */
inline start1() {
	saw = (dead[0] || dead[1]);	/* somebody has, who says so */
	if
	:: ending[1] -> ok = false
	:: else ->
#ifdef BREAK_BASE
		ok = true
#else
		ok = !parentErr;
		if
		:: ok
		:: else ->
			end0();
#ifndef BREAK_OTHER
			end1();
#endif
			ok = !ending[1]
		fi
#endif
	fi;
	atomic { assert(!ok || !saw); saw = false; first = false }
}

inline start2() {
	saw = (dead[0] || dead[1] || dead[2]);
	if
	:: ending[2] -> ok = false
	:: else ->
#ifdef BREAK_BASE
		ok = true
#else
		ok = !parentErr;
		if
		:: ok
		:: else ->
			end0();
#ifndef BREAK_OTHER
			end2();
#endif
			ok = !ending[2]
		fi
#endif
	fi;
	atomic { assert(!ok || !saw); saw = false; first = false }
}

active proctype body() {
	bool first, ok, saw;
	adopt1();
	start1();
	if
	:: ok ->
		/* The body of group 1 */
		adopt2();
		start2();
		start2()
	:: else
	fi
}

/* Group 0 ends, or is over. */
active proctype outer() {
	bool first;
	if
	:: true
	:: true ->
#ifdef BEHIND
		/* Group.finish */
		over = true;
#ifndef BREAK_OVER
		inside0();
#endif
		cancelContext(0)
#else
		end0()
#endif
	fi
}

/* Group 1 ends by itself. */
active proctype middle() {
	bool first;
	if
	:: true
	:: inner[1] -> end1()
	fi
}

active proctype parent() {
	if
	:: true
	:: true -> parentErr = true; cancelContext(0)
	fi
}
