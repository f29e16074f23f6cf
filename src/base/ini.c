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
}

bool
ini_next(struct ini *ini)
{
	struct text line;

	while (text_cut(&line, &ini->rest, '\n')) {
		if (line.size == 0 || line.data[0] == '#'
		    || line.data[0] == ';' || line.data[0] == ' '
		    || line.data[0] == '\t')
			continue;
		if (line.data[0] == '[') {
			take_heading(ini, line);
			continue;
		}
		(void)text_cut(&ini->key, &line, '=');
		if (line.data == NULL)
			continue;
		ini->key = text_trim(ini->key, BLANKS);
		ini->value = text_trim(line, BLANKS);
		return true;
	}
	return false;
}
