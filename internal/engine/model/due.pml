/*
 * due.pml: nodes that must begin Within an instant (due.go, options.go, admit.go,
 * addSkipped of settle.go, run of worker.go).
 *
 * One goroutine declares two nodes. Node 0 waits for a dependency that may end, or fail,
 * which ends nothing, at any time; node 1 for a slot that another task holds. Those two
 * end at any time, or only when the node has: so nobody else wakes it. The nodes may be
 * due at the same instant or one after the other. Time passes at any moment, as it does
 * between any two steps of a program. The group may be ended at any time, and what is late
 * ends it, or it is settled and goes on.
 *
 * Checked: each node is settled once, and begins before its instant or never; what is
 * late is judged by one goroutine at a time, in order, and all that was recorded comes to
 * be the end of its node, whose settling cancels the group if it ended that; nothing is
 * left in the queue; the group is over after the last step of the timer's calls, and no
 * timer is left.
 *
 * To keep it small, with PEND there is node 0 alone, and with QUEUE node 1. Without, of
 * the dependency only the success is looked at, the slot is held until node 1 has ended,
 * and nobody else ends the group. With PARENT it is the parent that ends, which who judges
 * takes over.
 *
 * safe:
 * safe: -DPEND
 * safe: -DQUEUE
 * safe: -DQUEUE -DPARENT
 * break: BREAK_LATE -DQUEUE
 * break: BREAK_ADMIT -DQUEUE
 * break: BREAK_ARM
 * break: BREAK_READY -DQUEUE
 * break: BREAK_HOLD -DPEND
 * break: BREAK_SKIP -DPEND
 * break: BREAK_RUN -DQUEUE
 * break: BREAK_BEGIN -DPEND
 * break: BREAK_CHECK -DPEND
 * break: BREAK_BUSY
 * break: BREAK_FIRST
 * break: BREAK_WAIT
 * break: BREAK_CALLS -DPEND
 * break: BREAK_STOP -DPEND
 * break: BREAK_JUDGE -DQUEUE -DPARENT
 * break: BREAK_KNOWN -DQUEUE -DPARENT
 */
#if defined(PEND)
#define hasNode(i)	(i == 0)
#define GONE	2	/* tasks that do not exist: the other node, and who it waits for */
#elif defined(QUEUE)
#define hasNode(i)	(i == 1)
#define GONE	2
#else
#define hasNode(i)	true
#define GONE	1	/* who may end the group */
#endif
#define BEGUN	1	/* how a node was settled */
#define SKIPPED	2
#define LATE	3
#define DEAD	8	/* bits of pending; the count is the lowest */
#define HOLD	2
#define BODIES	2	/* _pid of the first: after fire and clock */
#define ALL	5	/* tasks: the nodes, the dependency, who holds the slot, who may end the group */

/* dues, under the group's mu: a critical section is one step. */
byte heap;		/* a set of nodes */
byte at[2];		/* due.at */
bool expires[2];	/* due.expires */
bool late[2];		/* due.late, which is read without the mu */
bool judged[2];		/* due.judged is done, and due.known */
bool left[2];		/* due.left */
bool parent;		/* has ended */
bool failed[2];		/* due.failed */
bool owes[2];		/* its verdict.Cancel */
byte list;		/* dues.late */
bool armed, timer;	/* dues.armed; the timer is to fire */
byte next;
byte calls;
bool busy;

byte pending[2];
byte how[2];		/* how the node was settled, 0 if it was not */
bool pushed[2];		/* for a worker, with its slot if it needs one */
bool queued;		/* node 1, under the limiter's mutex */
bool free;		/* the slot */

bool ending, canceled;	/* Group.ending, and what cancel has to do is done */
byte ended = GONE;
byte alive;
bool over;
bool goesOn;		/* the group is a settled one */
byte now;

#define bit(i)		(1 << (i))
#define in(i)		((heap & bit(i)) != 0)
#define isFirst(i)	(in(i) && (i == 0 || !in(0) || at[0] > at[1]) && (i == 1 || !in(1) || at[0] <= at[1]))
#define passed(i)	(now >= at[i])

