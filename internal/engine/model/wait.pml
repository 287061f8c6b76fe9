/*
 * wait.pml: the goroutines of a body that wait, and all who may end a wait: its
 * target, the end of the body's group, and whoever cuts it (wait.go, waiter.go,
 * park.go, hub.go, join.go, slot.go).
 *
 * The main goroutine of a body waits for task 1, then for task 2, then for a
 * nested group, also when its own group was canceled meanwhile. Whoever finds the
 * first record of waits free has it, and its edge is in the task's list itself;
 * the others sit at the task's hub. A canceller may come at any time, or never;
 * when it comes the tasks may take longer than the body. With REFUSE a wait for a
 * task may be refused. With SECOND the main goroutine does not wait for task 2,
 * but a second one for task 1. With QUEUE, besides, the body waits for no group,
 * and may find no free slot and queue when it goes on. With CUT, besides, somebody
 * may cut a wait that is not in the first record as soon as he sees it: as one
 * that can never end, or because its own context has ended. With BEHIND the second
 * goroutine waits for a task of another group, which takes longer, and the body
 * leaves it behind: it may begin when the body has ended, and while the group
 * finishes.
 *
 * Checked: each wait is ended and woken once, and not before its goroutine may
 * sleep; an edge is linked only when it is in no list and nobody is about to
 * tell it; a wait is over only when its target is, or its group, or when it was
 * cut; nobody stays in a list; a body that goes on has its slot, unless it was
 * canceled, and gives it back once.
 *
 * check: -DREFUSE
 * check: -DSECOND -DQUEUE
 * check: -DSECOND -DCUT
 * check: -DBEHIND
 * break: BREAK_OVER
 * break: BREAK_ARM -DSECOND -DCUT
 * break: BREAK_LOOK
 * break: BREAK_CANCEL
 * break: BREAK_TOLD
 * break: BREAK_UNPARK
 * break: BREAK_REFUSED -DREFUSE
 * break: BREAK_CLEAR
 * break: BREAK_LEAVE -DSECOND -DCUT
 * break: BREAK_EARLY -DSECOND
 * break: BREAK_QUEUED -DSECOND -DQUEUE
 * break: BREAK_SKIP -DSECOND -DQUEUE
 * break: BREAK_DONE -DBEHIND
 * break: BREAK_FINISHED -DBEHIND
 */
#define bit(x)	(1 << (x))

/* Records of waits: the first one, which is used again, and fresh ones, which are not. */
#define FIRST	0
#define RECORDS	5	/* the fresh ones: 1, 3, 4 of the main goroutine, 2 of the second */
#define NOBODY	RECORDS

/* How a wait ended */
#define TARGET	1	/* nil */
#define GROUP	2	/* nil as well */
#define CYCLE	3	/* cycleCut, or of its own context */

bool made;		/* there is a waiter */
bool used;		/* waiter.used */
bool over[RECORDS];	/* wait.ended */
byte how[RECORDS];	/* wait.how */
byte wg[RECORDS];	/* wait.woken, or wokenChan: how often it is to be woken */
byte opened;		/* waiter.waits: a set of records */
byte parked;		/* Group.parked, likewise */

/* claim, under the mu of the top limiter */
short waits;
byte queued = NOBODY;
bool bare;

/* Tasks 1 and 2 */
#define EDGE	1	/* of the first record */
#define HUB	2
byte list[3];		/* Node.list: edges */
bool closed[3];
byte seated[3];		/* the hub's waits: a set of records */

bool end;		/* Group.ending */
bool finished;		/* Group.over */
bool done;		/* the body's node is done */
bool sealed;		/* the nested group: everything has ended, and nothing is declared */
byte joins;		/* its ledger.joins, a set of records */

#ifdef SECOND
#define TASKS	1
#else
#define TASKS	2
#endif

/* _pid of the process of task 1, less 1 */
#if defined(QUEUE)
#define BEFORE	3
#elif defined(SECOND) || defined(BEHIND)
#define BEFORE	2
#else
#define BEFORE	1
#endif

