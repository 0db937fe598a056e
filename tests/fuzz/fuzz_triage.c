// SPDX-License-Identifier: GPL-2.0
/*
 * Recorded machines: the files of /proc and /sys that triage reads, and what it makes of them.
 */
#include <stdlib.h>
#include <string.h>

#include "../ctl/recorded_machine.h"
#include "cmd/triage/facts.h"
#include "fuzz.h"

static void judge(struct recorded *r)
{
	const struct strings none = {};
	struct triage_rows rows;
	struct facts f = {};
	struct buf text = {};
	struct limits l;
	size_t i;

	limits_take(&l, &none);
	facts_find(&f, &r->begin, &r->end, r->v, r->n);
	/* A value is a number, and none is below 0. */
	for (i = 0; i < f.n; i++)
		if (!(f.v[i].value >= 0))
			abort();
	rows_make(&rows, &f, &l);
	rows_sentence(&rows, &f, &l, &text);
	if (!text.len || (rows.problems && (!rows.v[0].problem || rows.v[0].cause)))
		abort();
	buf_free(&text);
	rows_free(&rows);
	facts_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct recorded r;

	memcpy(text, data, size);
	text[size] = 0;
	recorded_take(&r, text);
	judge(&r);
	recorded_free(&r);
	free(text);
	return 0;
}
