// SPDX-License-Identifier: GPL-2.0
/* Unit tests of code that needs no kernel: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/json.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/parse.h"
#include "proto/model.h"
#include "report/filter_text.h"
#include "report/hist.h"
#include "report/outfile.h"
#include "report/view.h"
#include "report/writer.h"
#include "run/signals.h"
#include "symbols/ksyms.h"
#include "symbols/patterns.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	ok(!strcmp(got, want), name);
	if (strcmp(got, want))
		printf("# got '%s', want '%s'\n", got, want);
}

static void test_globs(void)
{
	static const struct {
		const char *glob;
		const char *s;
		bool match;
	} globs[] = {
		{ "vfs_*", "vfs_read", true }, { "vfs_*", "vfs", false },
		{ "*read*", "vfs_readv", true }, { "a?c", "abc", true }, { "a?c", "ac", false },
		{ "[a-c]x", "bx", true }, { "[a-c]x", "dx", false }, { "[!a-c]x", "dx", true },
		{ "*a*b*c", "xxaxxbxxc", true }, { "*a*b*c", "xxaxxbxxcd", false },
		{ "", "", true }, { "*", "", true }, { "[]]", "]", true }, { "abc", "abcd", false },
		{ "x[0-9]*z", "x7yz", true }, { "***", "abc", true },
	};
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(globs); i++) {
		const char *verb = globs[i].match ? "matches" : "does not match";

		snprintf(name, sizeof(name), "glob '%s' %s '%s'", globs[i].glob, verb, globs[i].s);
		ok(glob_match(globs[i].glob, globs[i].s) == globs[i].match, name);
	}
}

static const char fake_kallsyms[] =
	"0000000000000000 A fixed_percpu\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81001000 t alpha\n"
	"ffffffff81001000 T __alpha_alias\n"
	"ffffffff81002000 T beta\n"
	"ffffffff81002100 t gamma.isra.0\n"
	"ffffffff81002200 t delta.constprop.0\n"
	"ffffffff81002300 T delta\n"
	"ffffffff81002308 t __pfx_epsilon_noprof\n"
	"ffffffff81002310 T epsilon_noprof\n"
	"ffffffff81002400 t weak_key.13\n"
	"ffffffff81002400 W weak_one\n"
	"ffffffff81002500 T __ia32_sys_call\n"
	"ffffffff81002500 T __x64_sys_call\n"
	"ffffffff81002600 t lto.llvm.1234\n"
	"ffffffff81002700 t twice\n"
	"ffffffff81002780 t twice\n"
	"ffffffff81003000 D some_data\n"
	"ffffffff81004000 B _end\n"
	"ffffffffc0001000 t mod_fn\t[moda]\n"
	"ffffffffc0001100 t beta\t[moda]\n"
	"ffffffffc0001200 t twice\t[moda]\n"
	"ffffffffc0101000 t mod_fn\t[modb]\n"
	"ffffffffc0101000 T init_gone\t[moda]\n";

static const char fake_modules[] =
	"moda 4096 0 - Live 0xffffffffc0001000 (O)\n"
	"modb 8192 1 moda, Live 0xffffffffc0101000\n";

static void write_fake(char *path, const char *text)
{
	int fd;

	strcpy(path, "/tmp/obsctl-test-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror("fake file");
	close(fd);
}

static void name_address(struct ksyms *k, uint64_t address, const char *want, const char *name)
{
	struct buf b = {};

	ksyms_print_address(k, address, &b);
	same(b.p, want, name);
	buf_free(&b);
}

static void test_names(struct ksyms *k, const char *how)
{
	char name[96];

#define CASE(address, want, what) do {						\
	snprintf(name, sizeof(name), "%s: %s", how, what);			\
	name_address(k, address, want, name);					\
} while (0)
	CASE(0xffffffff81001000ull, "__alpha_alias", "the global one of two names");
	CASE(0xffffffff8100101full, "__alpha_alias+0x1f", "an offset");
	CASE(0xffffffff81002404ull, "weak_one+0x4", "a weak symbol");
	CASE(0xffffffffc0001008ull, "mod_fn+0x8 [moda]", "a module's function");
	CASE(0xffffffffc0101fffull, "mod_fn+0xfff [modb]", "the second module, where another had its init code");
	CASE(0xffffffffc0002000ull, "[unknown] 0xffffffffc0002000", "behind a module");
	CASE(0xffffffff81005000ull, "[unknown] 0xffffffff81005000", "behind the kernel");
	CASE(0x1234ull, "[unknown] 0x1234", "before all symbols");
#undef CASE
}

static void test_ksyms(const char *path, const char *modules)
{
	static const uint64_t wanted[] = {
		0xffffffff81001000ull, 0xffffffff8100101full, 0xffffffff81002404ull,
		0xffffffffc0001008ull, 0xffffffffc0101fffull, 0xffffffffc0002000ull,
		0xffffffff81005000ull, 0x1234ull,
	};
	struct ksyms k;
	size_t i;

	ksyms_init(&k);
	k.path = path;
	k.modules_path = modules;
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		ksyms_want(&k, wanted[i]);
	ksyms_resolve(&k);
	test_names(&k, "one pass");
	k.path = "/nonexistent";
	ksyms_want(&k, wanted[3]);
	ksyms_resolve(&k);
	name_address(&k, wanted[3], "mod_fn+0x8 [moda]", "a name is kept when its module goes");
	ksyms_free(&k);

	ksyms_init(&k);
	k.path = path;
	k.modules_path = modules;
	ksyms_load_all(&k);
	test_names(&k, "all symbols");
	ksyms_free(&k);
}

/* The names of what the patterns resolve to, or the status of the refusal. */
static void resolve(const char *path, const char *want, int status, char **argv, size_t n,
		    const char *name)
{
	struct targets t = {};
	struct buf b = {};
	size_t i;
	int err;

	err = targets_parse(&t, argv, n);
	if (!err)
		err = targets_resolve(&t, path);
	for (i = 0; !err && i < t.n; i++)
		buf_printf(&b, "%s%s%s%s", i ? " " : "", t.v[i].module, *t.v[i].module ? ":" : "",
			   t.v[i].name);
	ok(err == status, name);
	if (!err)
		same(b.len ? b.p : "", want, name);
	buf_free(&b);
	targets_free(&t);
}

