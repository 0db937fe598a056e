// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the readers and computations of 'obsctl mem': run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/mem/balance.h"
#include "cmd/mem/mem.h"
#include "cmd/mem/procmem.h"
#include "cmd/mem/series.h"
#include "lib/clock.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(uint64_t got, uint64_t want, const char *name)
{
	ok(got == want, name);
	if (got != want)
		printf("# got %llu, want %llu\n", (unsigned long long)got,
		       (unsigned long long)want);
}

static char path[32] = "/tmp/test_mem.XXXXXX";

static const char *file_of(const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
	return path;
}

static void test_readers(void)
{
	struct mem_values m = {};
	uint64_t blocks[MEM_ORDERS];

	ok(!mem_read_meminfo(&m, file_of("MemTotal:        1000 kB\nMemFree:          200 kB\n"
					 "Active(anon):       5 kB\nHugePages_Total:    7\n"
					 "no colon\nMemBad: x kB\n")), "meminfo is read");
	same(mem_value(&m, "MemTotal"), 1000 * 1024, "MemTotal");
	same(mem_value(&m, "Active(anon)"), 5 * 1024, "a name with brackets");
	ok(!mem_has_value(&m, "HugePages_Total"), "what is no size is left out");
	ok(!mem_has_value(&m, "MemBad"), "what is no number is left out");
	ok(!mem_has_value(&m, "nothing") && !mem_value(&m, "nothing"), "what is not there");
	mem_read_vmstat(&m, file_of("nr_zspages 3\npgfault 9\nnr_iommu_pages 0\n"), 4096);
	same(mem_value(&m, "nr_zspages"), 3 * 4096, "pages of vmstat");
	ok(!mem_has_value(&m, "pgfault"), "events of vmstat are left out");
	mem_read_zoneinfo(&m, file_of("Node 0, zone DMA\n  pagesets\n    cpu: 0\n"
				      "              count: 2\n              high:  9\n"
				      "    cpu: 1\n              count: 40\n"), 4096);
	same(mem_value(&m, "pcp_free"), 42 * 4096, "lists of CPUs are added up");
	mem_read_vmstat(&m, "/nonexistent", 4096);
	same(mem_value(&m, "nr_zspages"), 3 * 4096, "a file that is not there adds nothing");
	mem_free_values(&m);
	ok(mem_read_meminfo(&m, file_of("MemFree: 1 kB\n")), "meminfo without MemTotal is refused");
	ok(mem_read_meminfo(&m, "/nonexistent"), "meminfo that is not there is refused");
	mem_free_values(&m);

	file_of("Node 0, zone      DMA      1      0      2\n"
		"Node 0, zone    DMA32     10     20     30     40\n");
	ok(mem_read_buddyinfo(path, blocks), "buddyinfo is read");
	ok(blocks[0] == 11 && blocks[1] == 20 && blocks[2] == 32 && blocks[3] == 40 && !blocks[4],
	   "blocks of zones are added up");
	ok(!mem_read_buddyinfo(file_of("nonsense\n"), blocks), "no buddyinfo");
}

