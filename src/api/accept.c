/* Accept to a form. */
#include "api/accept.h"

enum { Q_ONE = 1000, NOT_NAMED = -1 };

static const struct {
	struct text name;
	struct text wildcard; /* the range of all that have its main type */
} types[N_FORMS] = {
    [FORM_JSON] = {TEXT("application/json"), TEXT("application/*")},
    [FORM_SSE] = {TEXT("text/event-stream"), TEXT("text/*")},
    [FORM_NDJSON] = {TEXT("application/x-ndjson"), TEXT("application/*")},
};

/* "0.5" to 500, thousandths; what is no weight (section 12.4.2) is zero. */
static int
parse_q(struct text t)
{
	int q, unit = Q_ONE / 10;

	if (t.size == 0 || t.size > sizeof("0.123") - 1
	    || (t.data[0] != '0' && t.data[0] != '1')
	    || (t.size > 1 && t.data[1] != '.'))
		return 0;
	q = (t.data[0] - '0') * Q_ONE;
	for (size_t i = 2; i < t.size; i++, unit /= 10) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return 0;
		q += (t.data[i] - '0') * unit;
	}
	return q > Q_ONE ? 0 : q;
}

/* The weight among a range's parameters. */
static int
find_q(struct text parameters)
{
	struct text one, name;

	while (text_cut_unquoted(&one, &parameters, ';')) {
		one = text_trim(one, " \t");
		if (text_cut(&name, &one, '=')
		    && text_equal_nocase(text_trim(name, " \t"), TEXT("q")))
			return parse_q(text_trim(one, " \t"));
	}
	return Q_ONE;
}

/* How well a range fits the form: 0 not at all, 3 by its name. */
static int
fit(struct text range, enum form form)
{
	if (text_equal_nocase(range, types[form].name))
		return 3;
	if (text_equal_nocase(range, types[form].wildcard))
		return 2;
	return text_equal(range, TEXT("*/*")) ? 1 : 0;
}

/* The weight of the range that fits best. */
static int
weigh(struct text accept, enum form form)
{
	struct text element, range;
	int best = 0, q = NOT_NAMED;

	while (text_cut_unquoted(&element, &accept, ',')) {
		int how;

		(void)text_cut(&range, &element, ';');
		how = fit(text_trim(range, " \t"), form);
		if (how > best) {
			best = how;
			q = find_q(element);
		}
	}
	return q;
}

enum form
accept_form(struct text accept)
{
	enum form form = FORM_JSON;
	int most = weigh(accept, FORM_JSON);

	for (int i = FORM_JSON + 1; i < N_FORMS; i++) {
		int q = weigh(accept, (enum form)i);

		if (q > 0 && q > most) {
			form = (enum form)i;
			most = q;
		}
	}
	return form;
}