/* What only the model knows. */
bool held = true;	/* the body has its slot */
byte edges;		/* lists that the first record's edge is in, or is about to be told from */
bool comes;		/* the canceller */
bool gone;		/* the second goroutine has ended */

/* wait.wake */
#define wakeUp(w)	assert(wg[w] > 0); wg[w]--

/* Node.giveSlots */
inline giveSlots() {
	atomic {
		if
#ifndef BREAK_DONE
		:: done	/* a goroutine that the body has left behind holds no slot */
#endif
		:: else ->
			waits++;
			if
			:: waits == 1 && queued != NOBODY ->	/* claim.dropLocked */
#ifndef BREAK_QUEUED
				wakeUp(queued); queued = NOBODY
#endif
			:: waits == 1 && queued == NOBODY && !bare -> assert(held); held = false
			:: else
			fi
		fi
	}
}

/* Node.takeSlots, and wakeUp if it reports true */
inline takeSlots(w) {
	if
	:: done -> wakeUp(w)
#ifdef BREAK_EARLY
	:: !done && waits == 0 -> wakeUp(w)	/* who has not given takes nothing */
	:: !done && waits != 0 ->
#else
	:: else ->
#endif
		waits--;
		if
		:: waits != 0 || bare -> wakeUp(w)
		:: waits == 0 && !bare && end -> bare = true; wakeUp(w)
		:: waits == 0 && !bare && !end -> held = true; wakeUp(w)
#ifdef QUEUE
		:: waits == 0 && !bare && !end -> assert(queued == NOBODY); queued = w
#endif
		fi
	fi
}

/* wait.end */
inline endWait(w, why) {
#ifdef BREAK_OVER
	ok = !over[w];	/* a load and a store */
	atomic { if :: ok -> over[w] = true :: else fi };
#else
	atomic { ok = !over[w]; over[w] = true };
#endif
	if
	:: ok ->
		atomic {
			how[w] = why;
			ok = false;
			takeSlots(w)
		}
	:: else
	fi
}

/* Group.park of record w: it sets ok if the group goes on. */
inline park(w) {
	atomic {
#ifdef BREAK_LOOK
		ok = (ok && !finished);	/* has looked before it is in the list */
#elif defined(BREAK_FINISHED)
		ok = !end;
#else
		ok = (!end && !finished);
#endif
		if
		:: ok -> parked = parked | bit(w)
		:: else
		fi
	}
}

/* waiter.useFirst, or else a fresh record */
inline useFirst(fresh) {
	atomic {
		made = true;	/* Node.makeWaiter */
		if
		:: !used -> used = true; w = FIRST
		:: else -> w = fresh
		fi;
		over[w] = false	/* nobody has the record */
	}
}

