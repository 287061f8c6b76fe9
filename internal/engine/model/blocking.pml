/*
 * blocking.pml: a body in Blocking calls against the group's cancel (blocking.go,
 * slot.go, queued.go). One slot. Body 0 makes a Blocking call on each of two
 * goroutines, body 1 one, and body 2 only wants to run; the group may be canceled
 * at any time.
 *
 * Checked: no two bodies hold the slot; a body computes with the slot, or bare,
 * which is after the end; nobody queues once the canceller has taken the queue; in the
 * end the slot is free and nobody is queued;
 * everything ends.
 *
 * check:
 * break: BREAK_COUNT
 * break: BREAK_END
 * break: BREAK_BARE
 */
#define BODIES	3
#define GOES	2	/* goroutines of body 0 that block */

bool mu;
bool end;		/* stored before the canceller takes the queue */
byte free = 0;		/* slots; body 0 has the first */
byte waiting[BODIES];	/* claim */
bool queued[BODIES];
bool bare[BODIES];
bool starts;		/* body 2 is queued to start, */
bool started, skipped;	/* and its end */
bool done[BODIES];
bool woken[BODIES];	/* of who was queued to go on */
byte holding = 1;	/* what only the model knows */
byte joined;
bool swept;		/* the canceller has taken the queue */

inline lock() { atomic { !mu -> mu = true } }
inline unlock() { mu = false }

/* Limiter.giveLocked: who goes on first. */
inline give() {
	holding--;
	if
	:: queued[0] -> queued[0] = false; holding++; woken[0] = true
	:: else ->
		if
		:: queued[1] -> queued[1] = false; holding++; woken[1] = true
		:: else ->
			if
			:: starts -> starts = false; holding++; started = true
			:: else -> free++
			fi
		fi
	fi
}

/* giveSlots */
inline begin(b) {
	lock();
	if
	:: done[b] -> skip
	:: else ->
		waiting[b]++;
#ifdef BREAK_COUNT
		if
		:: !bare[b] -> give()
#else
		if
		:: waiting[b] == 1 && queued[b] ->	/* dropLocked: its goroutine goes on without */
			queued[b] = false; woken[b] = true
		:: waiting[b] == 1 && !queued[b] && !bare[b] -> give()
#endif
		:: else
		fi
	fi;
	assert(holding <= 1);
	unlock()
}

/* takeSlots, and the wait for the slot */
inline conclude(b) {
	sleeps = false;
	lock();
	if
	:: done[b] -> skip
	:: else ->
		waiting[b]--;
		if
		:: waiting[b] != 0 || bare[b] -> skip
#ifndef BREAK_END
		:: waiting[b] == 0 && !bare[b] && end -> bare[b] = true
#endif
		:: else ->
			if
			:: free > 0 -> free--; holding++
			:: else -> assert(!swept); woken[b] = false; queued[b] = true; sleeps = true
			fi
		fi
	fi;
	assert(holding <= 1);
	unlock();
	if
	:: sleeps -> woken[b]
	:: else
	fi
}

/* vacate */
inline vacate(b) {
	lock();
	done[b] = true;
	if
	:: waiting[b] == 0 && !bare[b] && !queued[b] -> give()
	:: else
	fi;
	bare[b] = true;
	assert(holding <= 1);
	unlock()
}

proctype Goes() {
	bool sleeps;
	begin(0); conclude(0);
	joined++
}

active proctype Body0() {
	run Goes(); run Goes();
	joined == GOES;
	assert(holding == 1 || bare[0]);	/* it computes */
	vacate(0)
}

active proctype Body1() {
	bool sleeps;
	/* it starts when the slot is free for it, as one that goes on does */
	lock();
	waiting[1] = 1;
	unlock();
	conclude(1);
	begin(1); conclude(1);
	assert(holding == 1 || bare[1]);
	vacate(1)
}

active proctype Body2() {
	lock();
	if
	:: end -> skipped = true
	:: !end && free > 0 -> free--; holding++; started = true
	:: else -> starts = true
	fi;
	unlock();
	started || skipped;
	if
	:: started -> vacate(2)
	:: else
	fi
}

active proctype Cancel() {
	if
	:: true ->
		end = true;
		lock();
#ifdef BREAK_BARE
		if :: queued[0] -> queued[0] = false; woken[0] = true :: else fi;
		if :: queued[1] -> queued[1] = false; woken[1] = true :: else fi;
#else
		if :: queued[0] -> queued[0] = false; bare[0] = true; woken[0] = true :: else fi;
		if :: queued[1] -> queued[1] = false; bare[1] = true; woken[1] = true :: else fi;
#endif
		if :: starts -> starts = false; skipped = true :: else fi;
		swept = true;
		unlock()
	:: true
	fi
}

active proctype Watch() {
	timeout ->
	assert(done[0] && done[1] && (done[2] || skipped));
	assert(free == 1 && holding == 0 && !queued[0] && !queued[1] && !starts)
}
