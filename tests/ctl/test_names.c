// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of numbers that are shown by names: system calls, errors, constants of
 * enums. Run by 'make check' in ctl/; prints TAP.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kobs_program.h"
#include "lib/buf.h"
#include "report/report.h"
#include "sample_btf.h"
#include "symbols/btf.h"
#include "symbols/errors.h"
#include "symbols/syscalls.h"

#define LABELS	"number0=nsample_state:state number1=e:error number2=s:call number3=nPLAIN_ONE:plain " \
		"number4=nsample/sample_mode:mode number5=nno_such:other number6=d:x:y " \
		"number7=i:from number8=b:dev number9=I:peer number10=J:peer_end number11=z:faults " \
		"number12=J:alone number13=I:other number14=D:node number15=T:time"
#define COLUMNS	16

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

/* A session with a column for each label, without the kernel. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct column	columns[COLUMNS];
	char		names[COLUMNS][24];
	struct param	params[2];
	struct session	session;
};

static void set_up(struct fixture *f)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){ .name = (char *)"count" };
	for (i = 0; i < COLUMNS; i++) {
		snprintf(f->names[i], sizeof(f->names[i]), "number%zu", i);
		f->columns[i] = (struct column){ .name = f->names[i], .type = KOBS_TYPE_NUMBER };
		strings_add(&f->session.by, f->names[i]);
	}
	f->source = (struct source){
		.name = (char *)"probe", .modes = &f->mode, .nr_modes = 1, .columns = f->columns,
		.nr_columns = COLUMNS,
	};
	f->params[0] = (struct param){ .name = (char *)"labels", .text = (char *)LABELS };
	f->view.sources = (struct sources){ .v = &f->source, .n = 1 };
	f->session.source = (char *)"probe";
	f->session.mode = (char *)"count";
	f->session.params = f->params;
	f->session.nr_params = 1;
	f->session.state = KOBS_STATE_STOPPED;
}

static void tear_down(struct fixture *f)
{
	strings_free(&f->session.by);
	strings_free(&f->view.labels);
	strings_free(&f->view.places);
	kbtf_free(&f->view.btf);
}

static void shows(struct fixture *f, size_t column, int64_t key, const char *want)
{
	struct buf text = {};
	char name[80];

	view_print_key(&f->view, column, (uint64_t)key, &text);
	snprintf(name, sizeof(name), "%s %lld is %s", f->view.columns[column]->name,
		 (long long)key, want);
	ok(!strcmp(text.p, want), name);
	if (strcmp(text.p, want))
		printf("# %s\n", text.p);
	buf_free(&text);
}

static void shows_address(struct fixture *f, const char *address, const char *want)
{
	uint64_t keys[COLUMNS] = {};
	struct buf text = {};

	inet_pton(AF_INET6, address, &keys[9]);
	view_print_cell(&f->view, 9, keys, &text);
	ok(!strcmp(text.p, want), want);
	if (strcmp(text.p, want))
		printf("# %s\n", text.p);
	buf_free(&text);
}

static void test_addresses(struct fixture *f)
{
	uint64_t keys[COLUMNS] = {};

	shows(f, 7, 0x0201a8c0, "192.168.1.2");
	shows(f, 8, 12345ll << 20 | 67, "12345:67");
	shows(f, 14, 12345ll << 20 | 67, "12345:67");
	shows_address(f, "2001:db8::1:2", "2001:db8::1:2");
	shows_address(f, "::1", "::1");
	shows_address(f, "::ffff:10.1.2.3", "10.1.2.3");
	ok(view_is_hidden(&f->view, 10) && !view_is_hidden(&f->view, 9),
	   "the second half is not shown itself");
	shows(f, 12, 255, "0xff");
	shows(f, 13, 255, "0xff");
	keys[11] = 1 << 10;
	ok(view_is_fault(&f->view, 9, keys), "an address is a fault if a half is");
	keys[11] = 1 << 8;
	ok(!view_is_fault(&f->view, 9, keys), "and not if another column is");
}

static void put(const char *dir, const char *name, struct btf *btf)
{
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);
	struct buf path = {};
	FILE *file;

	buf_printf(&path, "%s/%s", dir, name);
	file = fopen(path.p, "w");
	if (!file || fwrite(data, 1, size, file) != size)
		perror(path.p);
	if (file)
		fclose(file);
	buf_free(&path);
}

/* Types of the kernel and of a module, in files. */
static void set_types(char *dir)
{
	struct btf *base = sample_btf();
	struct btf *split = btf__new_empty_split(base);

	btf__add_enum(split, "sample_mode", 4);
	btf__add_enum_value(split, "MODE_FAST", 4);
	if (!mkdtemp(dir) || setenv("OBSCTL_BTF", dir, 1))
		perror(dir);
	put(dir, "vmlinux", base);
	put(dir, "sample", split);
	btf__free(split);
	btf__free(base);
}

