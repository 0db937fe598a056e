// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of reports that are read a row at a time: the same as the library makes of all of
 * the text, and refused where that refuses it; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "export/json_rows.h"
#include "lib/diag.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;
static char path[32] = "/tmp/obsctl-rows-XXXXXX";
static char said[1024];

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void write_file(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(text, 1, size, file) != size || fclose(file))
		abort();
}

/* Load the file, with what is said of it in 'said'. */
static json_t *load(void)
{
	FILE *before = stderr;
	json_t *root = NULL;

	memset(said, 0, sizeof(said));
	stderr = fmemopen(said, sizeof(said) - 1, "w");
	if (json_file_load(path, &root)) {
		json_decref(root);
		root = NULL;
	}
	fclose(stderr);
	stderr = before;
	return root;
}

/* The last of the values of a text, or NULL; @first: for one that begins the text. */
static json_t *reference(const char *text, size_t size, json_error_t *why, bool *first)
{
	size_t at = strspn(text, "\n ");
	json_t *root = NULL;

	*first = !at;
	while (at < size) {
		json_decref(root);
		root = json_loadb(text + at, size - at,
				  JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, why);
		if (!root)
			break;
		*first = false;
		at += (size_t)why->position;
		at += strspn(text + at, "\n ");
	}
	return root;
}

/* Whether a text is read, or refused at the same place, as it is by the library. */
static bool is_read_alike(const char *text, size_t size)
{
	json_error_t why = {};
	char place[64];
	bool first, good;
	json_t *want = reference(text, size, &why, &first);
	json_t *got;

	write_file(text, size);
	got = load();
	snprintf(place, sizeof(place), "(line %d, column %d)\n", why.line, why.column);
	good = want ? got && json_equal(got, want) : !got && (!first || strstr(said, place));
	if (!good)
		printf("# '%.*s': %s '%s', said '%s'\n", (int)(size < 400 ? size : 400), text,
		       want ? "is read" : "is refused", want ? "" : place, said);
	json_decref(want);
	json_decref(got);
	return good;
}

static const char *const texts[] = {
	"{\"kobs\": \"1\",\n \"rows\": [{\"a\": [\"x+0x1\", \"y\"], \"n\": 1},\n"
	"  {\"a\": [ \"x+0x1\" ,\"z\"], \"b\": [\"x+0x1\"], \"n\": 2}, {\"a\": [], \"n\": 3}],\n"
	" \"last\": {\"rows\": [1, 2]}}\n",
	"{\"rows\": [{\"a\": [\"q\\\"]\", \"\\u00e9\\\\\"], \"k\\\"]\": [\"x\"], \"c\": [[\"x\"], [1]]},\n"
	"{\"a\": [\"\303\251\"], \"m\": {\"a\": [\"x\"]}, \"h\": [1, \"x\"]}]}",
	"{\"rows\": [1, \"a]\", [\"x\"], [[\"x\"]], null, {\"a\": [\"x\"]}]}",
	"{\"rows\": []}", "{\"rows\": [ ]\n}", "{\"rows\": {\"a\": 1}}", "{}", "[{\"rows\": [1, 2]}]",
	"{\"rows\": [{\"n\": 1}]}", "{\"rows\": [1 , 2\n,3 ] , \"z\": -1.5e3}",
};

static void test_alike(void)
{
	bool good = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		good &= is_read_alike(texts[i], strlen(texts[i]));
	ok(good, "reports are read as the library reads them");
}

/* Each text with a byte that is another one, is not there, or is the last one. */
static void test_broken(void)
{
	static const char bytes[] = "{}[],:\"\\ 1x\n\001\377";
	bool replaced = true, removed = true, cut = true;
	size_t i, k, at;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t size = strlen(texts[i]);

		for (at = 0; at < size; at++) {
			char *text = copy_string(texts[i]);

			for (k = 0; k < sizeof(bytes) - 1; k++) {
				text[at] = bytes[k];
				replaced &= is_read_alike(text, size);
			}
			cut &= !at || is_read_alike(texts[i], at);
			memmove(text + at, texts[i] + at + 1, size - at);
			removed &= size == 1 || is_read_alike(text, size - 1);
			free(text);
		}
	}
	ok(replaced, "with a byte replaced, they are refused where the library refuses them");
	ok(removed, "and with a byte removed");
	ok(cut, "and where they are cut off");
}

#define MANY	20000

struct seen {
	size_t		n;
	const json_t	*frame;		/* of the first row */
	bool		same;
	bool		right;
};

static int see(json_t *row, void *arg)
{
	struct seen *x = arg;
	const json_t *list = json_object_get(row, "stack");
	const json_t *own = json_object_get(row, "own");
	char name[32];

	snprintf(name, sizeof(name), "frame\"%zu", x->n);
	if (!x->n)
		x->frame = json_array_get(list, 0);
	x->same &= json_array_get(list, 0) == x->frame && json_array_size(list) == 2;
	x->right &= json_unsigned(json_object_get(row, "n")) == UINT64_MAX - x->n &&
		    !strcmp(json_string_value(json_array_get(own, 0)), name);
	x->n++;
	return x->n == MANY + 1 ? 42 : 0;
}

