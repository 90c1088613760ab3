/* How a posting is made exactly once (docs/posting.md), as a model that spin searches through. models/README.md reads it.

   Each `atomic` below is one transaction of the product, one event at Conta Azul, or one press of a button; between
   any two of them anything else may happen. One tick of the clock is an abstract while. */

#include "switches.pml"

#define CALL 1                        /* ticks; a call takes half of a claim */
#define CLAIM 2
#define LAG 1                         /* until a new entry surely shows */
#define SPAN 3                        /* > CALL + LAG: that is the point of it */
#define LOOK_FOR 4

#define NONE 0
#define QUEUED 1
#define SENDING 2
#define POSTED 3
#define REFUSED 4
#define UNKNOWN 5
#define UNDECIDED 6
#define CANCELLED 7

/* The table of posting/models.py; tests/unit/test_model.py holds the two side by side. */
#define FROM_NONE(to)      ((to) == QUEUED)
#define FROM_QUEUED(to)    ((to) == SENDING || (to) == POSTED || (to) == UNKNOWN || (to) == CANCELLED)
#define FROM_SENDING(to)   ((to) == POSTED || (to) == QUEUED || (to) == REFUSED || (to) == UNKNOWN)
#define FROM_UNKNOWN(to)   ((to) == POSTED || (to) == QUEUED || (to) == UNDECIDED)
#define FROM_UNDECIDED(to) ((to) == POSTED || (to) == QUEUED || (to) == UNKNOWN || (to) == CANCELLED)
#define FROM_REFUSED(to)   ((to) == QUEUED || (to) == POSTED || (to) == UNKNOWN || (to) == CANCELLED)

#define ENDED(p) (state[p] == REFUSED || state[p] == CANCELLED)
#define ANY(what) (state[0] == what || state[REVISIONS - 1] == what)
#define LIVE(p)  (state[p] != NONE && !ENDED(p))

/* The entry, its revisions and their postings. Posting p is made from revision p. */
byte current = 0;
bool approved[REVISIONS];
byte state[REVISIONS];
byte claim[REVISIONS];                /* 1 + the worker */
byte claim_left[REVISIONS];
byte open_attempt[REVISIONS];         /* 1 + the worker whose create has no outcome yet */
byte age[REVISIONS];                  /* since sent_at; stands still at LOOK_FOR */
bool resent[REVISIONS];
bool surely_told[REVISIONS];          /* the last look reached every search, after the span: who asks is told the truth */
bool from_intent[REVISIONS];          /* the feed is read from the intent on, not from sent_at on (after a restore) */

bool connected = 1;                   /* else: a person must authorise again */
bool calm = 0;                        /* from now on nobody dies and nothing is turned away */
bool warned = 0;                      /* a person sent again, or gave up, what they were told might be there */
#if PROPERTY == ALONE
bool pressed = 0;                     /* a person sent again, gave up or changed anything */
#define PRESSED pressed = 1
#define EXCUSED pressed
#else
#define PRESSED skip
#define EXCUSED warned
#endif

/* Conta Azul's books: what stands there of this entry. */
#define BOOKS 2
byte count = 0;
byte owner[BOOKS];
byte shown[BOOKS];                    /* ticks since it landed; after LAG it surely shows */
byte hidden_by[BOOKS];                /* by an edit. 1: moved out of the window; 2: text gone; 3: both */
bool before_feed[BOOKS];              /* older than sent_at: the feed from there on does not have it */

/* Workers. */
#define IDLE 0
#define PREPARING 1
#define STARTED 2
#define WAITING 3
#define ANSWERED 4
byte at[WORKERS];
byte job[WORKERS];
byte answer[WORKERS];                 /* to the create: a state of the posting, or one of the two below */
#define NOT_SENT QUEUED
#define CONNECTION 8
bool flying[WORKERS];                 /* the bytes are on their way, whether or not the worker lives */
byte flight[WORKERS];                 /* ... which posting's */
byte send_left[WORKERS];              /* ticks in which they must leave and land */

/* Looks. */
#define BEGUN 1
#define READ_LISTS 2
#define READ_FEED 3
byte look_at[LOOKERS];
byte look_job[LOOKERS];
byte look_age[LOOKERS];
bool look_resent[LOOKERS];
bool look_failed[LOOKERS];
byte look_found[LOOKERS];             /* bit by bit: which of the books' entries */
bool look_stale[LOOKERS];             /* another create was started since it began */

