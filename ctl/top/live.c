// SPDX-License-Identifier: GPL-2.0
/*
 * The screen: draws the pages of the model, and hands it the keys. ncurses knows the terminal,
 * and sends what has changed. Signals are obsctl's own: it is told of a new size, and leaves the
 * screen before it stops or says something.
 */

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/progress.h"
#include "report/width.h"
#include "top/curses.h"
#include "top/live.h"
#include "top/restore.h"

/* After Esc, the rest of a key's sequence comes at once. */
#define ESCAPE_MS	50
#define LOSS_COLOR	1

static struct {
	const struct curses *c;		/* NULL: no screen */
	WINDOW		*win;
	bool		hidden;		/* the main screen is shown */
	bool		colors;
	struct top	top;
	struct top_screen page;
} live;

/** live_wanted() - Whether reports are to replace each other on the terminal. */
bool live_wanted(const struct opts *o)
{
	return o->live || (o->interval.given && !o->output && !o->json && isatty(STDOUT_FILENO));
}

/* Why this terminal cannot have a screen; false if it can. */
static bool find_obstacle(struct buf *why)
{
	const struct curses *c = curses_load();
	const char *type = getenv("TERM");
	int found = 0;

	type = type ? type : "";
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		buf_printf(why, "top shows a screen and takes keys: standard %s is no terminal",
			   isatty(STDOUT_FILENO) ? "input" : "output");
	else if (!c)
		buf_puts(why, "top draws its screen with ncurses, which is not here: install libncursesw6");
	else if (c->setupterm(NULL, STDOUT_FILENO, &found) || found != 1)
		buf_printf(why, "top does not know the terminal '%s': set TERM to one that is described here",
			   type);
	else if (!c->tigetstr("cup") || !c->tigetstr("clear"))
		buf_printf(why, "top needs a terminal whose cursor can be moved, and '%s' (TERM) is none: -i without top prints reports",
			   type);
	return why->len;
}

/**
 * live_check() - Whether there will be a screen.
 *
 * Where it cannot be, top is refused; -i prints its reports. Return: 0 or an exit status.
 */
int live_check(const struct opts *o, bool *on)
{
	struct buf why = {};
	int err = 0;

	*on = live_wanted(o);
	if (*on && find_obstacle(&why)) {
		*on = false;
		if (o->live)
			err = refuse("%s", why.p);
	}
	buf_free(&why);
	return err;
}

static void find_size(int *rows, int *columns)
{
	struct winsize w = {};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	*rows = w.ws_row ? w.ws_row : 24;
	*columns = w.ws_col ? w.ws_col : 80;
}

static void make_window(void)
{
	const struct curses *c = live.c;
	int rows, columns;

	find_size(&rows, &columns);
	c->resizeterm(rows, columns);
	if (live.win)
		c->delwin(live.win);
	live.win = c->newwin(rows, columns, 0, 0);
	if (!live.win)
		return;
	c->keypad(live.win, true);
	c->nodelay(live.win, true);
}

static void draw_line(const struct top_page_line *line, int row, int columns)
{
	static const int attributes[] = {
		[TOP_PLAIN] = A_NORMAL, [TOP_TITLE] = A_BOLD, [TOP_LOSS] = A_BOLD,
		[TOP_HEADER] = A_REVERSE, [TOP_SELECTED] = A_REVERSE | A_BOLD,
		[TOP_BELOW] = A_NORMAL, [TOP_HINT] = A_DIM,
	};
	const char *text = live.page.text.p + line->text;
	int attribute = attributes[line->style];
	int n = columns - (int)width_of(text);

	if (line->style == TOP_LOSS && live.colors)
		attribute |= (int)NCURSES_BITS(LOSS_COLOR, 0);
	live.c->wmove(live.win, row, 0);
	live.c->wattrset(live.win, attribute);
	live.c->waddnstr(live.win, text, (int)line->len);
	if (line->style != TOP_HEADER && line->style != TOP_SELECTED)
		return;
	while (n-- > 0)
		live.c->waddnstr(live.win, " ", 1);
}

static void draw(void)
{
	struct top_screen *page = &live.page;
	const struct curses *c = live.c;
	int rows, columns;
	size_t i;

	if (!c || !live.win)
		return;
	find_size(&rows, &columns);
	top_page(&live.top, (size_t)rows, (size_t)columns, page);
	c->werase(live.win);
	for (i = 0; i < page->n; i++)
		draw_line(&page->line[i], (int)i, columns);
	if (live.hidden)
		c->redrawwin(live.win);
	live.hidden = false;
	before_sentence = live_hide;
	if (page->cursor_row != SIZE_MAX)
		c->wmove(live.win, (int)page->cursor_row, (int)page->cursor_column);
	c->curs_set(page->cursor_row != SIZE_MAX);
	c->wnoutrefresh(live.win);
	c->doupdate();
}