/* A report of some MB: pieces of it end anywhere. */
static void make_many(struct buf *text)
{
	char dashes[100];
	size_t i;

	memset(dashes, '-', sizeof(dashes));
	text->len = 0;
	buf_puts(text, "{\"kobs\": \"1\"} {\"kobs\": \"2\", \"rows\": [");
	for (i = 0; i <= MANY; i++)
		buf_printf(text, "%s{\"n\": %llu, \"stack\": [\"common+0x1 [a]\", \"root\"], \"own\": [\"frame\\\"%zu\"], \"text\": \"%.*s\"}",
			   i ? ", " : "", (unsigned long long)(UINT64_MAX - i), i, (int)(i % 97),
			   dashes);
	buf_puts(text, "], \"last\": true}\n");
}

static void test_many(void)
{
	struct seen x = { .same = true, .right = true };
	struct json_rows rows;
	struct buf text = {};
	json_t *root;

	make_many(&text);
	write_file(text.p, text.len);
	ok(!json_rows_open(&rows, path, &root), "a report of many rows is opened");
	ok(!strcmp(json_text(json_object_get(root, "kobs")), "2") &&
	   json_is_true(json_object_get(root, "last")), "the last report of a file counts");
	ok(json_array_size(json_object_get(root, "rows")) == 1 && json_rows_are_more(&rows),
	   "it has its first row");
	ok(json_rows_each(&rows, see, &x) == 42 && x.n == MANY + 1,
	   "all rows are read, and what ends that is returned");
	ok(x.right, "with what they have, and numbers of 64 bits");
	ok(x.same, "texts that rows have in common are one value");
	ok(rows.text.part.cap < 1 << 20 && text.len > 2 << 20, "in a part of the memory");
	x = (struct seen){ .same = true, .right = true };
	ok(json_rows_each(&rows, see, &x) == 42 && x.right && x.same, "and once more");
	json_decref(root);
	json_rows_close(&rows);
	root = json_file_parse(text.p, text.len);
	ok(json_array_size(json_object_get(root, "rows")) == MANY + 1, "a text in memory");
	json_decref(root);
	text.p[text.len - 100] = 1;
	ok(!json_file_parse(text.p, text.len), "one that is broken");
	buf_free(&text);
}

/* A writer at the other end of a pipe. */
static void test_pipe(void)
{
	struct seen x = { .same = true, .right = true };
	struct json_rows rows;
	struct buf text = {};
	char name[32];
	json_t *root;
	int fd[2];
	pid_t pid;

	make_many(&text);
	if (pipe(fd))
		abort();
	pid = fork();
	if (!pid) {
		size_t at = 0;
		ssize_t n;

		close(fd[0]);
		while (at < text.len && (n = write(fd[1], text.p + at, text.len - at)) > 0)
			at += (size_t)n;
		_exit(0);
	}
	close(fd[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd[0]);
	ok(!json_rows_open(&rows, name, &root) && json_rows_each(&rows, see, &x) == 42 && x.right,
	   "a report from a pipe");
	close(fd[0]);
	waitpid(pid, NULL, 0);
	json_decref(root);
	json_rows_close(&rows);
	buf_free(&text);
}

static int count(json_t *record, void *arg)
{
	size_t *n = arg;

	if (json_integer_value(json_object_get(record, "n")) == (json_int_t)*n)
		(*n)++;
	return 0;
}

static void test_records(void)
{
	struct buf text = {};
	size_t n = 0;
	size_t i;

	for (i = 0; i < MANY; i++)
		buf_printf(&text, "{\"n\": %zu, \"text\": \"%.*s\"}\n", i, (int)(i % 61),
			   "\\\"}]--------------------------------------------------------");
	write_file(text.p, text.len);
	/* A text can end between a backslash and its letter. */
	ok(json_file_each(path, count, &n) == STATUS_REFUSED && n == 1,
	   "a record that is none ends a file of them");
	text.len = 0;
	for (i = 0, n = 0; i < MANY; i++)
		buf_printf(&text, "{\"n\": %zu, \"text\": \"%.*s\"}%s", i, (int)(i % 30) * 2,
			   "\\\"\\\"}]\\\\----------------------------------------------------",
			   i % 3 ? "\n" : "");
	write_file(text.p, text.len);
	ok(!json_file_each(path, count, &n) && n == MANY, "records, one after the other");
	write_file("", 0);
	ok(!json_file_each(path, count, &n) && !load() && strstr(said, "is empty"),
	   "a file without any");
	buf_free(&text);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_alike();
	test_broken();
	test_many();
	test_pipe();
	test_records();
	unlink(path);
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