/* dues.arm and disarm, in a critical section */
inline disarm() {
	if
	:: armed && timer ->
		timer = false
#if !defined(BREAK_STOP) && !defined(BREAK_CALLS)
		; calls--
#endif
	:: else
	fi;
	armed = false
}
#define soonest	(isFirst(0) -> at[0] : at[1])
inline arm() {
	if
	:: heap != 0 && !(armed && soonest >= next) ->
		disarm();
		armed = true; next = soonest; timer = true
#ifndef BREAK_CALLS
		; calls++
#endif
	:: else
	fi
}

/* Group.takeDue: it sets x, 2 for none. */
inline takeDue(begins) {
	atomic {
		x = 2;
		if
#ifndef BREAK_BUSY
		:: begins && busy
#endif
		:: else ->
			if
#ifdef BREAK_FIRST
			:: in(1) && passed(1) -> x = 1
			:: in(0) && passed(0) && !(in(1) && passed(1)) -> x = 0
#else
			:: isFirst(0) && passed(0) -> x = 0
			:: isFirst(1) && passed(1) -> x = 1
#endif
			:: else
			fi;
			busy = (x != 2);
			if
			:: busy ->
				heap = heap & ~bit(x);
#ifndef BREAK_LATE
				late[x] = true;
#endif
				list = list | (expires[x] -> bit(x) : 0)
			:: else
			fi
		fi
	}
}

/* noticeParent, of who judges */
inline notice() {
#ifdef PARENT
	atomic { q = (parent && !ending); ending = (q -> true : ending) };
	if
	:: q -> endQueue(); canceled = true
	:: else
	fi
#else
	skip
#endif
}

/* Group.judgeDue */
inline judgeDue() {
	takeDue(true);
	do
	:: x != 2 ->
		notice();
		r = !ending;	/* noticeEnd */
		if
		:: r -> notice();
			atomic {	/* Host.Returned */
				assert(x == 0 || !in(0) && (!late[0] || judged[0]));	/* in order */
				failed[x] = true;
				if
				:: !goesOn && !ending -> ending = true; owes[x] = true
				:: else
				fi
			}
		:: else
		fi;
#ifdef BREAK_KNOWN
		r = left[x];
		judged[x] = true;
#else
		atomic { judged[x] = true; r = left[x] };
#endif
		if
		:: r -> r = false;	/* whoever had it in hand has left it */
			settle(x, (failed[x] -> LATE : SKIPPED), owes[x]);
			ended++
		:: else
		fi;
		takeDue(false)
	:: else -> break
	od;
	x = 0
}

/* Group.skipAllQueued, of who cancels: another one has ended the group, or the other node. */
inline endQueue() {
	atomic { q = queued; queued = false };
	if
	:: q ->
		atomic { q = late[1]; heap = (q -> heap : heap & ~bit(1)) };	/* Node.skipDue */
#ifdef BREAK_JUDGE
		if
		:: q -> q = false; judged[1]
		:: else
		fi;
#else
		atomic {	/* leaveToJudge */
			q = (q && !judged[1]);
			left[1] = (q -> true : left[1])
		};
#endif
		if
		:: q -> q = false
		:: else -> atomic {
				assert(how[1] == 0 && !owes[1]);
				how[1] = (failed[1] -> LATE : SKIPPED);
				ended++
			}
		fi
	:: else
	fi
}

/* settling.publish, and cutAndCancel */
inline settle(i, h, cancels) {
	atomic {
		assert(how[i] == 0 && (h != BEGUN || !late[i]));
		how[i] = h
	};
	if
	:: cancels -> endQueue(); canceled = true
	:: else
	fi
}

