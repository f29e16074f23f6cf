/* Line by line. */
#include "base/ini.h"

#define BLANKS " \t\r"

void
ini_begin(struct ini *ini, struct text file)
{
	if (text_has_prefix(file, TEXT("\xef\xbb\xbf")))
		file = (struct text){file.data + 3, file.size - 3};
	*ini = (struct ini){.rest = file};
}

/* Behind the bracket there may be a comment. */
static void
take_heading(struct ini *ini, struct text line)
{
	struct text name;

	line = (struct text){line.data + 1, line.size - 1};
	(void)text_cut(&name, &line, ']');
	ini->section = text_trim(name, BLANKS);
	ini->key = (struct text){0};
}

static bool
take_key(struct ini *ini, struct text line)
{
	struct text key;

	(void)text_cut(&key, &line, '=');
	if (line.data == NULL)
		return false;
	ini->key = text_trim(key, BLANKS);
	ini->value = text_trim(line, BLANKS);
	return true;
}

bool
ini_next(struct ini *ini)
{
	struct text whole, line;
	size_t indent;

	while (text_cut(&whole, &ini->rest, '\n')) {
		line = text_trim(whole, BLANKS);
		indent = (size_t)(line.data - whole.data);
		if (line.size == 0 || line.data[0] == '#'
		    || line.data[0] == ';'
		    || (ini->key.data != NULL && indent > ini->indent))
			continue;
		if (line.data[0] == '[') {
			take_heading(ini, line);
			return true;
		}
		if (take_key(ini, line)) {
			ini->indent = indent;
			return true;
		}
	}
	return false;
}
