/* The tables of advice. The first row that holds is the one; the last one has
 * no advice. In its words $ stands for the clue's, @ for the setting that the
 * URL's host comes from, and %, & and # for what is wrong with a key. */
#ifndef CTL_ADVICE_H
#define CTL_ADVICE_H

#include "adapters/fetch.h"
#include "ctl/clue.h"

/* Something before an answer. */
struct obstacle {
	enum fetch_hurdle hurdle;
	enum clue clue;
	const char *advice;
	enum clue also; /* one that has to be there too */
};

struct symptom {
	int status;         /* 0: any */
	const char *code;   /* of S3's error; NULL: any */
	const char *phrase; /* in its message; without a code, in all of it */
	enum clue clue;
	const char *advice;
	enum clue also; /* one that has to be there too */
};

extern const struct obstacle advice_obstacles[];
extern const struct symptom advice_of_good[]; /* the URL opens the object */
extern const struct symptom advice_of_s3[], advice_of_links[];

/* Instead of a good one's, with a clock that others would not pardon. */
extern const struct symptom advice_on_clock;

/* What a mark stands for, by whether the key stands in the settings; NULL if
 * it is none. */
const char *advice_on_key(char mark, bool is_static);

#endif