/* Node.begin, sleep and conclude. It sets cut when the wait was cut short. */
inline await(n, fresh) {
	if
	:: closed[n]
	:: !closed[n] && end -> cut = true
	:: !closed[n] && !end ->
#ifdef BEHIND
		if	/* a task of another group */
		:: n == 2 -> atomic { made = true; w = fresh }
		:: else -> useFirst(fresh)
		fi;
#else
		useFirst(fresh);
#endif
#ifdef BREAK_LOOK
		ok = !end;
#endif
#ifndef BREAK_ARM
		wg[w]++;
#endif
		opened = opened | bit(w);	/* wait.announce */
		park(w);
		if
		:: !ok -> endWait(w, GROUP)
		:: else -> ok = false
		fi;
#ifdef BREAK_ARM
		wg[w]++;	/* when others may have seen it */
#endif
		atomic {
			if
			:: w == FIRST ->	/* Node.link */
				assert(edges == 0);
				ok = !closed[n];
				if
				:: ok -> list[n] = list[n] | EDGE; edges++
				:: else
				fi
			:: else ->	/* Group.addToHub */
				ok = !closed[n] || (list[n] & HUB) != 0;
				if
				:: ok -> list[n] = list[n] | HUB; seated[n] = seated[n] | bit(w)
				:: else
				fi
			fi
		};
		if
		:: ok -> ok = false
		:: else -> endWait(w, TARGET)
		fi;
#ifdef REFUSE
		if	/* wait.refused: the walk is in cycle.pml */
		:: true
		:: w == FIRST ->
			atomic { ok = !over[w]; over[w] = true };
			if
			:: ok ->
				atomic { parked = parked & ~bit(w); opened = opened & ~bit(w) };
				wg[w]--;
				atomic {
					ok = false;
#ifdef BREAK_REFUSED
					used = false;	/* though its edge stays in the list */
#endif
					how[w] = 0;
					w = NOBODY
				}
			:: else
			fi
		fi;
#endif
		if
		:: w == NOBODY -> w = 0
		:: w != NOBODY ->
		giveSlots();
		wg[w] == 0;
		assert(over[w]);
#ifdef BREAK_UNPARK
		ok = (!end && !finished);	/* looks before it is out of the list */
#endif
		/* wait.conclude: withdraw */
		atomic {
			parked = parked & ~bit(w);	/* Group.unpark */
			opened = opened & ~bit(w)	/* waiter.shut */
		};
#ifndef BREAK_LEAVE
		seated[n] = seated[n] & ~bit(w);	/* Group.removeFromHub */
#endif
		assert((seated[n] & bit(w)) == 0);
		assert(closed[n] || how[w] == CYCLE || how[w] == GROUP && (end || finished));
		if
		:: closed[n] && w == FIRST ->
#if defined(BREAK_TOLD)
			used = false	/* though there may be two who want to end it */
#elif defined(BREAK_UNPARK)
			if
			:: ok -> ok = false; used = false
			:: else
			fi
#else
			if
			:: !end -> if :: !finished -> used = false :: else fi
			:: else
			fi
#endif
		:: else -> cut = !closed[n]
		fi;
		atomic { how[w] = 0; w = 0; ok = false }	/* nobody looks at them any more */
		fi
	fi
}

/* Group.beginJoin and concludeJoin */
inline join(fresh) {
	useFirst(fresh);
	wg[w]++;
	atomic {
		ok = !sealed;
		if
		:: ok -> joins = joins | bit(w)
		:: else -> wg[w]--
		fi
	};
	if
	:: ok ->
		ok = false;
		opened = opened | bit(w);
		giveSlots();
		wg[w] == 0;
		assert(sealed && over[w]);
		opened = opened & ~bit(w)
	:: else
	fi;
	atomic {
		if
		:: w == FIRST -> used = false
		:: else
		fi;
		how[w] = 0; w = 0
	}
}

/* When everything else has ended */
active proctype ending() {
	atomic {
#ifdef QUEUE
		_nr_pr == 2;
#else
		_nr_pr == 1;
#endif
		assert(parked == 0 && opened == 0 && joins == 0 && queued == NOBODY);
		assert(seated[1] == 0 && seated[2] == 0 && edges == 0);
		assert(wg[0] == 0 && wg[1] == 0 && wg[2] == 0 && wg[3] == 0 && wg[4] == 0)
	}
}

#ifdef QUEUE
/* Who gives a slot back, once the group has not ended */
active proctype granter() {
endless:
	do
	:: atomic { queued != NOBODY && !end -> held = true; wakeUp(queued); queued = NOBODY }
	od
}
#endif

/* The body, and the end of its node */
active proctype body() {
	bool ok, cut;
	byte w;
#ifdef BEHIND
	if
	:: true -> goto behind
	:: true
	fi;
#endif
	await(1, 1);
#if !defined(SECOND) && !defined(BEHIND)
	if
	:: !cut -> await(2, 3)
	:: else
	fi;
#endif
	cut = false;
#ifndef QUEUE
	join(4);
#endif
behind:
#ifdef SECOND
	gone;	/* it joins the other goroutine */
#endif
#ifndef BEHIND
	assert(waits == 0 && queued == NOBODY);
	assert(held || bare || end);
#endif
	done = true;
	atomic {	/* Node.vacate */
		ok = false;
		if
		:: !made -> held = false; goto vacated
		:: made
		fi;
		assert(held == (waits <= 0 && !bare && queued == NOBODY));
		bare = true;
		held = false;
		if
		:: queued != NOBODY -> wakeUp(queued); queued = NOBODY
		:: else
		fi
	};
vacated:
	skip
}

