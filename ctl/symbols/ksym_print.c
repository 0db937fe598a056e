// SPDX-License-Identifier: GPL-2.0
/* Names of kernel addresses as reports print them. */

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/ksyms.h"

/* The symbol at an address of code; without one, that is printed. */
static const struct ksym *find_or_print(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = ksyms_find(k, address);

	if (sym && sym->name)
		return sym;
	k->unknown = true;
	buf_printf(out, "[unknown] 0x%llx", (unsigned long long)ksyms_address(k, address));
	return NULL;
}

static void print_place(const struct ksym *sym, struct buf *out)
{
	buf_puts(out, sym->name);
	if (sym->offset)
		buf_printf(out, "+0x%llx", (unsigned long long)sym->offset);
	if (*sym->module)
		buf_printf(out, " [%s]", sym->module);
}

/** ksyms_print_function() - The name of the function that is entered at @address. */
void ksyms_print_function(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = find_or_print(k, address, out);

	if (!sym)
		return;
	buf_puts(out, sym->name);
	if (sym->twin)
		buf_printf(out, " 0x%llx", (unsigned long long)ksyms_address(k, address));
	if (sym->namesake && *sym->module)
		buf_printf(out, " [%s]", sym->module);
}

/** ksyms_print_address() - name+0x1f [module] */
void ksyms_print_address(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = find_or_print(k, address, out);

	if (sym)
		print_place(sym, out);
}

/** ksyms_print_object() - name+0x1f [module], or the address of what has no name */
void ksyms_print_object(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = map_get(&k->objects, address);

	if (sym && sym->name)
		print_place(sym, out);
	else
		buf_printf(out, "0x%llx", (unsigned long long)ksyms_address(k, address));
}