#define RESOLVE(want, status, name, ...) do {					\
	static const char *const argv[] = { __VA_ARGS__ };			\
	resolve(path, want, status, (char **)argv, ARRAY_SIZE(argv), name);	\
} while (0)

static void test_patterns(const char *path)
{
	RESOLVE("beta moda:beta", 0, "a name matches core and modules", "beta");
	RESOLVE("moda:beta", 0, "a module's function", "moda:beta");
	RESOLVE("moda:mod_fn modb:mod_fn", 0, "a module glob", "mod?:mod_*");
	RESOLVE("gamma.isra.0", 0, "a clone answers for its name", "gamma");
	RESOLVE("delta", 0, "a clone does not when the name exists", "delta");
	RESOLVE("epsilon_noprof", 0, "what profiling of allocations wraps answers for its name",
		"epsilon");
	RESOLVE("epsilon_noprof", 0, "padding is no function", "*epsilon*");
	RESOLVE("delta.constprop.0 delta", 0, "a glob matches clones", "delta*");
	RESOLVE("beta", 0, "exclusion by module", "beta", "!moda:*");
	RESOLVE("beta moda:beta", 0, "two patterns for one function", "beta", "bet*");
	RESOLVE("alpha", 0, "of two names the one asked for", "alpha");
	RESOLVE("lto.llvm.1234", 0, "what ThinLTO renamed answers for its name", "lto");
	RESOLVE("__ia32_sys_call", 0, "of two names the one asked for, whatever its rank",
		"__ia32_sys_call");
	RESOLVE("__x64_sys_call", 0, "of two names the one that reports use", "*sys_call");
	RESOLVE("", STATUS_REFUSED, "no match is refused", "nothing_such");
	RESOLVE("", STATUS_REFUSED, "data is no function", "some_data");
	RESOLVE("", STATUS_REFUSED, "each pattern must match", "beta", "nothing_*");
	RESOLVE("", STATUS_USAGE, "only exclusions", "!beta");
	RESOLVE("", STATUS_USAGE, "an open bracket", "be[ta");
	RESOLVE("", STATUS_USAGE, "a module without name", ":beta");
}