#if defined(SECOND) || defined(BEHIND)
active proctype second() {
	bool ok, cut;
	byte w;
#ifdef BEHIND
	if
	:: done	/* nodeOf: it is nobody's any more */
	:: !done -> await(2, 2)
	fi;
#else
	await(1, 2);
#endif
	atomic { gone = true; cut = false }
}
#endif

/* settling.publish of tasks 1 and 2 */
active [TASKS] proctype publish() {
	byte todo, w;
	byte n = _pid - BEFORE;
	bool ok;
	/* The task's body */
	if
#ifdef BEHIND
	:: n == 1
	:: gone
#else
	:: true
	:: comes -> done
#endif
	fi;
	/* Swap(&closed) */
	atomic { todo = list[n]; list[n] = list[n] & HUB; closed[n] = true };
	if
	:: (todo & EDGE) != 0 ->
#ifdef BREAK_CLEAR
		endWait(FIRST, TARGET);
		edges--		/* clears it when its owner may use it again */
#else
		edges--;	/* Edge.detach */
		endWait(FIRST, TARGET)	/* Node.tell */
#endif
	:: else
	fi;
	if
	:: (todo & HUB) != 0 ->
		/* hub.fire */
		atomic { todo = seated[n]; seated[n] = 0; list[n] = 0; w = 0 };
		do
		:: w < RECORDS && (todo & bit(w)) != 0 -> endWait(w, TARGET); w++
		:: atomic { w < RECORDS && (todo & bit(w)) == 0 -> w++ }
		:: atomic { w == RECORDS -> w = 0; todo = 0; break }
		od
	:: else -> todo = 0
	fi
}

/* The end of the nested group's last task, and Group.endJoins */
#ifndef QUEUE
active proctype endJoins() {
	byte todo, w;
	bool ok;
	sealed = true;
	atomic { todo = joins; joins = 0 };
	do
	:: w < RECORDS && (todo & bit(w)) != 0 -> endWait(w, TARGET); w++
	:: atomic { w < RECORDS && (todo & bit(w)) == 0 -> w++ }
	:: atomic { w == RECORDS -> w = 0; todo = 0; break }
	od
}

#endif

/* Group.endParked: it copies the list, and ends those in it without the mutex. */
inline endParked() {
	atomic { todo = parked; w = 0 };
	do
	:: w < RECORDS && (todo & bit(w)) != 0 -> endWait(w, GROUP); w++
	:: atomic { w < RECORDS && (todo & bit(w)) == 0 -> w++ }
	:: atomic { w == RECORDS -> w = 0; todo = 0; break }
	od
}

/* Group.cancel, or never */
#ifndef CUT
active proctype cancel() {
	byte todo, w;
	bool ok;
	if
	:: true -> goto none
	:: comes = true
	fi;
#ifdef BREAK_CANCEL
	endParked();	/* before it has said so */
	end = true;
#else
	end = true;
	endParked();
#endif
	atomic {	/* Group.skipAllQueued */
		if
#ifdef BREAK_SKIP
		:: true	/* leaves it to who gives slots back, which may be never */
#else
		:: queued != NOBODY -> bare = true; wakeUp(queued); queued = NOBODY
#endif
		:: else
		fi
	};
none:
	skip
}
#endif

#ifdef BEHIND
/* Group.finish */
active proctype finish() {
	byte todo, w;
	bool ok;
	done && closed[1] && sealed;
	finished = true;
	endParked()
}
#endif

#ifdef CUT
/* Node.cutIfStuck, or the end of the wait's own context: it reads the list once. */
active proctype cutter() {
	byte w;
	bool ok;
	if
	:: atomic { (opened & bit(1)) != 0 -> w = 1 }
	:: atomic { (opened & bit(2)) != 0 -> w = 2 }
	:: atomic { (opened & bit(3)) != 0 -> w = 3 }
	:: true -> goto none
	fi;
	endWait(w, CYCLE);
	w = 0;
none:
	skip
}
#endif
