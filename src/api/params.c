/* A query string to parameters. */
#include "api/params.h"

#include "api/cursor.h"
#include "base/scope.h"

#include <inttypes.h>

/* What a parameter's value must be. */
static const struct rule {
	struct text name;
	int64_t least, most;
	bool clamp; /* more than most is most */
} rules[N_PARAMS] = {
    [PARAM_SINCE] = {TEXT("since"), INT64_MIN, INT64_MAX, false},
    [PARAM_LIMIT] = {TEXT("limit"), 1, 1000, false},
    [PARAM_WAIT] = {TEXT("wait"), 0, INT64_MAX, true},
};

static enum param_fault
check_range(const struct rule *rule, int64_t *value)
{
	if (*value < rule->least)
		return FAULT_TOO_SMALL;
	if (*value > rule->most)
		return FAULT_TOO_LARGE;
	return FAULT_NONE;
}

static struct param
parse_value(const struct rule *rule, struct text value)
{
	struct param p = {.given = true};

	switch (cursor_parse(&p.value, value)) {
	case CURSOR_OK:
		p.fault = check_range(rule, &p.value);
		break;
	case CURSOR_TOO_LARGE:
		p.fault = rule->clamp ? FAULT_NONE : FAULT_TOO_LARGE;
		break;
	case CURSOR_TOO_SMALL: p.fault = FAULT_TOO_SMALL; break;
	case CURSOR_NOT_AN_INTEGER: p.fault = FAULT_NOT_AN_INTEGER; break;
	}
	return p;
}

static bool
looks_like_key(struct text value)
{
	return text_has_prefix(value, TEXT("sk_live_"))
	    || text_has_prefix(value, TEXT("sk_test_"));
}

/* A value whose percent-encoding is bad stays as it is: it is no integer. */
static void
take_pair(struct params *p, struct scope *s, struct text pair)
{
	struct text name, value = pair;

	(void)text_cut(&name, &value, '=');
	if (value.data == NULL)
		value = TEXT("");
	(void)text_percent_decode(&name, s->arena, name, true);
	(void)text_percent_decode(&value, s->arena, value, true);
	if (looks_like_key(value))
		p->has_key = true;
	if (text_equal(name, TEXT("ticket")))
		p->ticket = value;
	for (int i = 0; i < N_PARAMS; i++)
		if (text_equal(rules[i].name, name))
			p->of[i] = parse_value(&rules[i], value);
}

void
params_read(struct params *p, struct scope *s, struct text query)
{
	struct text pair;

	*p = (struct params){0};
	while (text_cut(&pair, &query, '&'))
		if (pair.size > 0)
			take_pair(p, s, pair);
}

bool
params_valid(const struct params *p)
{
	for (int i = 0; i < N_PARAMS; i++)
		if (p->of[i].fault != FAULT_NONE)
			return false;
	return true;
}

static void
print_fault(struct buf *out, const struct rule *rule, enum param_fault fault)
{
	buf_string(out, "{\"loc\":[\"query\",");
	buf_json(out, rule->name);
	buf_string(out, "],\"msg\":\"Input should be ");
	switch (fault) {
	case FAULT_TOO_LARGE:
		buf_printf(out, "less than or equal to %" PRId64
		    "\",\"type\":\"less_than_equal\"}", rule->most);
		break;
	case FAULT_TOO_SMALL:
		buf_printf(out, "greater than or equal to %" PRId64
		    "\",\"type\":\"greater_than_equal\"}", rule->least);
		break;
	default:
		buf_string(out, "a valid integer, unable to parse string as "
		    "an integer\",\"type\":\"int_parsing\"}");
		break;
	}
}

void
params_print_faults(struct buf *out, const struct params *p)
{
	const char *separator = "";

	buf_string(out, "\"detail\":[");
	for (int i = 0; i < N_PARAMS; i++) {
		if (p->of[i].fault == FAULT_NONE)
			continue;
		buf_string(out, separator);
		print_fault(out, &rules[i], p->of[i].fault);
		separator = ",";
	}
	buf_char(out, ']');
}
