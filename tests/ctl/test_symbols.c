// SPDX-License-Identifier: GPL-2.0
/* Which names come from the cache of symbols, and when there is none; names that are told. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "symbols/kallsyms.h"
#include "symbols/ksyms.h"
#include "symbols/symbol_cache.h"

static int tests;
static int failures;

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

static char top[32] = "/tmp/obsctl-symbols-XXXXXX";
static char dir[64], kallsyms[64], modules[64], sysfs[64], boot_id[64];

static const struct symbol_cache_paths paths = {
	.dir = dir, .kallsyms = kallsyms, .modules = modules, .sysfs = sysfs, .boot_id = boot_id,
};

static const char symbols[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81001000 T alpha\n"
	"ffffffffc0001000 t mod_fn\t[moda]\n";

static const char zeros[] =
	"0000000000000000 A fixed_percpu_data\n"
	"0000000000000000 T _text\n"
	"0000000000000000 T alpha\n"
	"0000000000000000 t mod_fn\t[moda]\n";

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		perror(path);
}

static void make_module(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	if (mkdir(path, 0755))
		perror(path);
}

static void set_up(void)
{
	if (!mkdtemp(top))
		perror(top);
	snprintf(dir, sizeof(dir), "%s/run", top);
	snprintf(kallsyms, sizeof(kallsyms), "%s/kallsyms", top);
	snprintf(modules, sizeof(modules), "%s/modules", top);
	snprintf(sysfs, sizeof(sysfs), "%s/sys", top);
	snprintf(boot_id, sizeof(boot_id), "%s/boot_id", top);
	mkdir(sysfs, 0755);
	make_module("moda");
	put(kallsyms, symbols);
	put(modules, "moda 16384 0 - Live 0xffffffffc0001000 (OE)\n");
	put(boot_id, "11111111-2222\n");
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	if (system(command))
		perror(command);
}

/* Return: whether a copy could be begun. */
static bool fill(const char *text, bool complete)
{
	struct symbol_cache c;

	if (symbol_cache_create(&c, &paths))
		return false;
	if (write(c.fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror("cache");
	symbol_cache_finish(&c, complete);
	return true;
}

static bool is_there(void)
{
	char text[512] = "";
	int fd = symbol_cache_open(&paths);
	bool same;

	if (fd < 0)
		return false;
	same = read(fd, text, sizeof(text) - 1) == (ssize_t)strlen(symbols) &&
	       !strcmp(text, symbols);
	close(fd);
	return same;
}

static void test_validity(void)
{
	char path[128];
	char other[128];

	snprintf(path, sizeof(path), "%s/kallsyms", dir);
	ok(!is_there(), "no cache at first");
	fill(symbols, false);
	ok(!is_there(), "what was not completed is none");
	ok(fill(symbols, true) && is_there(), "a complete copy is used");

	put(boot_id, "11111111-3333\n");
	ok(!is_there(), "not after another boot");
	put(boot_id, "11111111-2222\n");
	ok(is_there(), "but in the same one");

	put(modules, "moda 16384 7 modb, Live 0xffffffffc0001000 (OE)\n");
	ok(is_there(), "users of a module do not matter");
	put(modules, "moda 20480 0 - Live 0xffffffffc0001000 (OE)\n");
	ok(!is_there(), "a module's size does");
	put(modules, "moda 16384 0 - Live 0xffffffffc0002000 (OE)\n");
	ok(!is_there(), "and its address");
	put(modules, "moda 16384 0 - Unloading 0xffffffffc0001000 (OE)\n");
	ok(!is_there() && !fill(symbols, true), "no cache while a module goes");
	put(modules, "moda 16384 0 - Live 0xffffffffc0001000 (OE)\n");
	ok(is_there(), "as before");

	/* Loaded again to the same address: only the inode differs. */
	snprintf(other, sizeof(other), "%s/moda", sysfs);
	make_module("new");
	rmdir(other);
	snprintf(path, sizeof(path), "%s/new", sysfs);
	ok(!rename(path, other) && !is_there(), "not after a module was loaded again");
	ok(fill(symbols, true) && is_there(), "a new copy takes its place");
}

/* Whether reading @text to its end leaves a copy that is used. */
static bool copied(const char *text)
{
	struct kallsyms k;
	char path[128];

	snprintf(path, sizeof(path), "%s/kallsyms", dir);
	unlink(path);
	put(kallsyms, text);
	if (kallsyms_open_live(&k, kallsyms) || symbol_cache_create(&k.cache, &paths))
		return false;
	k.lines.copy = k.cache.fd;
	kallsyms_close(&k);
	return !access(path, F_OK);
}

static void test_torn(void)
{
	char text[512];

	ok(copied(symbols), "what is read to its end is kept");
	snprintf(text, sizeof(text), "%sffffffffc0009000 t passing\t[modb]\n", symbols);
	ok(!copied(text), "not if it has a module that came and went meanwhile");
	snprintf(text, sizeof(text), "%sffffffffc0009000 t bpf_prog_1234_x\t[bpf]\n", symbols);
	ok(copied(text), "generated code is in no list of modules");
	put(kallsyms, symbols);
	fill(symbols, true);
}

static void test_trust(void)
{
	char path[128];
	char other[128];

	snprintf(path, sizeof(path), "%s/kallsyms", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	put(kallsyms, zeros);
	ok(!is_there(), "whoever is shown no addresses gets none from the cache");
	fill(zeros, true);
	ok(symbol_cache_open(&paths) < 0, "a copy without addresses is not used either");
	put(kallsyms, symbols);
	fill(symbols, true);
	ok(is_there(), "addresses are shown again");
	chmod(path, 0640);
	ok(!is_there(), "not if others can read it");
	chmod(path, 0600);
	chmod(dir, 0777);
	ok(!is_there() && !fill(symbols, true), "not if others can replace it");
	chmod(dir, 0700);
	ok(is_there(), "trusted again");
	if (rename(path, other) || symlink("other", path))
		perror(path);
	ok(!is_there(), "a symbolic link is not followed");
}

static const char generated[] =
	"ffffffff81000000 T _text\n"
	"ffffffff81001000 T alpha\n"
	"ffffffff81003000 B _end\n"
	"ffffffffc0001000 t mod_one\t[moda]\n"
	"ffffffffc0003000 t mod_two\t[moda]\n"
	"ffffffffc0006000 t bpf_prog_1234_x\t[bpf]\n"
	"ffffffffc0007000 t ftrace_trampoline\t[__builtin__ftrace]\n";

static void name_is(struct ksyms *k, uint64_t address, const char *want, const char *name)
{
	struct buf b = {};

	ksyms_print_address(k, address, &b);
	if (strcmp(b.p, want))
		printf("# '%s', not '%s'\n", b.p, want);
	ok(!strcmp(b.p, want), name);
	buf_free(&b);
}

/* A stream that has loaded a cache, while the kernel generates code. */
static void test_generated(void)
{
	struct kallsyms from = { .cached = true, .cache.fd = -1 };
	struct ksym_line sym;
	struct ksyms k;
	int n = 0;

	put(kallsyms, generated);
	lines_begin(&from.lines, open(kallsyms, O_RDONLY));
	while (kallsyms_next(&from, &sym))
		n++;
	ok(n == 5 && from.kernel_end == 0xffffffff81003000ull,
	   "the cache names no code generated at run time");
	kallsyms_close(&from);

	ksyms_init(&k);
	k.path = kallsyms;
	k.modules_path = modules;
	put(modules, "moda 65536 0 - Live 0xffffffffc0001000 (OE)\n");
	memset(&from, 0, sizeof(from));
	from.cached = true;
	from.cache.fd = -1;
	lines_begin(&from.lines, open(kallsyms, O_RDONLY));
	ksyms_load_from(&k, &from);
	name_is(&k, 0xffffffff81001010ull, "alpha+0x10", "a name of the kernel from the cache");
	name_is(&k, 0xffffffffc0002010ull, "mod_one+0x1010 [moda]", "between two of a module");
	name_is(&k, 0xffffffffc0003ff0ull, "mod_two+0xff0 [moda]", "in the page of its last one");
	name_is(&k, 0, "[unknown] 0x0", "no name of what is nowhere");
	name_is(&k, 1, "[unknown] 0x1", "nor of a number");
	ok(k.all_cached, "all from the cache");
	name_is(&k, 0xffffffffc0006010ull, "bpf_prog_1234_x+0x10 [bpf]",
		"a BPF program within what the module's size spans");
	ok(!k.all_cached, "read anew");
	ksyms_free(&k);
}

static void is_told(struct ksyms *k, uint64_t word, const char *want, const char *name)
{
	struct buf out = {};

	ksyms_print_address(k, word, &out);
	ok(!strcmp(out.p, want), name);
	if (strcmp(out.p, want))
		printf("# got '%s', want '%s'\n", out.p, want);
	buf_free(&out);
}

/* Names that come with addresses: one address can have had several. */
static void test_told(void)
{
	const uint64_t data = 0xffffffffc0003000ull;
	const uint64_t at = 0xffffffffc0001010ull;
	struct buf out = {};
	struct ksyms k;
	uint64_t a, b, gone, none;

	ksyms_init(&k);
	k.path = "/nonexistent";
	a = ksyms_tell(&k, at, "leak+0x10 [moda]", false);
	b = ksyms_tell(&k, at, "entry [modb]", false);
	gone = ksyms_tell(&k, at, "[unloaded] 0xffffffffc0001010", false);
	none = ksyms_tell(&k, at, "[unknown] 0xffffffffc0001010", false);
	ok(a == at, "the first name of an address has its number");
	ok(b != at && ksyms_address(&k, b) == at, "another one has a number of its own");
	ok(ksyms_address(&k, at) == at && ksyms_address(&k, 0x1234) == 0x1234 &&
	   ksyms_address(&k, 1ull << 63) == 1ull << 63, "an address is its own");
	ok(ksyms_tell(&k, at, "leak+0x10 [moda]", false) == a &&
	   ksyms_tell(&k, at, "entry [modb]", false) == b &&
	   ksyms_tell(&k, at, "[unloaded] 0xffffffffc0001010", false) == gone,
	   "names keep their numbers");
	is_told(&k, a, "leak+0x10 [moda]", "the first name");
	is_told(&k, b, "entry [modb]", "the second name");
	is_told(&k, gone, "[unloaded] 0xffffffffc0001010", "a name that is lost");
	ok(!k.unknown, "all of them have names");
	is_told(&k, none, "[unknown] 0xffffffffc0001010", "no name");
	ok(k.unknown, "that one has none");
	ksyms_want(&k, a);
	ksyms_want(&k, b);
	ok(!k.wanted.n, "names that were told are not looked for");
	ksyms_print_function(&k, b, &out);
	ok(!strcmp(out.p, "entry"), "a function");
	buf_free(&out);
	ok(ksyms_tell(&k, data, "lock [modb]", true) == data, "data");
	ksyms_print_object(&k, data, &out);
	ok(!strcmp(out.p, "lock [modb]"), "an object");
	buf_free(&out);
	/* A stream's names do not say what they are of. */
	ok(ksyms_tell(&k, data + 8, "both [modb]", false) == data + 8 &&
	   ksyms_tell(&k, data + 8, "both [modb]", true) == data + 8, "told as code and data");
	is_told(&k, data + 8, "both [modb]", "as code");
	ksyms_print_object(&k, data + 8, &out);
	ok(!strcmp(out.p, "both [modb]"), "as data");
	buf_free(&out);
	ksyms_free(&k);
}

static const char several[] =
	"ffffffff81000000 T _text\n"
	"ffffffff81003000 B _end\n"
	"ffffffffc0003000 d __key.5\t[moda]\n"
	"ffffffffc0003000 d handlers_lock\t[moda]\n"
	"ffffffffc0003100 d __key.7\t[modb]\n"
	"ffffffffc0003100 d new_lock\t[modb]\n"
	"ffffffffc0003200 t __key.9\t[moda]\n"
	"ffffffffc0003200 t function\t[moda]\n";

static void object_is(struct ksyms *k, uint64_t word, const char *want, const char *name)
{
	struct buf b = {};

	ksyms_print_object(k, word, &b);
	if (strcmp(b.p, want))
		printf("# '%s', not '%s'\n", b.p, want);
	ok(!strcmp(b.p, want), name);
	buf_free(&b);
}

/* Of several symbols of data at one address, the kernel tells the first. */
static void test_told_data(void)
{
	const uint64_t at = 0xffffffffc0003000ull;
	struct ksyms k;
	uint64_t old;

	put(kallsyms, several);
	ksyms_init(&k);
	k.path = kallsyms;
	k.modules_path = modules;
	old = ksyms_tell(&k, at, "gone_lock [moda]", true);
	ksyms_tell(&k, at + 0x18, "__key.5+0x18 [moda]", true);
	ksyms_tell(&k, at + 0x100, "__key.7 [moda]", true);
	ksyms_tell(&k, at + 0x200, "__key.9 [moda]", true);
	is_told(&k, ksyms_tell(&k, at, "__key.5 [moda]", false), "__key.5 [moda]", "code");
	object_is(&k, ksyms_tell(&k, at, "__key.5 [moda]", true), "__key.5 [moda]", "what was told");
	ksyms_resolve(&k);
	object_is(&k, ksyms_tell(&k, at, "__key.5 [moda]", true), "handlers_lock [moda]",
		  "the best symbol of the address");
	object_is(&k, at + 0x18, "handlers_lock+0x18 [moda]", "within it");
	object_is(&k, old, "gone_lock [moda]", "not of what was there before");
	object_is(&k, at + 0x100, "__key.7 [moda]", "not of another module");
	object_is(&k, at + 0x200, "__key.9 [moda]", "not of code");
	is_told(&k, ksyms_tell(&k, at, "__key.5 [moda]", false), "__key.5 [moda]", "code stays");
	ksyms_free(&k);
	put(kallsyms, symbols);
}

int main(void)
{
	set_up();
	test_validity();
	test_torn();
	test_trust();
	test_generated();
	test_told();
	test_told_data();
	tear_down();
	printf("1..%d\n", tests);
	return failures != 0;
}
