/* What can be switched off or made larger from outside: -DNAME=0. scripts/model does. */

/* A, 1 for all: what is believed of Conta Azul and of the network. docs/posting.md has the evidence, and what breaks. */
#ifndef LAG_BOUNDED                   /* a new entry shows in searches and feed before the span is over */
#define LAG_BOUNDED 1
#endif
#ifndef FEED_COMPLETE                 /* the change feed leaves nothing out */
#define FEED_COMPLETE 1
#endif
#ifndef EDIT_LEAVES_A_TRACE           /* an edit leaves the reference in one of the places where it is looked for */
#define EDIT_LEAVES_A_TRACE 1
#endif
#ifndef REFUSAL_MEANS_NOTHING_CREATED /* a 4xx that says why */
#define REFUSAL_MEANS_NOTHING_CREATED 1
#endif
#ifndef TURNED_AWAY_MEANS_NOTHING_CREATED /* 429, 401, the plan's 403 */
#define TURNED_AWAY_MEANS_NOTHING_CREATED 1
#endif
#ifndef UNCONNECTED_MEANS_NOTHING_SENT /* no connection, no name, no TLS */
#define UNCONNECTED_MEANS_NOTHING_SENT 1
#endif
#ifndef SEND_ENDS_BEFORE_CLAIM        /* from the attempt on, the bytes have landed, or never will, within CALL ticks */
#define SEND_ENDS_BEFORE_CLAIM 1
#endif
#ifndef PREPARATION_FITS              /* sooner or later a preparation takes less than half of the claim */
#define PREPARATION_FITS 1
#endif

/* G: what the product does, 1 for all. With one of them left out the checker must find what it prevents. */
#ifndef INTENT_WITH_APPROVAL          /* the last decision and the intent commit together */
#define INTENT_WITH_APPROVAL 1
#endif
#ifndef APPROVED_FIRST                /* the database refuses a posting without its approved round */
#define APPROVED_FIRST 1
#endif
#ifndef FROZEN_COPY                   /* sent is what the posting holds, not what the entry holds by now */
#define FROZEN_COPY 1
#endif
#ifndef ONE_LIVE_POSTING              /* one_live_posting_per_entry */
#define ONE_LIVE_POSTING 1
#endif
#ifndef CURRENT_ONLY                  /* "post again" is for the entry's current revision */
#define CURRENT_ONLY 1
#endif
#ifndef CLAIM_CHECKED                 /* an attempt is started only by who holds the claim */
#define CLAIM_CHECKED 1
#endif
#ifndef CLAIM_MARGIN                  /* and only while the claim lasts longer than the call may */
#define CLAIM_MARGIN 1
#endif
#ifndef ATTEMPT_BEFORE_BYTES          /* the attempt is committed before the bytes leave */
#define ATTEMPT_BEFORE_BYTES 1
#endif
#ifndef POSTED_NEEDS_AN_ID            /* a success without an id is "unknown" */
#define POSTED_NEEDS_AN_ID 1
#endif
#ifndef LOOK_BEFORE_RESEND            /* unknown is looked for, not sent again blindly */
#define LOOK_BEFORE_RESEND 1
#endif
#ifndef ABSENCE_NEEDS_SPAN            /* absence is believed only after the span */
#define ABSENCE_NEEDS_SPAN 1
#endif
#ifndef ABSENCE_NEEDS_ALL_SEARCHES    /* and only if no search failed */
#define ABSENCE_NEEDS_ALL_SEARCHES 1
#endif
#ifndef ABSENCE_ONCE                  /* and once in a posting's life */
#define ABSENCE_ONCE 1
#endif
#ifndef AGE_AT_SEARCH                 /* the span is measured to when the search began, not to when it ended */
#define AGE_AT_SEARCH 1
#endif
#ifndef LOOK_PINNED                   /* a look counts only for the attempt that it began with */
#define LOOK_PINNED 1
#endif
#ifndef BUSY_REFUSED                  /* "post again" and "cancel" are refused while claimed or looked for */
#define BUSY_REFUSED 1
#endif
#ifndef CLAIMS_EXPIRE                 /* somebody notices the claim of a dead worker */
#define CLAIMS_EXPIRE 1
#endif
#ifndef LOOKING_ENDS                  /* in the end a person is asked */
#define LOOKING_ENDS 1
#endif
#ifndef RESTORE_RESTARTS_THE_SPAN     /* after a restore the wait begins anew, for what was looked for too */
#define RESTORE_RESTARTS_THE_SPAN 1
#endif
#ifndef RESTORE_LOOKS_ALL_THE_WAY     /* after a restore the feed is read from the intent on, however often one looks */
#define RESTORE_LOOKS_ALL_THE_WAY 1
#endif

/* The size of what is searched, and which property. */
#ifndef BY_HAND                       /* 0: nobody types an entry at Conta Azul and says so here */
#define BY_HAND 1
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef LOOKERS
#define LOOKERS 1
#endif
#ifndef REVISIONS                     /* 2: a refused or cancelled entry may be changed and approved anew */
#define REVISIONS 1
#endif
#ifndef RESTORE                       /* 1: a backup may be made once, and restored once */
#define RESTORE 0
#endif
#ifndef EDITS                         /* 0: nobody at Conta Azul edits what is posted */
#define EDITS 1
#endif
#ifndef ALLOWED                       /* how many may stand in the books */
#define ALLOWED 1
#endif

/* What must hold. 0 checks the first three at once. */
#define TWO 1                         /* never two; unless a person was told that one may be there, and pressed */
#define LOST 2                        /* posted: it is in the books; refused, cancelled: it is not */
#define UNAPPROVED 3                  /* nothing in the books without its approved round */
#define ALONE 4                       /* as TWO, whatever a person was told: what the product does by itself */
#ifndef PROPERTY
#define PROPERTY 0
#endif
#define CHECKS(what) (PROPERTY == 0 || PROPERTY == what)
#ifndef WITNESS                       /* the story that must be possible, or the model says nothing */
#define WITNESS 0
#endif
#define RESENT_AND_POSTED 1
#define BELIEVED_LATE 2
#define FOUND_THOUGH_MOVED 3
#define TWO_TOLD 4
#define TYPED 5