byte i;                               /* only inside one atomic; always put back to 0 */

/* A story's lines, for `scripts/model NAME`. */
inline tell(p, to) {
  if
  :: to == QUEUED -> printf("        posting %d is queued\n", p)
  :: to == SENDING -> printf("        posting %d is claimed\n", p)
  :: to == POSTED -> printf("        posting %d is posted\n", p)
  :: to == REFUSED -> printf("        posting %d is refused\n", p)
  :: to == UNKNOWN -> printf("        posting %d is unknown\n", p)
  :: to == UNDECIDED -> printf("        posting %d is undecided\n", p)
  :: to == CANCELLED -> printf("        posting %d is cancelled\n", p)
  fi
}

inline move(p, to) {
  assert((state[p] == NONE && FROM_NONE(to)) || (state[p] == QUEUED && FROM_QUEUED(to))
    || (state[p] == SENDING && FROM_SENDING(to)) || (state[p] == UNKNOWN && FROM_UNKNOWN(to))
    || (state[p] == UNDECIDED && FROM_UNDECIDED(to)) || (state[p] == REFUSED && FROM_REFUSED(to)));
  tell(p, to); state[p] = to; claim[p] = 0; claim_left[p] = 0;
  if :: to != UNDECIDED -> surely_told[p] = 0 :: else fi;
  if
  :: to == POSTED || to == REFUSED || to == CANCELLED -> age[p] = 0
  :: else
  fi
}

inline mark_posted(p) {               /* from QUEUED too: a late answer to a create that was believed absent */
  if :: CHECKS(LOST) -> assert(count > 0) :: else fi;
  move(p, POSTED)
}

inline stand(p) {                     /* one more in the books */
  if :: CHECKS(TWO) || PROPERTY == ALONE -> assert(count < ALLOWED || EXCUSED) :: else fi;
  if
  :: count < BOOKS -> owner[count] = p; shown[count] = 0; hidden_by[count] = 0; before_feed[count] = 0; count++
  :: else
  fi
}

#define STANDS(p) ((count > 0 && owner[0] == p) || (count > 1 && owner[1] == p))
inline nothing_stands(p) { if :: CHECKS(LOST) -> assert(!STANDS(p) || warned) :: else fi }

inline witness(which, seen_now) { if :: WITNESS == which -> assert(!(seen_now)) :: else fi }

inline doubt(p) {                     /* unknown: to be looked for */
#if LOOK_BEFORE_RESEND
  move(p, UNKNOWN)
#else
  move(p, QUEUED)
#endif
}

/* ---- people who decide ---- */

inline intend(p) {
  if
#if ONE_LIVE_POSTING
  :: p == 1 && LIVE(0) -> 
     printf("the last decision can't save its intent: the entry has a live posting\n"); assert(!CHECKS(LOST))
#endif
  :: else -> move(p, QUEUED)
  fi
}

proctype Deciding() {
#if !APPROVED_FIRST
  intend(0);
#endif
  if
#if INTENT_WITH_APPROVAL
  :: atomic { approved[0] = 1; if :: state[0] == NONE -> intend(0) :: else fi }
#else
  :: approved[0] = 1; if :: atomic { intend(0) } :: !calm fi    /* or died between the two */
#endif
  :: skip                             /* rejected */
  fi
#if REVISIONS > 1
  ;
  atomic { ENDED(0) -> PRESSED; current = 1;                              /* alcada_entry_is_free */
    printf("the entry is changed and asked about anew\n") }
  if
  :: atomic { approved[1] = 1; intend(1) }
  :: skip
  fi
#endif
}

/* ---- a worker: claim, prepare, attempt, send, outcome ---- */

#define HOLDS(w)  (state[job[w]] == SENDING && claim[job[w]] == w + 1)
#if CLAIM_MARGIN
#define IN_TIME(w) (claim_left[job[w]] > CALL)
#else
#define IN_TIME(w) (claim_left[job[w]] > 0)
#endif
#if CLAIM_CHECKED
#define MAY_SEND(w) (HOLDS(w) && IN_TIME(w))
#else
#define MAY_SEND(w) true
#endif

inline rest(w) { at[w] = IDLE; job[w] = 0; answer[w] = 0; if :: !flying[w] -> send_left[w] = 0 :: else fi }

