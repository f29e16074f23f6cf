/* Clues: what a store's reply tells of the settings. Pure. */
#ifndef CTL_CLUE_H
#define CTL_CLUE_H

#include "base/text.h"

struct facts;

/* Each comes with a few words, or a name, to be said with it. */
enum clue {
	CLUE_NONE_NEEDED, /* always there, without words */
	/* ours: by how much it is wrong; too wrong for signatures */
	CLUE_CLOCK,
	CLUE_CLOCK_IS_WRONG,
	/* what the store has instead of what was signed */
	CLUE_OTHER_REGION,
	CLUE_FAR_REGION, /* the same, when s3_endpoint is one's of Amazon */
	CLUE_OTHER_HOST,
	CLUE_OTHER_PATH,
	CLUE_SAME_HOST, /* it tells, and there is no difference */
	/* where it found the bucket's name */
	CLUE_BUCKET_FROM_KEY,  /* in the first part of the key */
	CLUE_BUCKET_FROM_HOST, /* in all of the host, which has it */
	CLUE_BUCKET_IS_HOST,   /* the same, but the path has it */
	CLUE_BUCKET_IN_KEY,    /* nowhere: it is a part of the key */
	CLUE_BUCKET_IN_ENDPOINT, /* there too, it seems */
	CLUE_IN_HOST, /* where it is: before the host of s3_endpoint */
	/* where it sends us */
	CLUE_ENDPOINT, /* a host, without the bucket */
	CLUE_ORIGIN,   /* scheme://host */
	/* what it sends: an S3 store has no pages of its own */
	CLUE_NOTHING,
	CLUE_NO_PAGE,
	CLUE_NO_CODE, /* these are no words of an S3 store */
	CLUE_BUSY,
	/* what the settings tell alone */
	CLUE_HAS_ENDPOINT,
	CLUE_NO_TOKEN, /* the access key should have one */
	CLUE_DOTS,     /* the key has segments that clients take out */
	CLUE_ADDRESS,  /* always: the setting that the host comes from */
	N_CLUES
};

/* Absent: there is no such clue. */
struct clues {
	struct text found[N_CLUES];
};

void clues_read(struct clues *c, const struct facts *f);

#endif
