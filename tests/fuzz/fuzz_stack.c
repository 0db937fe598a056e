// SPDX-License-Identifier: GPL-2.0
/*
 * Samples with user stacks, in parts, as the module streams them: each part is a byte for
 * the CPU, two for its size, and its words. What is complete is unwound by the tables of
 * this program, with registers and memory that are arbitrary.
 */
#include <string.h>

#include "cmd/pmu/samples.h"
#include "fuzz.h"
#include "symbols/unwind.h"

#define START	0x400000
#define FRAMES	96

static void unwind_one(struct unwinder *w, const struct sample *from)
{
	struct unwind_sample s = {
		.pid = (uint32_t)getpid(), .time = from->head[KOBS_USTACK_TIME],
		.memory = { .bytes = from->memory.len, .data = from->memory.p },
	};
	uint64_t frames[FRAMES];
	enum unwind_end end;

	if (from->nr_regs != CFI_REGS)
		return;
	memcpy(s.regs.v, from->regs, sizeof(s.regs.v));
	s.regs.known = (1ull << (CFI_REGS - 1) << 1) - 1;
	s.memory.start = s.regs.v[CFI_REG_SP];
	if (!unwind(w, &s, frames, FRAMES, &end) || end >= UNWIND_ENDS)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct usym_mapping all = { .start = START, .end = UINT64_MAX };
	static struct unwinder w;
	static struct usyms u;
	struct samples s = { .words = 2 };
	const uint64_t key[] = { 1, 2 };
	size_t i;

	/* What is learned of the program is kept: it is always the same. */
	if (!w.places) {
		if (!cfi_load())
			return 0;
		usyms_map(&u, (uint32_t)getpid(), &all, "/proc/self/exe", 0);
		unwinder_init(&w, &u);
	}
	while (size >= 3) {
		size_t n = data[1] | data[2] << 8;
		const uint8_t *part = data + 3;

		n = n < size - 3 ? n : size - 3;
		samples_take(&s, data[0], key, part, n / sizeof(uint64_t));
		data = part + n;
		size -= 3 + n;
	}
	for (i = 0; i < s.nr_done; i++)
		unwind_one(&w, &s.done[i]);
	samples_free(&s);
	return 0;
}