static void test_areas(void)
{
	static const struct {
		const char *line;
		bool good;
		const char *name;
		uint64_t pages;
	} cases[] = {
		{ "0xff00-0xff50   20480 dup_task_struct+0x5b/0x190 pages=4 vmalloc N0=4",
		  true, "dup_task_struct", 4 },
		{ "0x00f1-0x00e5    8192 load.isra.0+0xed/0x120 pages=1 vmalloc vpages N0=1",
		  true, "load.isra.0", 1 },
		{ "0xff00-0xff50   20480 irq_init+0xed/0x120 vmap", false, "", 0 },
		{ "0xff00-0xff50   20480 vmap_it+0xed/0x120 pages=4 vmap", false, "", 0 },
		{ "0xff00-0xff20    8192 acpi_os_map+0x1/0x2 phys=0x9f000 ioremap",
		  false, "", 0 },
		{ "0xff00-0xff50   20480 vm_map_ram", false, "", 0 },
		{ "0xff00-0xff50   20480  pages=4 vmalloc", false, "", 0 },
		{ "pages=4 vmalloc", false, "", 0 },
		{ " ", false, "", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mem_part part = {};
		char line[256];
		bool good;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		good = mem_parse_area(line, 4096, &part);
		if (good)
			good = !strcmp(part.name, cases[i].name) &&
			       part.bytes == cases[i].pages * 4096;
		ok(good == cases[i].good, cases[i].line);
	}
	ok(mem_is_stack_area("dup_task_struct") && !mem_is_stack_area("load_module"), "areas of stacks");
}

static void test_tags(void)
{
	static const struct {
		const char *line;
		bool good;
		const char *name;
		uint64_t bytes;
	} cases[] = {
		{ "       40960       10 mm/slub.c:2345 func:alloc_slab_page", true,
		  "mm/slub.c:2345 func:alloc_slab_page", 40960 },
		{ "0 0 drivers/a b.c:1 [mod] func:f", true, "drivers/a b.c:1 [mod] func:f", 0 },
		{ "allocinfo - version: 1.0", false, "", 0 },
		{ "#     <size>  <calls> <tag info>", false, "", 0 },
		{ "12", false, "", 0 },
		{ "12 13", false, "", 0 },
		{ "12 13 ", false, "", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mem_part part = {};
		char line[256];
		bool good;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		good = mem_parse_tag(line, &part);
		if (good)
			good = !strcmp(part.name, cases[i].name) && part.bytes == cases[i].bytes;
		ok(good == cases[i].good, cases[i].line);
	}
}

static void test_balance(void)
{
	struct mem_values m = {};
	int64_t sum = 0;
	size_t i;

	mem_add_value(&m, "MemTotal", 10000);
	mem_add_value(&m, "MemFree", 3000);
	mem_add_value(&m, "Cached", 2000);
	mem_add_value(&m, "Buffers", 10);
	mem_add_value(&m, "Shmem", 500);
	mem_add_value(&m, "VmallocUsed", 900);
	mem_add_value(&m, "KernelStack", 300);
	for (i = 0; i < nr_balance_items; i++) {
		const char *name = balance_items[i].name;

		sum += balance_bytes(&m, i);
		if (!strcmp(name, "page_cache"))
			same((uint64_t)balance_bytes(&m, i), 1510, "shared memory is no page cache");
		if (!strcmp(name, "vmalloc"))
			same((uint64_t)balance_bytes(&m, i), 900, "vmalloc without stacks");
	}
	ok(sum == 10000, "the parts add up to the total");
	ok(balance_bytes(&m, BALANCE_REST) == 10000 - 3000 - 2010 - 900 - 300, "the rest");
	mem_add_value(&m, "vmalloc_stacks", 300);
	ok(balance_bytes(&m, BALANCE_REST) == 10000 - 3000 - 2010 - 900, "stacks count once");
	mem_add_value(&m, "AnonPages", 9000);
	ok(balance_bytes(&m, BALANCE_REST) < 0, "the rest can be negative");
	mem_free_values(&m);
	for (i = 0; i < BALANCE_REST; i++)
		ok(balance_items[i].plus[0], balance_items[i].name);
	ok(!strcmp(balance_items[BALANCE_REST].name, "unaccounted"), "the rest is the last");
}

static void test_series(void)
{
	const struct series_item **found;
	struct series s = {};
	size_t i, n;

	for (i = 0; i < 10; i++) {
		series_begin(&s);
		series_add(&s, "still", 100);
		series_add(&s, "slow", 1000 + 10 * i);
		/* In two parts. */
		series_add(&s, "fast", 500 * i);
		series_add(&s, "fast", 500 * i);
		series_add(&s, "wanders", i % 2 ? 5000 : 100);
		if (i >= 4)
			series_add(&s, "late", 1);
		series_add(&s, "falls", 10000 - 10 * i);
		series_end(&s, i * NSEC_PER_SEC);
	}
	found = series_growing(&s, &n);
	same(n, 2, "what surely grows");
	ok(n == 2 && !strcmp(found[0]->name, "fast") && !strcmp(found[1]->name, "slow"),
	   "the fastest first");
	ok(n == 2 && found[0]->bytes == 9000 && trend_rate(&found[0]->trend) == 1000,
	   "amounts of a name are added up");
	free(found);
	for (i = 0; i < s.n; i++)
		if (!strcmp(s.v[i].name, "late"))
			ok(s.v[i].trend.last - s.v[i].trend.first == 1, "what is new had nothing before");
	series_free(&s);
	found = series_growing(&s, &n);
	same(n, 0, "nothing grows in nothing");
	free(found);
}

static void test_functions(void)
{
	static const struct {
		const char *name;
		bool helper;
		bool owner;
	} cases[] = {
		{ "__alloc_pages", true, false }, { "__alloc_pages_noprof", true, false },
		{ "__alloc_pages_bulk", true, false }, { "alloc_pages_exact.part.0", true, false },
		{ "vmalloc", true, false }, { "kvmalloc_node", true, false },
		{ "__alloc_skb", true, false }, { "allocate_slab.isra.0", false, true },
		{ "___kmalloc_large_node", false, true }, { "pte_alloc_one", false, false },
		{ "do_anonymous_page", false, false }, { " ", false, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		ok(mem_is_page_helper(cases[i].name) == cases[i].helper &&
		   mem_is_page_owner(cases[i].name) == cases[i].owner,
		   cases[i].name);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_readers();
	test_areas();
	test_tags();
	test_balance();
	test_series();
	test_functions();
	unlink(path);
	printf("1..%u\n", test_nr);
	return failures > 0;
}