inline start_attempt(w) {
#if ATTEMPT_BEFORE_BYTES
  open_attempt[job[w]] = w + 1;
#endif
  age[job[w]] = 0; from_intent[job[w]] = 0; send_left[w] = CALL;
  before_feed[0] = (count > 0); before_feed[1] = (count > 1);
  for (i : 0 .. LOOKERS - 1) { if :: look_at[i] != IDLE -> look_stale[i] = 1 :: else fi }
  i = 0
}

inline finish_create(w) {
  if :: open_attempt[job[w]] == w + 1 -> open_attempt[job[w]] = 0 :: else fi;
  if
  :: answer[w] == POSTED ->           /* believed whenever it comes; beside another belief it is only told */
     if
     :: state[job[w]] == POSTED || ENDED(job[w])
     :: else ->
        witness(BELIEVED_LATE, !HOLDS(w)); witness(RESENT_AND_POSTED, resent[job[w]] && HOLDS(w));
        mark_posted(job[w])
     fi
  :: answer[w] != POSTED && HOLDS(w) ->
     if
     :: answer[w] == REFUSED ->
        nothing_stands(job[w]);
        move(job[w], REFUSED)
     :: answer[w] == UNKNOWN -> doubt(job[w])
     :: answer[w] == NOT_SENT -> move(job[w], QUEUED)
     :: answer[w] == CONNECTION -> move(job[w], QUEUED); connected = 0
     fi
  :: else
  fi
}

proctype Worker(byte w) {
  byte p;
  do
  :: atomic { at[w] == IDLE && !flying[w] && connected && ANY(QUEUED) ->
       if
       :: state[0] == QUEUED -> p = 0
       :: REVISIONS > 1 && state[REVISIONS - 1] == QUEUED -> p = REVISIONS - 1
       fi;
       move(p, SENDING); claim[p] = w + 1; claim_left[p] = CLAIM; job[w] = p; at[w] = PREPARING; p = 0 }
  :: atomic { at[w] == PREPARING ->
       if
       :: MAY_SEND(w) -> start_attempt(w); at[w] = STARTED; printf("worker %d: an attempt begins\n", w)
       :: !MAY_SEND(w) -> rest(w)                                         /* ClaimLostError */
       :: HOLDS(w) && !calm -> move(job[w], QUEUED); rest(w)              /* give back: later */
       :: HOLDS(w) -> move(job[w], REFUSED); rest(w)                      /* give back: a person */
       fi }
  :: atomic { at[w] == STARTED -> flying[w] = 1; flight[w] = job[w]; at[w] = WAITING;
       printf("worker %d: the bytes leave\n", w) }
  :: atomic { at[w] == STARTED && !calm ->                                /* the connection failed */
       answer[w] = NOT_SENT; at[w] = ANSWERED; printf("worker %d: no connection\n", w);
       if :: true :: !UNCONNECTED_MEANS_NOTHING_SENT -> flying[w] = 1; flight[w] = job[w] fi }
  :: atomic { at[w] == WAITING && answer[w] != 0 -> at[w] = ANSWERED; printf("worker %d: has the answer\n", w) }
  :: atomic { at[w] == WAITING && answer[w] == 0 -> answer[w] = UNKNOWN; at[w] = ANSWERED;   /* time-out, 5xx, cut */
       printf("worker %d: no clear answer\n", w) }
  :: atomic { at[w] == ANSWERED -> finish_create(w); rest(w) }
  :: atomic { at[w] != IDLE && !calm -> rest(w); printf("worker %d: dies\n", w) }                         /* killed */
  od
}

/* Every minute: the claim of a dead worker. No create begun under it: nothing can have arrived. */
proctype Sweep() {
  byte p;
  do
  :: atomic { CLAIMS_EXPIRE && state[0] == SENDING && claim_left[0] == 0 -> p = 0; 
       if
       :: open_attempt[p] != 0 -> open_attempt[p] = 0; doubt(p)
       :: else -> move(p, QUEUED)
       fi }
#if REVISIONS > 1
  :: atomic { CLAIMS_EXPIRE && state[1] == SENDING && claim_left[1] == 0 -> p = 1;
       if
       :: open_attempt[p] != 0 -> open_attempt[p] = 0; doubt(p)
       :: else -> move(p, QUEUED)
       fi; p = 0 }
#endif
  od
}

