// SPDX-License-Identifier: GPL-2.0
/* Reads reports that --json wrote to a file, by a JSON library. */

#include <stdio.h>

#include "cmd/json_file.h"
#include "lib/diag.h"

/**
 * json_file_load() - Read a file. With -i it holds a report on each line: the last one counts.
 * Return: 0, or an exit status after a sentence.
 */
int json_file_load(const char *path, json_t **root)
{
	FILE *file = fopen(path, "re");
	json_error_t why = {};
	json_t *next;
	int c;

	if (!file)
		return refuse("cannot read %s: %m", path);
	for (;;) {
		do
			c = fgetc(file);
		while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
		if (c == EOF)
			break;
		ungetc(c, file);
		next = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &why);
		json_decref(*root);
		*root = next;
		if (!next)
			break;
	}
	if (ferror(file)) {
		fclose(file);
		return refuse("cannot read %s: %m", path);
	}
	fclose(file);
	if (*root)
		return 0;
	if (!*why.text)
		return refuse("%s is empty", path);
	return refuse("%s is not JSON: %s (line %d, column %d)", path, why.text, why.line,
		      why.column);
}
