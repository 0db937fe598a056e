// SPDX-License-Identifier: GPL-2.0
/* The kinds of memory that 'mem leaks' follows, and what their sessions are told. */

#include <string.h>

#include "cmd/mem/mem.h"
#include "cmd/nouns.h"
#include "cmd/slab/helpers.h"
#include "cmd/slab/leaks.h"
#include "symbols/code_ranges.h"

static void find_slab_helpers(struct numbers *out)
{
	slab_find_helpers(out);
}

const struct mem_kind mem_kinds[MEM_KINDS] = {
	[MEM_SLAB] = { "slab", "cache", "slab object", "slab objects", &slab_leaks_report,
		       find_slab_helpers },
	[MEM_PAGE] = { "page", "mobility", "page", "pages", &mem_page_report,
		       mem_find_page_helpers },
	[MEM_VMALLOC] = { "vmalloc", NULL, "vmalloc area", "vmalloc areas", &mem_vmalloc_report,
			  mem_find_vmalloc_helpers },
	[MEM_PERCPU] = { "percpu", NULL, "percpu area", "percpu areas", &mem_percpu_report,
			 mem_find_percpu_helpers },
};

/** mem_kind_find() - Return: a kind by its name; NULL without one. */
const struct mem_kind *mem_kind_find(const char *name)
{
	size_t i;

	for (i = 0; name && i < MEM_KINDS; i++)
		if (!strcmp(mem_kinds[i].name, name))
			return &mem_kinds[i];
	return NULL;
}

/**
 * mem_give_code() - Have a session look through the kernel's helpers.
 * @code: zeroed; kept as long as the request
 * @areas: pages of vmalloc() count elsewhere
 * @percpu: pages of percpu areas count elsewhere
 */
void mem_give_code(struct request *req, const struct mem_kind *kind, struct mem_code *code,
		   bool areas, bool percpu)
{
	kind->helpers(&code->helpers);
	if (kind == &mem_kinds[MEM_PAGE])
		mem_find_page_owners(&code->owners, areas, percpu);
	/* Where addresses are hidden, there is none. */
	if (code->helpers.n)
		model_set_addresses(req, "helper_text", &code->helpers);
	if (code->owners.n)
		model_set_addresses(req, "owner_text", &code->owners);
}

/** mem_free_code() - Free what mem_give_code() found. */
void mem_free_code(struct mem_code *code)
{
	numbers_free(&code->helpers);
	numbers_free(&code->owners);
}