/* ---- Conta Azul ---- */

inline create(w) {
  printf("Conta Azul: creates it (%d before)\n", count);
  if :: CHECKS(UNAPPROVED) -> assert(approved[(FROZEN_COPY -> flight[w] : current)]) :: else fi;
  if :: CHECKS(LOST) -> assert(!ENDED(flight[w]) || warned) :: else fi;
  stand(flight[w])
}

inline land(w) {
  if                                  /* in one step: the effect and whether its answer arrives */
  :: create(w);
     if
     :: at[w] == WAITING && answer[w] == 0 -> 
        if
        :: answer[w] = POSTED
        :: true                       /* lost, cut, late, 5xx with effect */
        :: !REFUSAL_MEANS_NOTHING_CREATED -> answer[w] = REFUSED; printf("Conta Azul: and refuses\n")
        :: !TURNED_AWAY_MEANS_NOTHING_CREATED && !calm -> answer[w] = NOT_SENT; printf("Conta Azul: and says 429\n")
        fi
     :: else
     fi
  :: at[w] == WAITING && answer[w] == 0 ->
     if
     :: answer[w] = REFUSED; printf("Conta Azul: refuses\n")
     :: !calm -> answer[w] = NOT_SENT; printf("Conta Azul: 429\n")
     :: !calm -> answer[w] = CONNECTION; printf("Conta Azul: 401, or the plan's 403\n")
     :: !POSTED_NEEDS_AN_ID -> answer[w] = POSTED; printf("Conta Azul: a 2xx without an id, without effect\n")
     fi
  :: printf("Conta Azul: nothing arrives, or a 5xx without effect\n")
  fi;
  flying[w] = 0; flight[w] = 0;
  if :: at[w] == IDLE -> send_left[w] = 0 :: else fi
}

proctype ContaAzul() {
  do
  :: atomic { flying[0] -> land(0) }
#if WORKERS > 1
  :: atomic { flying[1] -> land(1) }
#endif
#if EDITS
  :: atomic { count > 0 && hidden_by[0] == 0 ->                           /* a person there edits it */
       before_feed[0] = 0; printf("a person at Conta Azul edits it\n");
       if
       :: hidden_by[0] = 1
       :: hidden_by[0] = 2
       :: !EDIT_LEAVES_A_TRACE -> hidden_by[0] = 3
       fi }
#endif
  od
}

/* ---- looking ---- */

#if LAG_BOUNDED
#define SHOWS(e) (shown[e] > LAG)
#else
#define SHOWS(e) false
#endif
#define MINE(l, e)     (count > e && owner[e] == look_job[l])
#define IN_LISTS(l, e) (MINE(l, e) && hidden_by[e] != 1 && hidden_by[e] != 3)
#define IN_FEED(l, e)  (MINE(l, e) && hidden_by[e] < 2 && (!before_feed[e] || from_intent[look_job[l]]))

inline seen(l, e, there, sure) {
  if
  :: there -> look_found[l] = look_found[l] | (1 << e)
  :: !(there) || !(sure)
  fi
}

inline leave(l) {
  look_at[l] = IDLE; look_job[l] = 0; look_age[l] = 0; look_resent[l] = 0; look_failed[l] = 0; look_found[l] = 0;
  look_stale[l] = 0
}

#define LONG_ENOUGH(l)  (look_age[l] >= SPAN || !ABSENCE_NEEDS_SPAN)
#define NEVER_BEFORE(l) (!look_resent[l] || !ABSENCE_ONCE)
#define ALL_SEARCHED(l) (!look_failed[l] || !ABSENCE_NEEDS_ALL_SEARCHES)
#define MAY_BELIEVE(l)  (LONG_ENOUGH(l) && NEVER_BEFORE(l) && ALL_SEARCHED(l))

inline judge(l) {
  printf("look %d: judges\n", l);
  if                                  /* judge_absence; whether there is enough evidence, only the account knows */
  :: MAY_BELIEVE(l) ->
     resent[look_job[l]] = ABSENCE_ONCE; move(look_job[l], QUEUED)
  :: look_age[l] >= LOOK_FOR && LOOKING_ENDS ->
     move(look_job[l], UNDECIDED); surely_told[look_job[l]] = !look_failed[l]
  :: look_age[l] < LOOK_FOR || !LOOKING_ENDS                              /* look on */
  fi
}