static void test_init_code(const char *path)
{
	static const struct {
		const char *modules;
		const char *want;
		const char *name;
	} cases[] = {
		{ "moda 4096 0 - Live 0xffffffffc0001000\n", "",
		  "former init code has no functions" },
		{ "moda 4096 0 - Loading 0xffffffffc0001000\n", "moda:init_gone",
		  "that of a module that is being loaded has" },
		{ "moda 4096 0 - Live 0x0000000000000000\n", "moda:init_gone",
		  "and what is not seen to be former" },
	};
	char modules[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *want = cases[i].want;
		int status = *want ? 0 : STATUS_REFUSED;

		write_fake(modules, cases[i].modules);
		setenv("OBSCTL_MODULES", modules, 1);
		RESOLVE(want, status, cases[i].name, "init_gone");
		unlink(modules);
	}
	unsetenv("OBSCTL_MODULES");
}

static void name_function(struct view *v, uint64_t address, const char *want, const char *name)
{
	struct buf b = {};

	view_print_key(v, 0, address, &b);
	same(b.p, want, name);
	buf_free(&b);
}

/* Functions of one name, as patterns find them and as addresses are named. */
static void test_namesakes(const char *path, const char *modules)
{
	static const char *const argv[] = { "twice", "delta" };
	static const struct {
		uint64_t	address;
		const char	*name;
	} want[] = {
		{ 0xffffffff81002700ull, "twice 0xffffffff81002700" },
		{ 0xffffffff81002780ull, "twice 0xffffffff81002780" },
		{ 0xffffffffc0001200ull, "twice [moda]" },
		{ 0xffffffff81002300ull, "delta" },
	};
	struct view v = { .nr_columns = 1, .types = { KOBS_TYPE_FUNCTION } };
	struct targets t = {};
	size_t i;

	ok(!targets_parse(&t, (char **)argv, 2) && !targets_resolve(&t, path), "namesakes");
	v.targets = &t;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		name_function(&v, want[i].address, want[i].name, "a target and its namesakes");
	v.targets = NULL;
	ksyms_init(&v.ksyms);
	v.ksyms.path = path;
	v.ksyms.modules_path = modules;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		ksyms_want(&v.ksyms, want[i].address);
	ksyms_want(&v.ksyms, 0xffffffff81002500ull);
	ksyms_resolve(&v.ksyms);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		name_function(&v, want[i].address, want[i].name, "a function and its namesakes");
	name_address(&v.ksyms, 0xffffffff81002500ull, "__x64_sys_call", "the usual entry of a system call");
	targets_free(&t);
	view_free(&v);
}

/* Any place in a function of a module is the function's: pmu samples are at any. */
static void test_told_functions(void)
{
	const uint64_t a = 0xffffffffc0001000ull;
	const uint64_t b = 0xffffffffc0002000ull;
	const uint32_t f = KOBS_TYPE_FUNCTION;
	struct view v = { .nr_columns = 1, .types = { f } };
	struct table t = {};

	ksyms_init(&v.ksyms);
	v.ksyms.path = "/nonexistent";
	view_tell(&v, &t);
	ok(t.tell(&v, f, a + 0x1c, "spin+0x1c [moda]") == a &&
	   t.tell(&v, f, a, "spin [moda]") == a && t.tell(&v, f, a + 4, "spin+0x4 [moda]") == a,
	   "a place in a function is the function's");
	name_function(&v, a, "spin", "by its name");
	ok(t.tell(&v, f, b + 8, "spin+0x8 [modb]") == b, "a place in another one");
	name_function(&v, a, "spin [moda]", "by name and module");
	name_function(&v, b, "spin [modb]", "by name and module");
	ok(t.tell(&v, KOBS_TYPE_ADDRESS, a + 8, "spin+0x8 [moda]") == a + 8, "an address stays");
	ok(t.tell(&v, f, a + 0x500, "[unloaded] 0xffffffffc0001500") == a + 0x500,
	   "and what has no name");
	view_free(&v);
}