/* addSkipped, and what complete does then */
inline skip_(i) {
#ifdef BREAK_SKIP
	r = late[i];
#else
	atomic {	/* Node.skipDue */
		r = late[i];
		if
		:: !r -> heap = heap & ~bit(i)
		:: else
		fi
	};
#endif
	if
	:: r ->
		atomic {	/* leaveToJudge */
			r = judged[i];
			left[i] = (r -> left[i] : true)
		};
		if
		:: r -> r = false;
			settle(i, (failed[i] -> LATE : SKIPPED), owes[i]);
#ifdef BREAK_SKIP
			atomic { heap = heap & ~bit(i) };	/* due.forget */
#endif
			ended++
		:: else
		fi
	:: else -> settle(i, SKIPPED, false);
#ifdef BREAK_SKIP
		atomic { heap = heap & ~bit(i) };
#endif
		ended++
	fi
}

/* Node.expire */
inline expire(i) {
	atomic {	/* killPending */
		q = false; r = false;
		if
#ifdef BREAK_READY
		:: (pending[i] & DEAD) == 0 ->
#else
		:: pending[i] != 0 && (pending[i] & DEAD) == 0 ->
#endif
#ifdef BREAK_HOLD
			r = true;
#else
			r = ((pending[i] & HOLD) == 0);
#endif
			pending[i] = pending[i] | DEAD
		:: else
		fi
	};
	if
	:: r -> r = false; skip_(i)
	:: else ->
		atomic { q = (i == 1 && queued); queued = (q -> false : queued) };	/* skipQueued */
		if
		:: q -> q = false; skip_(i)
		:: else
		fi
	fi
}

/* Group.fireDues: of several calls one begins after the other */
active proctype fire() {
	byte x, set;
	bool r, q;
endfire:
	atomic { timer && now >= next -> timer = false; assert(!over) };
#ifdef BREAK_CALLS
	calls++;
#endif
	alive++;
	if
	:: ended < ALL ->
		judgeDue();
		/* takeLate */
#ifdef BREAK_ARM
		atomic { set = list; list = 0 };
		atomic { armed = false; arm() };
#else
		atomic { set = list; list = 0; armed = false; arm() };
#endif
		if
		:: (set & 1) != 0 -> expire(0)
		:: else
		fi;
		if
		:: (set & 2) != 0 -> expire(1)
		:: else
		fi;
#ifdef BREAK_LATE
		atomic {
			late[0] = (late[0] || (set & 1) != 0);
			late[1] = (late[1] || (set & 2) != 0)
		}
#endif
	:: else
	fi;
	atomic { assert(!over); set = 0; alive--; calls-- };
	goto endfire
}

active proctype clock() {
	now = 1;
	now = 2
}

/* Node 1's slot, of who has it: it goes to who queues. */
inline give() {
	atomic {
		if
		:: queued -> queued = false; pushed[1] = true
		:: else -> free = true
		fi
	}
}

/* worker.run and what follows it */
active [2] proctype body() {
	byte x;
	byte i = _pid - BODIES;
	bool r, q, skips;
	end: pushed[i];
	skips = ending;	/* mustSkip */
#ifdef BREAK_RUN
	if
	:: skips -> settle(i, SKIPPED, false); heap = heap & ~bit(i); goto out
	:: else
	fi;
#endif
	atomic {
		if
		:: skips ->	/* skipDue */
			r = !late[i];
			heap = (r -> heap & ~bit(i) : heap)
		:: else ->	/* beginDue */
#ifdef BREAK_CHECK
			r = true;
#else
			r = (!late[i] && !passed(i));
#endif
#ifndef BREAK_BEGIN
			heap = (r -> heap & ~bit(i) : heap)
#endif
		fi
	};
	if
	:: r -> r = false; settle(i, (skips -> SKIPPED : BEGUN), false)
	:: else ->
		if
		:: !skips -> judgeDue()
		:: else
		fi;
#ifndef BREAK_WAIT
		judged[i];
#endif
		settle(i, (failed[i] -> LATE : SKIPPED), owes[i])
	fi;
out:
	atomic { skips = false; x = 0 };
	if
	:: i == 1 -> give()
	:: else
	fi;
	ended++
}