#define COUNTS(l) (!(LOOK_PINNED && look_stale[l]))

proctype Look(byte l) {
  byte p;
  do
  :: atomic { look_at[l] == IDLE && ANY(UNKNOWN) ->
       if
       :: state[0] == UNKNOWN -> p = 0
       :: else -> p = REVISIONS - 1
       fi;
       look_job[l] = p; look_age[l] = age[p]; look_resent[l] = resent[p]; look_at[l] = BEGUN; p = 0;
       printf("look %d: begins, %d ticks after the attempt\n", l, look_age[l]) }
  :: atomic { look_at[l] == BEGUN ->                                      /* the newer list and the older search */
       if
       :: look_failed[l] = 1; printf("look %d: a search fails\n", l)
       :: seen(l, 0, IN_LISTS(l, 0), SHOWS(0)); seen(l, 1, IN_LISTS(l, 1), SHOWS(1));
          printf("look %d: searched, found %d\n", l, look_found[l])
       fi;
       look_at[l] = (look_found[l] != 0 -> READ_FEED : READ_LISTS) }
  :: atomic { look_at[l] == READ_LISTS ->                                 /* the change feed, event by event */
       if
       :: look_failed[l] = 1; printf("look %d: the feed fails\n", l)
       :: seen(l, 0, IN_FEED(l, 0), SHOWS(0) && FEED_COMPLETE); seen(l, 1, IN_FEED(l, 1), SHOWS(1) && FEED_COMPLETE);
          printf("look %d: feed read, found %d\n", l, look_found[l])
       fi;
       look_at[l] = READ_FEED }
  :: atomic { look_at[l] == READ_FEED && look_found[l] != 0 ->
       if
       :: look_found[l] == 3 && state[look_job[l]] == UNKNOWN -> witness(TWO_TOLD, true); move(look_job[l], UNDECIDED)
       :: look_found[l] == 3 && state[look_job[l]] != UNKNOWN
       :: look_found[l] < 3 && (state[look_job[l]] == UNKNOWN || state[look_job[l]] == UNDECIDED) ->
          witness(FOUND_THOUGH_MOVED, hidden_by[0] == 1); mark_posted(look_job[l])
       :: look_found[l] < 3 && state[look_job[l]] != UNKNOWN && state[look_job[l]] != UNDECIDED
       fi;
       leave(l) }
  :: atomic { look_at[l] == READ_FEED && look_found[l] == 0 ->
       if
       :: state[look_job[l]] == UNKNOWN && COUNTS(l) -> judge(l)
       :: else
       fi;
       leave(l) }
  :: atomic { look_at[l] != IDLE && !calm -> leave(l) }                   /* killed */
  od
}

/* ---- who mends ---- */

#if CURRENT_ONLY
#define MAY_GO_AGAIN(p) (current == p)
#elif ONE_LIVE_POSTING
#define MAY_GO_AGAIN(p) (REVISIONS == 1 || p == 1 || !LIVE(REVISIONS - 1))
#else
#define MAY_GO_AGAIN(p) true
#endif
#define BUSY(p) (state[p] == SENDING || state[p] == UNKNOWN)

inline press(p) {
  PRESSED; printf("a person presses\n");
  if :: state[p] == UNDECIDED && !surely_told[p] -> warned = 1 :: else fi
}

proctype Person(byte p) {
  do
  :: atomic { MAY_GO_AGAIN(p) && (state[p] == REFUSED || state[p] == UNDECIDED) -> press(p); move(p, QUEUED) }
#if !BUSY_REFUSED
  :: atomic { BUSY(p) -> state[p] = QUEUED; claim[p] = 0; claim_left[p] = 0; open_attempt[p] = 0 }
#endif
  :: atomic { state[p] == QUEUED || state[p] == REFUSED || state[p] == UNDECIDED ->
       press(p);
       nothing_stands(p);
       move(p, CANCELLED) }
  :: atomic { state[p] == UNDECIDED -> 
#if !RESTORE_LOOKS_ALL_THE_WAY
       from_intent[p] = 0;
#endif
       printf("a person looks again\n"); move(p, UNKNOWN) }
  :: atomic { BY_HAND && MAY_GO_AGAIN(p) && (state[p] == QUEUED || state[p] == REFUSED || state[p] == UNDECIDED) ->
       witness(TYPED, state[p] == REFUSED);
       press(p);
       nothing_stands(p);
       printf("a person types it at Conta Azul, and says so here\n"); stand(p); mark_posted(p) }
  :: atomic { state[p] == UNDECIDED && count > 0 && owner[0] == p -> mark_posted(p) }   /* adopt what they found */
  :: atomic { !connected -> connected = 1 }
  od
}

