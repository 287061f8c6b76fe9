/*
 * shared.pml: bodies that have a shared limit besides the one of their group
 * (shared.go, branch.go, sharing.go, and giveAllLocked of limit.go).
 *
 * S is a Shared and T the limit of a group, both of one slot. Bodies 0 and 1
 * are of that group and have S, body 2 is of the group and has none, body 3 is of
 * another group without a limit and has S. Body 0 waits once (it gives its slots and
 * goes on later), and with CANCEL the group of 0 to 2 ends at any time.
 *
 * The branch of T is the one around 0 and 1; body 3 is in the root. Each critical
 * section is one step, as all it looks at is under the mutexes that it has: that
 * of S, and inside of it that of T. Steps apart are: what a slot of T that is on
 * its way to the branch (a pass) is received in, the store of the group's end, and
 * the look at those of the group who wait.
 *
 * A limit around T is not there. That a branch waits at it, so that who has no S gives
 * T by way of S, may be at any time when somebody waits for T.
 *
 * Left out: who comes first. The root takes the branch or body 3, and T its stub or
 * body 2, freely: the order is in the random graphs.
 *
 * Checked: never more bodies than slots; who waits holds nothing; when the mutex of
 * S is free, no slot is idle of which somebody could make use, but for one on its
 * way; in the end all slots are free, nobody waits, each body has ended or was
 * skipped, once.
 *
 * check:
 * check: -DCANCEL
 * break: BREAK_HOLD
 * break: BREAK_STUB
 * break: BREAK_PASS
 * break: BREAK_ALONE
 * break: BREAK_SERVE
 * break: BREAK_BLOCK
 * break: BREAK_NOTE -DCANCEL
 * break: BREAK_BACK -DCANCEL
 */
#define BODIES	4

mtype = { none, place, plain, runs, waits };

mtype st[BODIES] = none;	/* place: it waits at S; plain: in the queue of T */
bool goesOn[BODIES];
bool bare[BODIES];
byte fate[BODIES];		/* how often it has ended or was skipped */

byte freeS = 1, freeT = 1;
bool blocked;			/* branch.blocked */
bool stub;			/* the stub is in the queue of T: Node.queueMark */
byte passes;			/* slots of T on their way to the branch */
bool end;			/* Group.ending */
bool noted[BODIES];		/* in the list of the group */
bool cleared;			/* who ends the group has taken that list */

#define ofGroup(n)	((n) != 3)
#define under(n)	((n) < 2)	/* has S and T */
#define inBranch	(st[0] == place || st[1] == place)
#define contended	(stub || st[2] == plain)
#define hasT		(freeT > 0 && !contended)
#define open		(st[3] == place || inBranch && !blocked)

/* What holds whenever no mutex is locked: 18 and 35. */
inline check()
{
	assert(freeS == 0 || !open);
	assert(!blocked || !inBranch || stub || passes > 0);
	assert(!contended || freeT == 0);
	assert(!(end && cleared) || !noted[0] && !noted[1])
}

/* Limiter.giveLocked, after Limiter.give: to who waits there, of whom the stub gets a
 * pass, or it becomes free. */
inline giveT()
{
	if
	:: stub -> stub = false; got = true
	:: st[2] == plain -> st[2] = runs
	:: !contended -> freeT++
	fi
}

/* branch.arrive: it has a slot of T in hand. */
inline takePass()
{
	got = false;
	blocked = false;
	stub = false;
	hand = true
}

/* Shared.serveLocked. What the branch has in hand and no use for is given back. */
inline serve()
{
	do
	:: freeS == 0 || !open -> break
	:: freeS > 0 && st[3] == place -> freeS--; st[3] = runs
	:: freeS > 0 && inBranch && !blocked ->
		if
		:: hand || hasT ->
			if
			:: hand -> hand = false
			:: else -> freeT--
			fi;
			freeS--;
			if
			:: st[0] == place -> st[0] = runs; noted[0] = false
			:: st[1] == place -> st[1] = runs; noted[1] = false
			fi
		:: else ->	/* takeSlot */
			blocked = true;
#ifndef BREAK_STUB
			stub = true
#endif
		fi
	od;
	if
#ifndef BREAK_BACK
	:: hand -> hand = false; giveT()
#endif
	:: else
	fi;
	assert(!got)	/* the branch is at T only if it had none in hand */
}

/* Shared.giveOwnLocked. */
inline giveOwn()
{
	if
	:: inBranch && !blocked && !contended -> hand = true	/* offer */
	:: inBranch && !blocked && contended ->
		blocked = true; stub = true;
		giveT()
	:: !inBranch || blocked -> giveT()
	fi;
	if
	:: got -> takePass()
	:: else
	fi
}