static void test_entries(const char *path)
{
	static const char *const argv[] = { "beta", "delta" };
	struct view v = { .nr_columns = 1, .types = { KOBS_TYPE_FUNCTION } };
	struct targets t = {};

	ok(!targets_parse(&t, (char **)argv, 2) && !targets_resolve(&t, path), "two targets");
	v.targets = &t;
	name_function(&v, 0xffffffff81002000ull, "beta", "the entry of a target");
	name_function(&v, 0xffffffff81002304ull, "delta", "an entry behind endbr");
	name_function(&v, 0xffffffff81002014ull, "[unknown] 0xffffffff81002014", "no entry");
	view_want_key(&v, 0, 0xffffffff81002004ull);
	ok(!v.ksyms.wanted.n, "a target's name is not looked for");
	view_want_key(&v, 0, 0xffffffff81001000ull);
	ok(v.ksyms.wanted.n == 1, "another function's name is");
	targets_free(&t);
	view_free(&v);
}

static void test_percentiles(void)
{
	struct row row = { .max = 1000 };
	struct hist_bar bars[20];
	struct bucket b = {};
	uint64_t sum = 0;
	size_t n;
	size_t i;

	ok(hist_percentile(&row, 0.5) == 0, "no buckets, no percentile");
	for (i = 1; i <= 15; i++) {
		b.lo = i;
		b.hi = i;
		b.count = 10;
		table_add_bucket(&row, &b);
	}
	ok(hist_percentile(&row, 0.5) == 8, "median of 1..15");
	ok(hist_percentile(&row, 1) == 15, "p100 of 1..15");
	b.lo = 992;
	b.hi = 1023;
	b.count = 1;
	table_add_bucket(&row, &b);
	ok(hist_percentile(&row, 0.999) == 1000, "a percentile is not above the largest value");
	ok(hist_percentile(&row, 0.99) == 15, "rank is rounded up");
	b.lo = 8;
	b.hi = 8;
	b.count = 5;
	table_add_bucket(&row, &b);
	ok(row.nr_buckets == 16 && row.buckets[7].count == 15, "parts of a bucket add up");
	n = hist_bars(&row, bars, ARRAY_SIZE(bars));
	for (i = 0; i < n; i++)
		sum += bars[i].count;
	ok(n && n <= ARRAY_SIZE(bars) && sum == 156, "bars hold every value");
	for (i = 1; i < n; i++)
		if (bars[i].lo != bars[i - 1].hi + 1)
			break;
	ok(i == n, "bars have no gaps");
	free(row.buckets);
}

