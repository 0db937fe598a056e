// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of reports as pages: lines, tables, bars and the flame graph, with everything
 * in them as text. Prints TAP. With a folder as its argument it leaves the pages there,
 * for tests/browser/run.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "cmd/saved/compare.h"
#include "lib/buf.h"
#include "lib/diag.h"

static unsigned int test_nr;
static unsigned int failures;
static char dir[256];

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *text, const char *part, bool wanted, const char *name)
{
	bool good = !strstr(text, part) == !wanted;

	ok(good, name);
	if (!good)
		printf("# %s '%s'\n", wanted ? "no" : "there is", part);
}

static char *path_of(const char *name)
{
	static char paths[8][300];
	static size_t n;
	char *path = paths[n++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *content)
{
	FILE *file = fopen(path_of(name), "w");

	if (file) {
		fputs(content, file);
		fclose(file);
	}
}

static char *read_page(const char *name)
{
	FILE *file = fopen(path_of(name), "r");
	struct buf text = {};
	char part[4096];
	size_t n;

	buf_puts(&text, "");
	while (file && (n = fread(part, 1, sizeof(part), file)))
		buf_add(&text, part, n);
	if (file)
		fclose(file);
	return text.p;
}

static char *make(const struct noun *noun, const char *a, const char *b, const char *page)
{
	static struct diff_opts own;
	char *args[2] = { path_of(a), b ? path_of(b) : NULL };
	struct opts o = {
		.args = args, .nr_args = b ? 2 : 1, .own = &own, .output = path_of("out"),
		.html = path_of(page), .line = (char *)"obsctl diff a.json b.json",
	};

	ok(!noun->verbs[0].fn(&noun->verbs[0], &o), "a page is made");
	return read_page(page);
}

#define NAMES "\"&\\\"' <b>\", \"<script>alert(1)</script>+0x10\", \"]]></script>\", \"root+0x1\""

/* Rows of 1 to 30 ms, by name and process; every third stack ends elsewhere. */
static void add_rows(struct buf *out, unsigned int n, unsigned int times, bool stacks)
{
	unsigned int i;

	for (i = 1; i <= n; i++) {
		unsigned int sum = (31 - i) * 1000000 * times;

		buf_printf(out, "%s{\"comm\": \"%s\", \"pid\": %u, \"count\": %u, \"sum\": %u, \"min\": 100, \"max\": 1000000",
			   i > 1 ? ", " : "",
			   i % 2 ? "<b>sh</b> & \\\"co\\\"" : "plain",
			   100 + i * 7 % n, i * 10, sum);
		buf_printf(out, ", \"hist\": [{\"lo\": 1024, \"hi\": 1087, \"count\": %u}, {\"lo\": 4096, \"hi\": 4351, \"count\": %u}]",
			   i * 6, i * 4);
		if (stacks)
			buf_printf(out, ", \"kstack\": [%s\"leaf%s\", " NAMES "]", i % 3 ? "" : "\"top\", ",
				   i % 3 ? "" : "_three");
		buf_puts(out, "}");
	}
}

static void write_report(const char *name, unsigned int n, unsigned int times, bool stacks)
{
	struct buf out = {};

	buf_printf(&out, "{\"kobs\": \"1.0\", \"kernel\": \"6.12.0 <test>\", \"source\": \"func\", \"mode\": \"time\", \"obsctl\": \"obsctl func time '<b>&' -- ./work\", \"duration_ns\": 2000000000, \"targets\": 1, \"params\": {}, \"title\": \"func time of 1 function\", \"columns\": [{\"name\": \"comm\", \"type\": \"text\"}, {\"name\": \"pid\", \"type\": \"number\"}%s], \"value\": \"time\", \"unit\": \"ns\", \"rows\": [",
		   stacks ? ", {\"name\": \"kstack\", \"type\": \"kstack\"}" : "");
	add_rows(&out, n, times, stacks);
	buf_puts(&out, "], \"accounting\": {\"hits\": 5000, \"recorded\": 4650, \"filtered\": 0, \"own\": 0, \"lost\": {\"table_full\": 350}, \"reasons\": {\"table_full\": \"no room for <i>a</i> key: raise --rows\"}}, \"cost\": {\"hits_timed\": 0}, \"memory\": 4096, \"fill\": {\"rows\": 30, \"rows_max\": 30, \"stacks\": 3, \"stacks_max\": 8}}\n");
	write_file(name, out.p);
	buf_free(&out);
}

/* Whether each part follows the one before. */
static void in_order(const char *text, const char *const *parts, const char *name)
{
	const char *at = text;

	for (; *parts; parts++) {
		const char *next = strstr(at, *parts);

		if (!next) {
			ok(false, name);
			printf("# no '%s' there\n", *parts);
			return;
		}
		at = next + strlen(*parts);
	}
	ok(true, name);
}

static void test_report(void)
{
	static const char *const parts[] = {
		"<!DOCTYPE html>", "default-src 'none'", "<title>func time of 1 function, 2.00 s</title>",
		"<h1>func time of 1 function, 2.00 s</h1>",
		"<p class=\"line\" id=\"command\">obsctl func time &#39;&lt;b&gt;&amp;&#39; -- ./work</p>",
		"<p class=\"line first warning\">*** 7.0 % of the hits were lost: the rows are incomplete. The reasons are below. ***</p>",
		"<svg ", "width: ns of time; all: 465 ms in 30 rows", "<script><![CDATA[", "</svg>",
		"<div class=\"rows\"><table>\n<thead><tr><th>COMM</th><th class=\"r\">PID</th><th class=\"r\">COUNT</th><th class=\"r\">TOTAL</th>",
		"<tbody><tr><td>&lt;b&gt;sh&lt;/b&gt; &amp; &quot;co&quot;</td><td class=\"r\" data-v=\"107\">107</td><td class=\"r\" data-v=\"10\">10</td><td class=\"r\" data-v=\"30000000\">30.0 ms</td><td class=\"r\">6.5 %</td>",
		"<tr><td colspan=\"12\"><details><summary>leaf and 4 more</summary><pre>leaf\n&amp;&quot;&#39; &lt;b&gt;\n&lt;script&gt;alert(1)&lt;/script&gt;+0x10\n]]&gt;&lt;/script&gt;\nroot+0x1\n</pre></details></td></tr></tbody>",
		"</table></div>",
		"<table class=\"bars\">\n<tr><td>1.02 us .. ", "<td>6</td><td><div style=\"width:100.00%\"></div></td></tr>",
		"</table>\n<p class=\"line\">(charts of the first 10 rows only",
		"<p class=\"line first\">hits 5,000 = recorded 4,650 + filtered 0 + lost 350</p>",
		"<p class=\"line\">  lost 350, table_full: no room for &lt;i&gt;a&lt;/i&gt; key: raise --rows</p>",
		"<p class=\"line\">Linux 6.12.0 &lt;test&gt;, kobs 1.0</p>", "<script>\n", "</script>\n</body>\n</html>\n",
		NULL
	};
	char *page;

	write_report("report.json", 30, 1, true);
	page = make(&noun_show, "report.json", NULL, "report.html");
	in_order(page, parts, "title, command, losses, graph, table, bars and account, all of it escaped");
	has(page, "<script>alert", false, "no name is markup");
	has(page, "http:", true, "the names of XML are there");
	has(page, "https:", false, "but no address that is asked for");
	free(page);
}

static void test_plain(void)
{
	char *page;

	write_report("plain.json", 12, 1, false);
	page = make(&noun_show, "plain.json", NULL, "plain.html");
	has(page, "<svg", false, "without stacks there is no graph");
	has(page, "<td class=\"r\" data-v=\"30000000\">30.0 ms</td>", true, "but the table");
	free(page);
}

static void test_diff(void)
{
	char *page;

	write_report("before.json", 29, 1, true);
	write_report("after.json", 30, 2, true);
	page = make(&noun_diff, "before.json", "after.json", "change.html");
	has(page, "after.json compared with ", true, "the title has both files");
	has(page, "<p class=\"line\" id=\"command\">obsctl diff a.json b.json</p>", true, "the command");
	has(page, "lost 350; Linux 6.12.0 &lt;test&gt;, kobs 1.0</p>", true, "the machines");
	has(page, "class=\"d8\"", true, "the graph has the change as its colours");
	has(page, "<th>ENDS IN</th><th class=\"r\">BEFORE</th>", true, "the table of what changed");
	has(page, "data-v=\"464000000\">464 ms</td>", false, "by function, not the whole");
	free(page);
}

int main(int argc, char **argv)
{
	static const char *const files[] = {
		"report.json", "report.html", "plain.json", "plain.html", "before.json",
		"after.json", "change.html", "out",
	};
	size_t i;

	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	if (argc > 1)
		snprintf(dir, sizeof(dir), "%s", argv[1]);
	else
		ok(mkdtemp(dir), "a directory");
	test_report();
	test_plain();
	test_diff();
	for (i = 0; argc < 2 && i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	ok(argc > 1 || !rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
