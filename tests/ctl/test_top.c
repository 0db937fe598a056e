// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of what the screen of top shows, without a terminal: reports follow each other, keys
 * come, and pages are compared line by line. Run by 'make check'; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/width.h"
#include "sample_reports.h"
#include "top/top.h"

/* A name that is not ASCII; a control character follows, which is shown as '?'. */
#define GRUESSE	"gr\303\274\303\237e"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static struct top top;
static struct top_screen page;
static unsigned int number;

static void feed(bool stacks, bool still)
{
	top_feed(&top, sample_report(++number, stacks, still));
}

static void begin(bool stacks, bool still)
{
	top_free(&top);
	top_init(&top, 1000000000, true);
	number = 0;
	feed(stacks, still);
}

static void draw(size_t rows, size_t columns)
{
	top_page(&top, rows, columns, &page);
}

static const char *nth(size_t i)
{
	return i < page.n ? page.text.p + page.line[i].text : "(no line)";
}

/* Whether the lines from @from on are these, up to NULL. */
static bool shows(size_t from, const char *const *want)
{
	bool good = true;
	size_t i;

	for (i = 0; want[i]; i++) {
		if (!strcmp(nth(from + i), want[i]))
			continue;
		printf("# %zu is '%s'\n# wanted '%s'\n", from + i, nth(from + i), want[i]);
		good = false;
	}
	return good;
}

#define SHOWS(from, ...) shows((from), (const char *const []){ __VA_ARGS__, NULL })

/* The line of the page that begins with a text; SIZE_MAX without one. */
static size_t find(const char *text)
{
	size_t i;

	for (i = 0; i < page.n; i++)
		if (!strncmp(nth(i), text, strlen(text)))
			return i;
	return SIZE_MAX;
}

static void keys(const char *text)
{
	for (; *text; text++)
		top_key(&top, (unsigned char)*text);
}

static void test_page(void)
{
	begin(false, false);
	feed(false, false);
	draw(14, 100);
	ok(page.n == 14, "a page has as many lines as the terminal");
	ok(SHOWS(0, "func time of 12 functions, 2.00 s so far, only comm bash, cat, dd",
		 "hits 2000 = recorded 2000 + filtered 0 + lost 0",
		 "total, every 1 s, 5 rows"), "title, account, and what is shown");
	ok(SHOWS(3,
		 "COMM    FUNC                    COUNT   TOTAL   SHARE      AVG      MAX",
		 "bash    vfs_read                  200  200 us  18.2 %  1.00 us  1.00 us",
		 "cat     vfs_read                  100  400 us  36.3 %  4.00 us  4.00 us",
		 "bash    vfs_write                  20  400 us  36.3 %  20.0 us  20.0 us",
		 "dd      vfs_fsync                 200  100 us   9.1 %   500 ns   500 ns",
		 GRUESSE "?  openat2_of_a_long_name      6  600 ns   0.1 %   100 ns   100 ns"),
	   "rows in the report's order");
	ok(page.line[3].style == TOP_HEADER && page.line[4].style == TOP_SELECTED &&
	   page.line[5].style == TOP_PLAIN, "the first row is selected");
	ok(!strncmp(nth(13), "q end  ? help  / filter", 23), "the last line has keys");
	top.utf8 = false;
	draw(14, 100);
	ok(SHOWS(8,
		 "gr??e?  openat2_of_a_long_name      6  600 ns   0.1 %   100 ns   100 ns"),
	   "in a locale without UTF-8 other characters are question marks");
}

static void test_sort(void)
{
	begin(false, false);
	feed(false, false);
	top_key(&top, TOP_KEY_RIGHT);
	top_key(&top, TOP_KEY_RIGHT);
	top_key(&top, TOP_KEY_RIGHT);
	draw(14, 100);
	ok(strstr(nth(2), ", by COUNT, 5 rows"), "it says by what rows are sorted");
	ok(strstr(nth(3), "\342\226\274COUNT"), "and the column is marked");
	ok(find("bash    vfs_read") == 4 && find("dd ") == 5 && find("cat ") == 6,
	   "numbers fall; rows with equal ones keep the report's order");
	keys("r");
	draw(14, 100);
	ok(strstr(nth(3), "\342\226\262COUNT") && strstr(nth(2), "reversed"), "they rise");
	ok(find("gr") == 4 && find("cat ") == 6 && find("dd ") == 8, "in the other direction");
	keys("<");
	draw(14, 100);
	ok(find("gr") == 4 && find("dd ") == 5 && find("bash    vfs_read") == 6 &&
	   find("cat ") == 7, "texts rise by themselves");
	keys("<<");
	draw(14, 100);
	ok(find("bash    vfs_read") == 4 && !strstr(nth(2), "by "), "the report's order is back");
	keys("<");
	draw(14, 100);
	ok(strstr(nth(2), "by MAX") && find("bash    vfs_write") == 4,
	   "before the first column is the last");
	top.utf8 = false;
	draw(14, 100);
	ok(strstr(nth(3), "vMAX"), "the mark in ASCII");
}