static void test_merge(void)
{
	static const uint32_t types[] = { KOBS_TYPE_NUMBER, KOBS_TYPE_KSTACK };
	struct row a = { .count = 2, .sum = 20, .min = 5, .max = 15 };
	struct row b = { .count = 1, .sum = 3, .min = 3, .max = 3 };
	struct row none = {};
	struct figure kinds[] = {
		{ .merge = KOBS_MERGE_SUM },
		{ .merge = KOBS_MERGE_LOWEST },
		{ .merge = KOBS_MERGE_HIGHEST },
	};
	const struct mode mode = { .figures = kinds, .nr_figures = ARRAY_SIZE(kinds) };
	struct table t;
	uint64_t id;
	struct row *row;

	model_init_table(&t, types, 2, &mode);
	for (id = 1; id <= 3; id++) {
		/* -1 and 1 add up to 0, in two's complement. */
		const uint64_t figures[] = { id == 1 ? (uint64_t)-1 : id - 1, 10 * id, 10 * id };
		struct stack *s = zalloc(sizeof(*s) + 2 * sizeof(uint64_t));

		s->id = (uint32_t)id;
		s->nr = 2;
		s->addr[0] = 0x10;
		s->addr[1] = id == 3 ? 0x30 : 0x20;
		map_set(&t.stacks, id, s);
		table_add(&t, table_row(&t, (uint64_t[]){ 7, id }), &a, figures);
	}
	row = table_row(&t, (uint64_t[]){ 7, 1 });
	table_add(&t, row, &b, NULL);
	table_add(&t, row, &none, NULL);
	ok(t.nr_rows == 3 && row->count == 3 && row->min == 3 && row->max == 15,
	   "parts of a row add up");
	table_merge_stacks(&t);
	ok(t.nr_rows == 2, "stacks are compared by their content");
	row = table_row(&t, (uint64_t[]){ 7, 1 });
	ok(row->count == 5 && row->sum == 43, "rows of one stack add up");
	ok(table_figures(&t, row)[0] == 0 && table_figures(&t, row)[1] == 10 &&
	   table_figures(&t, row)[2] == 20, "their further numbers add up, lowest and highest count");
	row = table_row(&t, (uint64_t[]){ 8, 3 });
	ok(!table_figures(&t, row)[0] && table_figures(&t, row)[1] == UINT64_MAX &&
	   !table_figures(&t, row)[2], "a new row's further numbers are none");
	model_empty_table(&t);
	ok(!t.nr_rows && t.nr_figures == 3 && table_row(&t, (uint64_t[]){ 7, 1 })->count == 0,
	   "an emptied table takes rows again");
	model_free_table(&t);
}

static void test_numbers(void)
{
	struct numbers list = {};
	char b[64];

	same(format_count(b, sizeof(b), 0), "0", "count 0");
	same(format_count(b, sizeof(b), 999), "999", "count 999");
	same(format_count(b, sizeof(b), 1234567), "1,234,567", "count 1,234,567");
	same(format_count(b, sizeof(b), UINT64_MAX), "18,446,744,073,709,551,615", "largest count");
	same(format_ns(b, sizeof(b), 0), "0 ns", "0 ns");
	same(format_ns(b, sizeof(b), 42), "42 ns", "42 ns");
	same(format_ns(b, sizeof(b), 1500), "1.50 us", "1.50 us");
	same(format_ns(b, sizeof(b), 999600), "1.00 ms", "rounding changes the unit");
	same(format_ns(b, sizeof(b), 12.345e9), "12.3 s", "12.3 s");
	same(format_bytes(b, sizeof(b), 1536), "1.5 KiB", "1.5 KiB");
	ok(!parse_list("0,2-4", 10, true, &list) && list.n == 4 && list.v[3] == 4, "0,2-4");
	ok(parse_list("4-2", 10, true, &list) && parse_list("1,", 10, true, &list) &&
	   parse_list("11", 10, true, &list) && parse_list("1-2", 10, false, &list) &&
	   parse_list("-1", 10, true, &list), "lists that are none");
	numbers_free(&list);
}