/* Node.release of node 0, and of node 1, which is ready then */
inline release(i) {
	atomic {
		pending[i] = pending[i] - HOLD;
		q = (pending[i] == 0); r = ((pending[i] & DEAD) != 0)
	};
	if
	:: r -> q = false; r = false; skip_(i)
	:: q && i == 0 -> q = false; pushed[0] = true
	:: q && i == 1 -> q = false;
		/* admit */
		atomic {
			if
			:: free -> free = false; pushed[1] = true
#ifdef BREAK_ADMIT
			:: !free && !ending -> queued = true
#else
			:: !free && !ending && !late[1] -> queued = true
#endif
			:: else -> r = true
			fi
		};
		if
		:: r -> r = false; skip_(1)
		:: else
		fi
	:: else
	fi
}

/* StartWith; it declares node i, with one dependency or none. */
inline declare(i, deps) {
	pending[i] = deps + HOLD;
	if
	:: ending -> pending[i] = pending[i] | DEAD; release(i)
	:: else ->
		/* addDue */
		atomic {
			expires[i] = !passed(i);
			heap = heap | bit(i);
			if
			:: expires[i] -> arm()
			:: else
			fi
		};
		if
		:: !expires[i] -> judgeDue(); judged[i]; atomic { pending[i] = pending[i] | DEAD }
		:: expires[i] && i == 0 -> linked = true
		:: else
		fi;
		release(i)
	fi
}
bool linked;

active proctype declarer() {
	byte x;
	bool r, q;
	atomic {
		if
		:: goesOn = true
		:: true
		fi;
		at[0] = 1;
		how[0] = (hasNode(0) -> 0 : SKIPPED);
		how[1] = (hasNode(1) -> 0 : SKIPPED);
		if
		:: at[1] = 1
		:: at[1] = 2
		fi
	};
	if
	:: hasNode(0) -> declare(0, 1)
	:: else
	fi;
	if
	:: hasNode(1) -> declare(1, 0)
	:: else
	fi
}

/* The dependency of node 0 */
active proctype dep() {
	byte x;
	bool r, q, fails;
end:	hasNode(0);
	if
	:: true
	:: true -> how[0] != 0
#ifdef PEND
	:: fails = true
#endif
	fi;
	atomic { q = linked; linked = false };
	if
	:: q && fails ->	/* missed */
		atomic {
			q = false;
			r = ((pending[0] & DEAD) == 0 && (pending[0] & HOLD) == 0);
			pending[0] = pending[0] | DEAD
		};
		if
		:: r -> r = false; skip_(0)
		:: else
		fi
	:: q && !fails ->
		atomic { q = false; pending[0]--; r = (pending[0] == 0) };
		if
		:: r -> r = false; pushed[0] = true
		:: else
		fi
	:: else
	fi;
	ended++
}

/* The task that has the slot */
active proctype holder() {
end:	hasNode(1);
	if
#ifdef QUEUE
	:: true
#endif
	:: true -> how[1] != 0
	fi;
	give();
	ended++
}

#if defined(PEND) || defined(QUEUE)
/* A task that may end the group */
active proctype ends() {
	byte x;
	bool r, q;
	if
	:: true
#ifdef PARENT
	:: parent = true;
		atomic { r = !ending; ending = true }	/* parentWatch */
#else
	:: atomic { !ending -> ending = true; r = true }
#endif
	fi;
	if
	:: r -> r = false; endQueue(); canceled = true
	:: else
	fi;
	ended++
}
#endif

/* Group.finish and endDues */
active proctype finish() {
	ended == ALL && alive == 0;
	atomic { disarm() };
	calls == 0;
	atomic {
		over = true;
		assert(heap == 0 && !queued && !timer && how[0] != 0 && how[1] != 0);
		assert(!failed[0] || how[0] == LATE);
		assert(!failed[1] || how[1] == LATE);
		assert(!ending || canceled)
	}
}