static void test_filter(void)
{
	begin(false, false);
	feed(false, false);
	keys("/vfs_");
	draw(14, 100);
	ok(!strcmp(nth(13), "filter: vfs_") && page.cursor_row == 13 && page.cursor_column == 12,
	   "the filter is typed in the last line");
	ok(strstr(nth(2), "filter 'vfs_': 4 of 5 rows"), "it counts while it is typed");
	keys("W");
	draw(14, 100);
	ok(find("(no row has this text)") == 4, "case matters with a capital letter");
	top_key(&top, TOP_KEY_BACKSPACE);
	keys("r\n");
	draw(14, 100);
	ok(find("bash") == 4 && find("cat") == 5 && find("dd") == SIZE_MAX &&
	   strstr(nth(2), "filter 'vfs_r': 2 of 5 rows"), "Enter keeps it");
	ok(page.cursor_row == SIZE_MAX, "there is no cursor then");
	feed(false, false);
	draw(14, 100);
	ok(strstr(nth(3), "filter 'vfs_r': 2 of 5 rows"), "the next report is filtered, too");
	keys("/\x1b");
	draw(14, 100);
	ok(strstr(nth(3), ", 5 rows"), "Esc shows all rows");
	keys("/");
	top_key(&top, 0xfc);
	top_key(&top, 0xdf);
	draw(14, 100);
	ok(strstr(nth(3), "1 of 5 rows"),
	   "characters that are not ASCII");
	top_key(&top, TOP_KEY_BACKSPACE);
	ok(!strcmp(top.filter, "\xc3\xbc"), "are erased as a whole");
	keys("\025BASH");
	draw(14, 100);
	ok(strstr(nth(3), "filter 'BASH': 0 of 5 rows"), "Ctrl-U erases all");
	keys("\025bAsh\025bash\n");
	draw(14, 100);
	ok(strstr(nth(3), "filter 'bash': 2 of 5 rows"), "thread names are text, too");
}

static void test_rates(void)
{
	begin(false, false);
	keys("t");
	draw(14, 100);
	ok(strstr(nth(2), "per second"), "it says so");
	ok(SHOWS(3,
		 "COMM    FUNC                    COUNT/S  TOTAL/S   SHARE      AVG"),
	   "numbers without a rate are left out");
	ok(SHOWS(4,
		 "cat     vfs_read                     50   200 us  40.0 %  4.00 us"), "the first report is compared with the start");
	feed(false, false);
	feed(false, false);
	draw(14, 100);
	ok(SHOWS(5,
		 "cat     vfs_read                     50   200 us  33.3 %  4.00 us",
		 "bash    vfs_write                    10   200 us  33.3 %  20.0 us",
		 "bash    vfs_read                    100   100 us  16.7 %  1.00 us",
		 "dd      vfs_fsync                   200   100 us  16.7 %   500 ns",
		 GRUESSE "?  openat2_of_a_long_name        3   300 ns   0.0 %   100 ns"),
	   "by their weight in the interval, with shares and averages of it");
	top_key(&top, TOP_KEY_RIGHT);
	keys(">>");
	draw(14, 100);
	ok(find("dd ") == 5 && find("bash    vfs_read") == 6, "sorted by a rate");
	keys("t");
	draw(14, 100);
	ok(find("dd ") == 5 && strstr(nth(5), " 400 ") && find("bash    vfs_read") == 6 - 1 + 1,
	   "totals again, in the same order");
}

/* A row that is new in the last report has its rate, and its part of what came in the interval. */
static void test_new_row(void)
{
	begin(false, false);
	feed(false, false);
	keys("t/dd\n");
	draw(14, 100);
	ok(find("dd    vfs_fsync      200   100 us  16.7 %  500 ns") == 4, "a row that is new");
}

static void test_still(void)
{
	begin(false, true);
	feed(false, true);
	keys("t/still_00\n");
	draw(14, 100);
	ok(find("still  still_00        0     0 ns  0.0 %    -") == 4, "a row that nothing came to");
}

