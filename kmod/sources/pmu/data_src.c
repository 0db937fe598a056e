// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: names of what a data source (PERF_SAMPLE_DATA_SRC, union
 * perf_mem_data_src) says. Drivers before Linux 4.14 set bits for levels, newer
 * ones a number as well, or instead.
 *
 * Locking: none. Pure.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <uapi/linux/perf_event.h>

#include "sources/pmu/data_src.h"

/* A text of a column of one word. */
static u64 text(const char *name)
{
	u64 word = 0;

	memcpy(&word, name, strnlen(name, sizeof(word) - 1));
	return word;
}

/* By mem_lvl_num; numbers that older headers lack are part of the interface. */
static const char *const level_numbers[16] = {
	[0x1] = "L1", [0x2] = "L2", [0x3] = "L3", [0x4] = "L4", [0x8] = "UC",
	[0x9] = "CXL", [0xa] = "IO", [0xb] = "cache", [0xc] = "LFB",
	[0xd] = "RAM", [0xe] = "PMEM",
};

/* By mem_lvl, the first one that is set. */
static const struct {
	u64 bits;
	const char *name;
	const char *missed;
} level_bits[] = {
	{ PERF_MEM_LVL_REM_RAM1 | PERF_MEM_LVL_REM_RAM2 |
	  PERF_MEM_LVL_REM_CCE1 | PERF_MEM_LVL_REM_CCE2, "remote", "remote" },
	{ PERF_MEM_LVL_IO, "IO", "IO" },
	{ PERF_MEM_LVL_UNC, "UC", "UC" },
	{ PERF_MEM_LVL_LOC_RAM, "RAM", "RAM" },
	{ PERF_MEM_LVL_L3, "L3", "L3 miss" },
	{ PERF_MEM_LVL_L2, "L2", "L2 miss" },
	{ PERF_MEM_LVL_LFB, "LFB", "LFB" },
	{ PERF_MEM_LVL_L1, "L1", "L1 miss" },
};

/**
 * kobs_data_level() - where the data was
 * @src: data source of a sample
 *
 * Context: any.
 * Return: a text of one word: "L1", "LFB", "L2", "L3", "RAM", "remote" (of
 * another node) and others, "L1 miss" and the like where only that is known; 0
 * when the driver does not say.
 */
u64 kobs_data_level(u64 src)
{
	const union perf_mem_data_src s = { .val = src };
	unsigned int i;

	if (s.mem_remote && !(s.mem_lvl & PERF_MEM_LVL_NA))
		return text("remote");
	if (level_numbers[s.mem_lvl_num] && !(s.mem_lvl & PERF_MEM_LVL_MISS))
		return text(level_numbers[s.mem_lvl_num]);
	for (i = 0; i < ARRAY_SIZE(level_bits); i++)
		if (s.mem_lvl & level_bits[i].bits)
			return text(s.mem_lvl & PERF_MEM_LVL_MISS ?
				    level_bits[i].missed : level_bits[i].name);
	/* Intel's "unknown L3": beyond it, nobody knows where. */
	return s.mem_lvl_num == 3 ? text("L3 miss") : 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_data_level);

/**
 * kobs_data_op() - what the instruction did
 * @src: data source of a sample
 *
 * Context: any.
 * Return: "load", "store", "pfetch" (prefetch) or "exec" as a text of one word;
 * 0 when the driver does not say.
 */
u64 kobs_data_op(u64 src)
{
	const union perf_mem_data_src s = { .val = src };

	return s.mem_op & PERF_MEM_OP_LOAD ? text("load") :
	       s.mem_op & PERF_MEM_OP_STORE ? text("store") :
	       s.mem_op & PERF_MEM_OP_PFETCH ? text("pfetch") :
	       s.mem_op & PERF_MEM_OP_EXEC ? text("exec") : 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_data_op);

/**
 * kobs_data_tlb() - what the data TLB had
 * @src: data source of a sample
 *
 * Context: any.
 * Return: "hit", "L2 hit" (in the second TLB only), "miss", "walk" or "fault" as
 * a text of one word; 0 when the driver does not say.
 */
u64 kobs_data_tlb(u64 src)
{
	const union perf_mem_data_src s = { .val = src };

	if (s.mem_dtlb & PERF_MEM_TLB_OS)
		return text("fault");
	if (s.mem_dtlb & PERF_MEM_TLB_WK)
		return text("walk");
	if (s.mem_dtlb & PERF_MEM_TLB_MISS)
		return text("miss");
	if (!(s.mem_dtlb & PERF_MEM_TLB_HIT))
		return 0;
	return (s.mem_dtlb & (PERF_MEM_TLB_L1 | PERF_MEM_TLB_L2)) ==
	       PERF_MEM_TLB_L2 ? text("L2 hit") : text("hit");
}
EXPORT_SYMBOL_IF_KUNIT(kobs_data_tlb);
