// SPDX-License-Identifier: GPL-2.0
/* Names of kernel addresses as reports print them. */

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/ksyms.h"

static void print_unknown(struct ksyms *k, uint64_t address, struct buf *out)
{
	k->unknown = true;
	buf_printf(out, "[unknown] 0x%llx", (unsigned long long)address);
}

/** ksyms_print_function() - The name of the function that is entered at @address. */
void ksyms_print_function(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = ksyms_find(k, address);

	if (!sym || !sym->name) {
		print_unknown(k, address, out);
		return;
	}
	buf_puts(out, sym->name);
	if (sym->twin)
		buf_printf(out, " 0x%llx", (unsigned long long)address);
	if (sym->namesake && *sym->module)
		buf_printf(out, " [%s]", sym->module);
}

/** ksyms_print_address() - name+0x1f [module] */
void ksyms_print_address(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = ksyms_find(k, address);

	if (!sym || !sym->name) {
		print_unknown(k, address, out);
		return;
	}
	buf_puts(out, sym->name);
	if (sym->offset)
		buf_printf(out, "+0x%llx", (unsigned long long)sym->offset);
	if (*sym->module)
		buf_printf(out, " [%s]", sym->module);
}

/** ksyms_print_object() - name+0x1f [module], or the address of what has no name */
void ksyms_print_object(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = map_get(&k->objects, address);

	if (!sym || !sym->name) {
		buf_printf(out, "0x%llx", (unsigned long long)address);
		return;
	}
	buf_puts(out, sym->name);
	if (sym->offset)
		buf_printf(out, "+0x%llx", (unsigned long long)sym->offset);
	if (*sym->module)
		buf_printf(out, " [%s]", sym->module);
}