static void test_columns(void)
{
	struct fixture f;

	set_up(&f);
	ok(!view_bind(&f.view, &f.session), "the columns have labels");
	shows(&f, 0, STATE_BUSY, "STATE_BUSY");
	shows(&f, 0, STATE_GONE, "STATE_GONE");
	shows(&f, 0, 5, "5");
	shows(&f, 1, -2, "ENOENT");
	shows(&f, 1, 2, "2");
	shows(&f, 1, -4000, "-4000");
	shows(&f, 2, __NR_read, "read");
	shows(&f, 2, 400000, "400000");
	shows(&f, 3, 9, "PLAIN_NINE");
	shows(&f, 4, 4, "MODE_FAST");
	shows(&f, 4, STATE_GONE, "7");
	shows(&f, 5, 1, "1");
	shows(&f, 6, -1, "-1");
	shows(&f, 15, 2152248, "2.15 ms");
	ok(!strcmp(f.view.columns[6]->name, "x:y"), "a name can have a colon");
	test_addresses(&f);
	ok(view_has_number(&f.view, 0) && view_has_number(&f.view, 1) &&
	   view_has_number(&f.view, 2) && view_has_number(&f.view, 14) &&
	   !view_has_number(&f.view, 6) && !view_has_number(&f.view, 15),
	   "which have a number beside their name");
	tear_down(&f);
}

/* Programs get both. */
static void test_json(void)
{
	uint64_t key[COLUMNS] = { STATE_BUSY, (uint64_t)-2, __NR_read, 1, 4, 1, 3, 1,
				  [14] = 12345ull << 20 | 67, [15] = 2152248 };
	struct row part = { .count = 5 };
	struct opts o = { .json = true };
	struct report r = { .opts = &o };
	struct output to = {};
	struct table table;
	struct fixture f;
	char *text = NULL;
	size_t size;

	set_up(&f);
	view_bind(&f.view, &f.session);
	model_init_table(&table, f.view.types, COLUMNS, &f.mode);
	table_add(&table, table_row(&table, key), &part, NULL);
	r.view = &f.view;
	r.session = &f.session;
	r.table = &table;
	to.file = open_memstream(&text, &size);
	report_resolve(&r);
	ok(!report_print(&r, &to), "a report is printed");
	fclose(to.file);
	ok(strstr(text, "\"state\": \"STATE_BUSY\", \"state_number\": 1, ") &&
	   strstr(text, "\"error\": \"ENOENT\", \"error_number\": -2, \"call\": \"read\""),
	   "JSON has the number, too");
	ok(strstr(text, "\"x:y\": 3, \"from\": \"1.0.0.0\","), "but of no other column");
	ok(strstr(text, "\"peer\": \"::\", \"alone\""), "an address is one column");
	ok(strstr(text, "\"node\": \"12345:67\", \"node_number\": 12944670787, \"time\": 2152248"),
	   "a device has its number, a time is one");
	ok(strstr(text, "{\"name\": \"time\", \"type\": \"ns\"}"), "whose unit is told");
	free(text);
	model_free_table(&table);
	ksyms_free(&f.view.ksyms);
	tear_down(&f);
}

static void test_errors(void)
{
	ok(!strcmp(error_name(-2), "ENOENT") && !strcmp(error_name(-110), "ETIMEDOUT"),
	   "errors of the C library");
	ok(!strcmp(error_name(-512), "ERESTARTSYS") && !strcmp(error_name(-524), "ENOTSUPP"),
	   "errors of the kernel");
	ok(!error_name(0) && !error_name(5) && !error_name(-4096) && !error_name(-3000),
	   "what is none");
}

static void test_syscalls(void)
{
	struct buf text = {};
	long last = -1;
	size_t own = 0;
	long nr;
	bool good = true;

	for (nr = syscall_next(-1); nr >= 0; nr = syscall_next(nr)) {
		good &= nr > last && syscall_name(nr);
		own += nr < KOBS_PROBE_COMPAT;
		last = nr;
	}
	ok(good && own > 300, "system calls by number");
	ok(syscall_number("read") == __NR_read && syscall_number("raed") == -1, "and by name");
#if defined(__x86_64__)
	ok(syscall_number("i386:getpid") == (20 | KOBS_PROBE_COMPAT) &&
	   !strcmp(syscall_name(20 | KOBS_PROBE_COMPAT), "i386:getpid"), "those of 32 bits");
	ok(syscall_number("x32:ioctl") == 0x40000000 + 514, "those of x32");
#endif
	syscall_print(9999 | KOBS_PROBE_COMPAT, &text);
	ok(!strcmp(text.p, "32-bit:9999"), "one of 32 bits without a name");
	buf_free(&text);
	ok(syscall_matches("re*", "read") && !syscall_matches("*", "i386:read") &&
	   syscall_matches("i386:re*", "i386:read") && !syscall_matches("i386:*", "read"),
	   "a pattern is for one interface");
}

int main(void)
{
	char dir[] = "/tmp/obsctl-btf-XXXXXX";
	struct buf clean = {};

	test_errors();
	test_syscalls();
	if (kbtf_available()) {
		set_types(dir);
		test_columns();
		test_json();
		buf_printf(&clean, "rm -rf %s", dir);
		if (system(clean.p))
			perror(clean.p);
		buf_free(&clean);
	}
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