static void test_select(void)
{
	begin(false, true);
	draw(14, 100);
	ok(top.body == 9, "lines of rows");
	keys("jj");
	draw(14, 100);
	ok(page.line[6].style == TOP_SELECTED && !strncmp(nth(6), "bash    vfs_write", 17),
	   "down by two");
	feed(false, true);
	draw(14, 100);
	ok(page.line[6].style == TOP_SELECTED, "the next report leaves the selection");
	keys(">>>r");
	draw(14, 100);
	ok(page.line[find("bash    vfs_write")].style == TOP_SELECTED,
	   "it is on its row in another order, and in sight");
	keys("/vfs_r\n");
	draw(14, 100);
	ok(page.line[4].style == TOP_SELECTED && !strncmp(nth(4), "cat", 3),
	   "on the one that took its place when its row is filtered out");
	keys("/\x1b<<<G");
	draw(14, 100);
	ok(find("still") != SIZE_MAX && !strncmp(nth(12), "still  still_29", 15) &&
	   page.line[12].style == TOP_SELECTED, "the last row");
	top_key(&top, TOP_KEY_PAGE_UP);
	draw(14, 100);
	ok(page.line[4].style == TOP_SELECTED && !strncmp(nth(4), "still  still_21", 15),
	   "a page up");
	keys("g");
	draw(14, 100);
	ok(page.line[4].style == TOP_SELECTED && find("bash    vfs_read") == 4, "the first row");
	top_key(&top, TOP_KEY_UP);
	top_key(&top, TOP_KEY_PAGE_DOWN);
	top_key(&top, TOP_KEY_DOWN);
	draw(14, 100);
	ok(page.line[12].style == TOP_SELECTED && !strncmp(nth(12), "still   still_04", 16),
	   "a page and a line down");
}

static void test_expand(void)
{
	begin(true, false);
	feed(true, false);
	keys("j\n");
	draw(24, 100);
	ok(SHOWS(5,
		 "cat     vfs_read                  100  400 us  36.3 %  4.00 us  4.00 us",
		 "  COUNT 50, TOTAL 200 us, SHARE 18.2 %",
		 "      leaf_1+0x1",
		 "      entry_SYSCALL_64_after_hwframe+0x6e",
		 "  COUNT 25, TOTAL 100 us, SHARE 9.1 %",
		 "      leaf_2+0x2",
		 "      entry_SYSCALL_64_after_hwframe+0x6e",
		 "  COUNT 25, TOTAL 100 us, SHARE 9.1 %",
		 "      leaf_3+0x3",
		 "      entry_SYSCALL_64_after_hwframe+0x6e",
		 "bash    vfs_write                  20  400 us  36.3 %  20.0 us  20.0 us"),
	   "a row with its stacks, the heaviest first");
	feed(true, false);
	draw(24, 100);
	ok(find("  COUNT 75, TOTAL 300 us, SHARE 17.6 %") != SIZE_MAX, "in the next report as well");
	keys("t");
	draw(24, 100);
	ok(find("  COUNT/S 25, TOTAL/S 100 us, SHARE 16.7 %") != SIZE_MAX, "per second");
	keys("tjj");
	draw(24, 100);
	ok(page.line[find("      leaf_1")].style == TOP_SELECTED, "its lines are selected, too");
	keys("\n");
	draw(24, 100);
	ok(find("      leaf_1") == SIZE_MAX && page.line[find("cat ")].style == TOP_SELECTED,
	   "Enter on one of them hides them");
	begin(false, false);
	keys("\n");
	draw(14, 100);
	ok(!strncmp(nth(13), "no stacks: none of the session's columns is one; --by", 53),
	   "without stacks it says how to have them");
	keys("j");
	draw(14, 100);
	ok(!strncmp(nth(13), "q end", 5), "until the next key");
}

static void test_narrow(void)
{
	size_t i;

	begin(false, true);
	feed(false, true);
	feed(false, true);
	draw(16, 40);
	for (i = 0; i < page.n; i++)
		if (width_of(nth(i)) > 40)
			break;
	ok(i == page.n && page.n == 16, "no line is longer than 40 columns");
	ok(SHOWS(0, "func time of 12 functions, 3.00 s so", "far, only comm bash, cat, dd",
		 "hits 3003 = recorded 3000 + filtered 0 +", "lost 3",
		 "  lost 3, table_full: no room for a new", "row: raise --rows",
		 "total, every 1 s, 35 rows"), "title and account are wrapped");
	ok(page.line[4].style == TOP_LOSS, "losses stand out");
	ok(SHOWS(7, "COMM    FUNC               COUNT   SHARE",
		 "bash    vfs_read             300  17.6 %"), "count and weight are kept");
	keys(">>>>>>>");
	draw(16, 40);
	ok(strstr(nth(7), "\342\226\274MAX") && strstr(nth(7), "SHARE"),
	   "so is the column that rows are sorted by");
	draw(16, 100);
	ok(SHOWS(0, "func time of 12 functions, 3.00 s so far, only comm bash, cat, dd",
		 "hits 3003 = recorded 3000 + filtered 0 + lost 3",
		 "  lost 3, table_full: no room for a new row: raise --rows"),
	   "wide again");
	for (i = 1; i < 12; i++) {
		draw(i, 20);
		if (page.n != i)
			break;
	}
	ok(i == 12, "pages of few lines");
	draw(3, 1);
	ok(page.n == 3, "and of one column");
}

