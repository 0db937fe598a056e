// SPDX-License-Identifier: GPL-2.0
/* Numbers that are shown by their names: constants of the kernel's enums. */

#include <string.h>

#include "report/named.h"

/* An enum as labels have it: [MODULE/]NAME; one without a name has that of a constant of it. */
static void find_enum(struct kbtf *btf, struct named_enum *e, const char *of)
{
	const char *slash = strchr(of, '/');
	struct buf module = {};
	struct buf why = {};

	e->known = true;
	if (slash)
		buf_add(&module, of, (size_t)(slash - of));
	e->btf = kbtf_get(btf, module.p, &why);
	if (e->btf)
		e->id = kbtf_enum(e->btf, slash ? slash + 1 : of);
	buf_free(&module);
	buf_free(&why);
}

/**
 * named_constant() - The name of an enum's constant.
 * @e: what is known of the enum so far
 * @of: enum, as a label has it
 *
 * Return: NULL for a number without a name.
 */
const char *named_constant(struct kbtf *btf, struct named_enum *e, const char *of, uint64_t value)
{
	if (!e->known)
		find_enum(btf, e, of);
	return e->id ? kbtf_enumerator_name(e->btf, e->id, (int64_t)value) : NULL;
}