static void test_json(void)
{
	struct buf b = {};

	json_escape(&b, "a\"b\\c\n\x01");
	same(b.p, "\"a\\\"b\\\\c\\u000a\\u0001\"", "quotes, backslash and control characters");
	b.len = 0;
	json_escape(&b, "\001x42");
	same(b.p, "\"\xef\xbf\xbdx42\"", "a byte that is for numbers");
	b.len = 0;
	json_escape(&b, "\xc3\xa9\xff\xc3");
	same(b.p, "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"", "bytes that are not UTF-8");
	b.len = 0;
	json_escape(&b, "\xed\xa0\x80");
	same(b.p, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "surrogates are not UTF-8");
	buf_free(&b);
}

static void test_out(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	struct out o;
	int i;

	for (i = 0; i < 2; i++) {
		out_init(&o, f, i);
		out_open(&o, NULL, '{');
		out_table_begin(&o, "rows");
		out_row_begin(&o);
		out_cell_text(&o, "func", "FUNC", "vfs_read");
		out_cell_number(&o, "count", "COUNT", 1234);
		out_row_end(&o);
		out_row_begin(&o);
		out_cell_text(&o, "func", "FUNC", "f");
		out_cell_number(&o, "count", "COUNT", 5);
		out_row_end(&o);
		out_table_end(&o);
		out_close(&o, '}');
		out_newline(&o);
		out_free(&o);
	}
	fclose(f);
	same(text, "FUNC      COUNT\nvfs_read  1,234\nf             5\n"
	     "{\"rows\": [{\"func\": \"vfs_read\", \"count\": 1234}, {\"func\": \"f\", \"count\": 5}]}\n",
	     "one table as text and as JSON");
	free(text);
}

static void describe(const struct filter *f, const char *want, const char *name)
{
	struct buf b = {};

	filter_describe(f, "ns", &b);
	same(b.len ? b.p : "", want, name);
	buf_free(&b);
}

static void test_filter(void)
{
	static const uint64_t cpus[] = { 0, 1, 2, 3, 5, 7, 8 };
	struct filter f = {};
	char *text = NULL;
	size_t size = 0;
	struct out o;
	size_t i;

	describe(&f, "", "no filter, no words");
	for (i = 0; i < ARRAY_SIZE(cpus); i++)
		numbers_add(&f.cpus, cpus[i]);
	describe(&f, "cpu 0-3, 5, 7, 8", "CPUs as a list with ranges");
	numbers_add(&f.pids, 12);
	strings_add(&f.comms, "sh*");
	strings_add(&f.comms, "cat");
	f.min = 10000;
	describe(&f, "pid 12; comm sh*, cat; cpu 0-3, 5, 7, 8; at least 10.0 us",
		 "all of a filter");
	f.cpus.n = 1;
	out_init(&o, open_memstream(&text, &size), true);
	out_open(&o, NULL, '{');
	filter_print_json(&f, &o);
	out_close(&o, '}');
	fclose(o.file);
	same(text, "{\"filter\": {\"pid\": [12], \"cpu\": [0], \"comm\": [\"sh*\", \"cat\"], \"min\": 10000}}",
	     "a filter as JSON");
	free(text);
	out_free(&o);
	numbers_free(&f.cpus);
	numbers_free(&f.pids);
	strings_free(&f.comms);
}

static void test_output(void)
{
	struct output out;

	ok(output_open(&out, "/nonexistent/x") == STATUS_REFUSED, "a file that cannot be opened");
	ok(!output_open(&out, "/dev/full"), "a file that can");
	fputs("x", out.file);
	ok(output_flush(&out) == STATUS_REFUSED, "a failed write is refused");
	output_close(&out);
	ok(!output_open(&out, NULL) && out.file == stdout && !output_close(&out),
	   "standard output stays open");
}

/* What becomes of an observation with @before signals while it goes on, and @after it. */
static bool survives(int signo, unsigned int before, unsigned int after)
{
	struct signals s = {};
	struct child none = {};
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		signals_block(&s, false);
		while (before--)
			raise(signo);
		signals_read(&s, &none);
		signals_unblock(&s);
		while (after--)
			raise(signo);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status);
}

static void test_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ok(survives(ends[i], 1, 0), "a signal ends an observation, not obsctl");
		ok(survives(ends[i], 0, 1), "a signal at its end does not take the report away");
		ok(!survives(ends[i], 0, 2), "a second signal ends obsctl");
		ok(!survives(ends[i], 1, 1), "so does a second one that comes at the report");
	}
}

int main(void)
{
	char kallsyms[32];
	char modules[32];

	write_fake(kallsyms, fake_kallsyms);
	write_fake(modules, fake_modules);
	test_globs();
	test_ksyms(kallsyms, modules);
	test_patterns(kallsyms);
	test_init_code(kallsyms);
	test_told_functions();
	test_entries(kallsyms);
	test_namesakes(kallsyms, modules);
	test_percentiles();
	test_merge();
	test_numbers();
	test_json();
	test_out();
	test_filter();
	test_output();
	test_signals();
	unlink(kallsyms);
	unlink(modules);
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