static void find_colors(void)
{
	live.colors = live.c->has_colors() && !getenv("NO_COLOR");
	if (!live.colors)
		return;
	live.c->start_color();
	live.c->use_default_colors();
	live.c->init_pair(LOSS_COLOR, COLOR_RED, -1);
}

/* ncurses would take these signals for itself. */
static SCREEN *begin_terminal(void)
{
	static const int own[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction before[ARRAY_SIZE(own)];
	SCREEN *screen;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		sigaction(own[i], NULL, &before[i]);
	live.c->set_escdelay(ESCAPE_MS);
	screen = live.c->newterm(NULL, stdout, stdin);
	for (i = 0; i < ARRAY_SIZE(own); i++)
		sigaction(own[i], &before[i], NULL);
	return screen;
}

/** live_open() - Begin the screen, where live_check() said yes. Return: whether it is there. */
bool live_open(uint64_t every)
{
	bool utf8;

	live.c = curses_load();
	if (!live.c)
		return false;
	/* ncurses writes characters of the locale. */
	setlocale(LC_CTYPE, "");
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	fflush(stdout);
	restore_arm(STDOUT_FILENO, live.c->tigetstr("rmcup"), live.c->tigetstr("cnorm"));
	if (!begin_terminal()) {
		live.c = NULL;
		restore_disarm();
		return false;
	}
	top_init(&live.top, every, utf8);
	progress_allow(false);
	live.c->cbreak();
	live.c->noecho();
	find_colors();
	make_window();
	return true;
}

/** live_show() - Show the next report, which is the screen's. @slow: ns between them, or 0 */
void live_show(struct grid *g, uint64_t slow)
{
	live.top.slow = slow;
	top_feed(&live.top, g);
	draw();
}

/** live_say() - Show a sentence until the next key. */
void live_say(const char *sentence)
{
	top_say(&live.top, sentence);
	draw();
}

/* A key of ncurses as the model knows it. */
static unsigned int key_of(wint_t c)
{
	static const struct {
		wint_t		from;
		unsigned int	to;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN }, { KEY_LEFT, TOP_KEY_LEFT },
		{ KEY_RIGHT, TOP_KEY_RIGHT }, { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME },
		{ KEY_END, TOP_KEY_END }, { KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ KEY_ENTER, '\n' },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].from == c)
			return keys[i].to;
	return 0;
}

/** live_keys() - Take the keys that are there. Return: what they ask for, enum top_action. */
unsigned int live_keys(void)
{
	unsigned int actions = 0;
	wint_t c;
	int kind;

	while (live.c && live.win && (kind = live.c->wget_wch(live.win, &c)) != ERR) {
		unsigned int key = kind == KEY_CODE_YES ? key_of(c) : (unsigned int)c;

		if (key)
			actions |= top_key(&live.top, key);
		if (actions & TOP_QUIT)
			break;
	}
	if (actions & TOP_DRAW)
		draw();
	return actions;
}

/** live_fd() - Return: the file that keys come from, or -1. */
int live_fd(void)
{
	return live.c ? STDIN_FILENO : -1;
}

bool live_paused(void)
{
	return live.top.paused;
}

/** live_every() - Return: ns between reports, as the user asks for. */
uint64_t live_every(void)
{
	return live.top.every;
}

/** live_hide() - Show what was there before, until the screen is drawn again. */
void live_hide(void)
{
	if (!live.c || live.hidden)
		return;
	live.c->endwin();
	live.hidden = true;
}

/** live_again() - Draw the screen again, after it was hidden. */
void live_again(void)
{
	live_resize();
}

/** live_resize() - The terminal may have another size. */
void live_resize(void)
{
	if (!live.c)
		return;
	make_window();
	draw();
}

/** live_close() - End the screen. */
void live_close(void)
{
	if (!live.c)
		return;
	live_hide();
	restore_disarm();
	before_sentence = NULL;
	progress_allow(true);
	live.c->delwin(live.win);
	top_free(&live.top);
	top_page_free(&live.page);
	setlocale(LC_CTYPE, "C");
	memset(&live, 0, sizeof(live));
}