/* ---- time, and weather ---- */

#define LATE(w) ((flying[w] || at[w] == STARTED) && send_left[w] == 0 && SEND_ENDS_BEFORE_CLAIM)
#define HURRIED(w) (PREPARATION_FITS && calm && at[w] == PREPARING)
#define MAY_PASS(w) (!LATE(w) && !HURRIED(w))

inline older(what, until) { if :: what < until -> what++ :: else fi }
inline shorter(what) { if :: what > 0 -> what-- :: else fi }

#if RESTORE
bool saved = 0; byte saved_state = 0; byte saved_age = 0; bool saved_resent = 0; bool restored = 0;
#endif

proctype Clock() {
  do
  :: atomic { MAY_PASS(0) && MAY_PASS(WORKERS - 1) -> printf("a tick\n");
       for (i : 0 .. REVISIONS - 1) {
         shorter(claim_left[i]);
         if :: LIVE(i) && state[i] != POSTED -> older(age[i], LOOK_FOR) :: else fi
       }
       for (i : 0 .. WORKERS - 1) { shorter(send_left[i]) }
       for (i : 0 .. BOOKS - 1) { if :: i < count -> older(shown[i], LAG + 1) :: else fi }
#if !AGE_AT_SEARCH
       for (i : 0 .. LOOKERS - 1) { if :: look_at[i] != IDLE -> older(look_age[i], LOOK_FOR) :: else fi }
#endif
#if RESTORE
       if :: saved && saved_state == UNKNOWN -> older(saved_age, LOOK_FOR) :: else fi;
#endif
       i = 0 }
  od
}

proctype Weather() { calm = 1; printf("from now on nothing is turned away and nobody dies\n") }

#if RESTORE
/* A backup, and its restore: every process of the product is stopped, and what the backup believes unposted is doubted. */
proctype Operator() {
  atomic { state[0] != NONE -> printf("a backup is made\n"); saved = 1; saved_state = state[0]; saved_resent = resent[0];
    if :: saved_state == UNKNOWN -> saved_age = age[0] :: else fi }
  atomic { !restored -> printf("a backup is restored\n");
    restored = 1; saved = 0;
    for (i : 0 .. WORKERS - 1) { rest(i) }
    for (i : 0 .. LOOKERS - 1) { leave(i) }
    i = 0;
    claim[0] = 0; claim_left[0] = 0; open_attempt[0] = 0; surely_told[0] = 0;
    resent[0] = saved_resent; state[0] = saved_state;
    if
    :: (saved_state != POSTED && saved_state != CANCELLED && (saved_state != UNKNOWN || RESTORE_RESTARTS_THE_SPAN)) ->
       state[0] = UNKNOWN; age[0] = 0; from_intent[0] = 1;
       before_feed[0] = (count > 0); before_feed[1] = (count > 1)
    :: saved_state == UNKNOWN && !RESTORE_RESTARTS_THE_SPAN ->
       age[0] = saved_age; before_feed[0] = 0; before_feed[1] = 0
    :: else -> age[0] = 0
    fi;
    saved_state = 0; saved_age = 0; saved_resent = 0 }
}
#endif

init {
  atomic {
    run Deciding();
    run Worker(0);
#if WORKERS > 1
    run Worker(1);
#endif
    run Look(0);
#if LOOKERS > 1
    run Look(1);
#endif
    run Sweep();
    run ContaAzul();
    run Person(0);
#if REVISIONS > 1
    run Person(1);
#endif
#if RESTORE
    run Operator();
#endif
    run Clock();
#ifdef ENDS
    run Weather();
#endif
  }
}

/* Ended, or a person is asked: what to do, or to authorise again. */
#define ASKS (state[0] == REFUSED || state[0] == UNDECIDED || (state[0] == QUEUED && !connected))
#define SETTLED (state[0] == POSTED || state[0] == CANCELLED || ASKS)

#ifdef ENDS
ltl ends { [] (approved[0] -> <> SETTLED) }
#endif
