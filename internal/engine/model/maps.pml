/*
 * maps.pml: the queue at the limit of a Map in a group that has none itself, against
 * the end of the group (queued.go, admit.go, limit.go). Where the group has a limit,
 * one mutex guards the queues of both, and who ends the group has it: see limit.pml.
 *
 * The limit has one slot, and a body that has it may keep it for ever once the group
 * has ended. Three elements are admitted by three goroutines.
 *
 * Checked: who ends the group leaves nobody in the queue; a group that goes on keeps
 * no limit in its list that has no queue; each element runs or is skipped, once; the
 * slot is one; everything ends.
 *
 * check:
 * check: -DCANCEL
 * break: BREAK_LIST -DCANCEL
 * break: BREAK_UNLIST
 * break: BREAK_AGAIN -DCANCEL
 */
#define N	3
#define HELD	255	/* Limiter.word: contended */

#define NEW	0
#define QUEUED	1
#define RUNS	2
#define DONE	3
#define SKIPPED	4

byte word = 1;		/* Limiter.word: free slots */
bool mu;		/* of the ranks of the limit, its own top */
bool listed;		/* the limit is in ledger.limited; a step under the group's mu */
bool unlisted = true;	/* queue.unlisted */
byte state[N];
byte valid;		/* queue.valid */
byte holders;
bool ending;		/* Group.ending */

#define lock()		atomic { !mu -> mu = true }
#define unlock()	mu = false

/* Limiter.calmLocked and queue.unlistIfEmpty */
inline left() {
	valid--;
	if
	:: valid == 0 ->
		word = 0;
#ifndef BREAK_AGAIN
		unlisted = true;
#endif
		listed = false
	:: else
	fi
}

/* Group.mayQueueLocked: go is whether the group goes on. */
inline mayQueue() {
#ifdef BREAK_LIST
	go = !ending;
#endif
	if
	:: unlisted -> listed = true; unlisted = false
	:: else
	fi;
#ifndef BREAK_LIST
	go = !ending
#endif
}

/* Group.admitAt and Limiter.climbLocked */
inline admit(i) {
	lock();
	mayQueue();
	if
	:: !go -> unlock(); state[i] = SKIPPED
	:: else ->
		if
		:: atomic { word != HELD && word > 0 -> word--; state[i] = RUNS; holders++ };
#ifndef BREAK_UNLIST
			if
			:: listed && valid == 0 -> listed = false; unlisted = true
			:: else
			fi
#endif
		:: atomic { word == 0 -> word = HELD }; state[i] = QUEUED; valid++
		:: atomic { word == HELD -> state[i] = QUEUED }; valid++
		fi;
		unlock()
	fi
}

/* Node.vacate and Limiter.giveLocked */
inline vacate() {
	holders--;
	if
	:: atomic { word != HELD -> word++ }
	:: atomic { word == HELD };
		lock();
		if
		:: word != HELD -> word++
		:: else ->
			assert(valid > 0);
			holders++;
			if
			:: state[0] == QUEUED -> state[0] = RUNS
			:: state[1] == QUEUED -> state[1] = RUNS
			:: state[2] == QUEUED -> state[2] = RUNS
			fi;
			left()
		fi;
		unlock()
	fi
}

proctype element(byte i) {
	bool go;
	/* Group.admitNode */
	if
	:: atomic { word != HELD && word > 0 -> word--; state[i] = RUNS; holders++ }
	:: word == 0 || word == HELD -> admit(i)
	fi;
	state[i] != QUEUED;
	if
	:: state[i] == RUNS ->
		assert(holders == 1);
		if
		:: true -> state[i] = DONE; vacate()
		:: ending	/* and keeps the slot */
		fi
	:: else -> assert(state[i] == SKIPPED)
	fi
}

/* Group.skipAllQueued */
proctype ender() {
	byte i;
	bool there;
	ending = true;
	there = listed;		/* Group.allLimited */
	if
	:: there ->
		lock();
		for (i : 0 .. N - 1) {
			if
			:: state[i] == QUEUED -> state[i] = SKIPPED; left()
			:: else
			fi
		}
		unlock()
	:: else
	fi
}

init {
	atomic {
		run element(0);
		run element(1);
		run element(2);
#ifdef CANCEL
		run ender();
#endif
	}
	_nr_pr == 1;
	assert(valid == 0);
	assert(ending || word == 1 && !listed)
}
