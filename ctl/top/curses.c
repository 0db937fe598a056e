// SPDX-License-Identifier: GPL-2.0
/* Loads ncurses. */

#include "lib/library.h"
#include "lib/macros.h"
#include "top/curses.h"

#define SONAME	"libncursesw.so.6"

/** curses_load() - Return: its functions, or NULL if it is not installed. */
const struct curses *curses_load(void)
{
	static struct curses c;
	static bool loaded;
	const struct library_function functions[] = {
		{ "cbreak", &c.cbreak }, { "curs_set", &c.curs_set }, { "delwin", &c.delwin },
		{ "doupdate", &c.doupdate }, { "endwin", &c.endwin },
		{ "has_colors", &c.has_colors }, { "init_pair", &c.init_pair },
		{ "keypad", &c.keypad }, { "newterm", &c.newterm }, { "newwin", &c.newwin },
		{ "nodelay", &c.nodelay }, { "noecho", &c.noecho },
		{ "redrawwin", &c.redrawwin }, { "resizeterm", &c.resizeterm },
		{ "set_escdelay", &c.set_escdelay }, { "setupterm", &c.setupterm },
		{ "start_color", &c.start_color }, { "tigetstr", &c.tigetstr },
		{ "use_default_colors", &c.use_default_colors }, { "waddnstr", &c.waddnstr },
		{ "wattrset", &c.wattrset }, { "werase", &c.werase },
		{ "wget_wch", &c.wget_wch }, { "wmove", &c.wmove },
		{ "wnoutrefresh", &c.wnoutrefresh },
	};

	loaded = loaded || library_load(SONAME, functions, ARRAY_SIZE(functions));
	return loaded ? &c : NULL;
}