/* Shared.giveLocked. */
inline give(n)
{
	if
	:: under(n) -> giveOwn()
	:: else
	fi;
	freeS++;
#ifndef BREAK_SERVE
	serve()
#endif
}

/* Shared.arriveLocked. */
inline arrive(n)
{
	if
	:: freeS > 0 && (!under(n) || hasT) ->
		freeS--;
		if
		:: under(n) -> freeT--
		:: else
		fi;
		st[n] = runs
#ifndef BREAK_NOTE
	:: !(freeS > 0 && (!under(n) || hasT)) && ofGroup(n) && end -> skipped = true	/* notePlace */
	:: !(freeS > 0 && (!under(n) || hasT)) && !(ofGroup(n) && end) ->
#else
	:: !(freeS > 0 && (!under(n) || hasT)) ->
#endif
		if
		:: freeS > 0 ->	/* blockFor */
#ifndef BREAK_BLOCK
			blocked = true; stub = true
#endif
		:: else
		fi;
#ifdef BREAK_HOLD
		if
		:: under(n) && hasT -> freeT--
		:: else
		fi;
#endif
		noted[n] = ofGroup(n);
		st[n] = place
	fi
}

proctype body(byte n)
{
	bool hand, got, skipped;

	/* admitShared */
	atomic { arrive(n); check() }
	if
	:: skipped -> fate[n]++; goto over
	:: else
	fi;
	if
	:: st[n] == runs
	:: fate[n] > 0 -> goto over
	fi;
	if
	:: n == 0 ->
		/* giveSlots, takeSlots */
		atomic { st[n] = waits; give(n); check() }
		atomic {
			if
			:: end -> bare[n] = true; st[n] = runs
			:: else ->
				goesOn[n] = true;
				arrive(n);
				if
				:: skipped -> bare[n] = true; st[n] = runs
				:: else
				fi
			fi;
			check()
		}
		st[n] == runs
	:: else
	fi;
	/* vacate */
	atomic {
		st[n] = none;
		if
		:: bare[n]
		:: else -> give(n)
		fi;
		fate[n]++;
		check()
	}
over:	skip
}

/* A body of the group without S. */
proctype other()
{
	bool hand, got, alone;

	atomic {	/* take, or admitAt */
		if
		:: hasT -> freeT--; st[2] = runs
		:: !hasT && end -> fate[2]++
		:: !hasT && !end -> st[2] = plain
		fi;
		check()
	}
	if
	:: st[2] == runs
	:: fate[2] > 0 -> goto over
	fi;
	atomic {	/* vacate */
		st[2] = none;
		if
		:: giveT()
		:: contended -> alone = true	/* branchAround */
		fi;
		if
		:: got -> passes++
		:: else
		fi;
		check()
	}
	if
#ifndef BREAK_ALONE
	:: alone -> atomic { giveOwn(); serve(); check() }
#else
	:: alone
#endif
	:: !alone && got ->
#ifndef BREAK_PASS
		atomic { passes--; takePass(); serve(); check() }	/* Shared.receive */
#else
		passes--
#endif
	:: else
	fi;
	fate[2]++;
over:	skip
}

#define leave(n) \
	atomic { \
		if \
		:: mine[n] && st[n] == place -> \
			noted[n] = false; \
			if \
			:: goesOn[n] -> bare[n] = true; st[n] = runs \
			:: else -> st[n] = none; fate[n]++ \
			fi; \
			unblock(); \
			check() \
		:: else \
		fi \
	}

/* leaveLocked, when nobody is left in the branch. */
inline unblock()
{
	if
	:: inBranch
	:: else ->
		blocked = false; stub = false
	fi
}

/* cancel and skipAllQueued: first what is in the queue of T, then the list. */
proctype canceler()
{
	bool mine[2];

	end = true;
	atomic {
		if
		:: st[2] == plain -> st[2] = none; fate[2]++
		:: else
		fi
	}
	atomic {	/* clearPlaces */
		mine[0] = noted[0]; mine[1] = noted[1];
		noted[0] = false; noted[1] = false;
		cleared = true
	}
	leave(0);
	leave(1)
}

init {
	atomic {
		run body(0); run body(1); run body(3); run other();
#ifdef CANCEL
		run canceler()
#endif
	}
	_nr_pr == 1;
	assert(fate[0] == 1 && fate[1] == 1 && fate[2] == 1 && fate[3] == 1);
	assert(freeS == 1 && freeT == 1 && passes == 0);
	assert(!stub && !blocked)
}