static void test_steady(void)
{
	size_t header;

	begin(false, true);
	feed(false, true);
	feed(false, true);
	draw(20, 100);
	header = find("COMM");
	grid_free(top.before);
	top.before = NULL;
	number = 0;
	feed(false, true);
	draw(20, 100);
	ok(find("COMM") == header && header == 4, "the table stays where it is without losses");
}

static void test_pages(void)
{
	begin(false, true);
	keys("?");
	draw(24, 80);
	ok(find("q           end, and print the report") != SIZE_MAX && find("Keys") != SIZE_MAX &&
	   find("hits 1000") == 1, "help, below the account");
	draw(24, 40);
	ok(find("up down") != SIZE_MAX, "on 40 columns");
	keys("\x1b");
	draw(24, 80);
	ok(find("Keys") == SIZE_MAX && find("COMM") != SIZE_MAX, "Esc leaves it");
	keys("i");
	draw(24, 100);
	ok(find("kobs used 120 ns per hit") != SIZE_MAX, "head and foot of the report");
	keys("i");
	draw(24, 100);
	ok(find("COMM") != SIZE_MAX, "the same key leaves it");
	keys("h>");
	draw(24, 100);
	ok(strstr(nth(2), "by COMM"), "another key does what it does");
}

static void test_pace(void)
{
	begin(false, false);
	ok(top_key(&top, 'p') == (TOP_DRAW | TOP_PACE) && top.paused, "pause");
	draw(14, 100);
	ok(!strncmp(nth(2), "PAUSED, total", 13), "it says so");
	ok(top_key(&top, ' ') & TOP_PACE && !top.paused, "its end");
	ok(top_key(&top, '+') & TOP_PACE && top.every == 2000000000ull, "a longer interval");
	keys("---");
	ok(top.every == 200000000, "shorter ones");
	keys("----");
	ok(top.every == 100000000 && top_key(&top, '-') == TOP_DRAW, "down to 100 ms");
	keys("+++++++++++++++++");
	ok(top.every == 60000000000ull, "up to a minute");
	top.every = 1500000000;
	keys("+");
	ok(top.every == 2000000000ull, "from one between them");
	top.slow = 2300000000ull;
	draw(14, 100);
	ok(strstr(nth(2), "every 2 s (now 2.30 s: reports take long)"), "reports that take long");
	ok(top_key(&top, 'q') == TOP_QUIT, "quit");
	keys("/");
	ok(top_key(&top, 'q') == TOP_DRAW, "not while a filter is typed");
}

static void add_table(struct out *o, const char *name, const char *column, uint64_t n)
{
	out_table_begin(o, name);
	out_row_begin(o);
	out_cell_text(o, "k", column, "a");
	out_cell_number(o, "n", "N", n);
	out_below(o, "      called by b");
	out_row_end(o);
	out_table_end(o);
}

static void test_tables(void)
{
	struct grid *g = grid_new();
	struct out o = { .grid = g };

	top_free(&top);
	top_init(&top, 1000000000, true);
	top_page(&top, 10, 80, &page);
	ok(page.n == 10, "a page before the first report");
	out_line(&o, "title");
	add_table(&o, "edges", "EDGE", 1);
	add_table(&o, "calls", "CALL", 2);
	top_feed(&top, g);
	draw(10, 80);
	ok(SHOWS(1, "total, every 1 s, 1 row, table 1 of 2: edges", "EDGE  N", "a     1"),
	   "the first of two tables");
	keys("\t\n");
	draw(10, 80);
	ok(SHOWS(1, "total, every 1 s, 1 row, table 2 of 2: calls", "CALL  N", "a     2",
		 "      called by b"), "the second, with the lines beneath its row");
	keys("t");
	draw(10, 80);
	ok(!strncmp(nth(9), "this table has no counts", 24) && !top.per_second,
	   "no rates without counts");
	keys("\t");
	draw(10, 80);
	ok(SHOWS(2, "EDGE  N"), "the first one again");
}

int main(void)
{
	test_page();
	test_sort();
	test_filter();
	test_rates();
	test_new_row();
	test_still();
	test_select();
	test_expand();
	test_narrow();
	test_steady();
	test_pages();
	test_pace();
	test_tables();
	top_free(&top);
	top_page_free(&page);
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
