/* SPDX-License-Identifier: GPL-2.0 */
/* The functions of ncurses that a screen is drawn with, loaded when one is. */
#ifndef OBSCTL_CURSES_H
#define OBSCTL_CURSES_H

/* Its macros would name functions that are not linked. */
#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdbool.h>

struct curses {
	struct screen *(*newterm)(const char *type, FILE *out, FILE *in);
	struct _win_st *(*newwin)(int lines, int columns, int y, int x);
	int	(*cbreak)(void);
	int	(*curs_set)(int visible);
	int	(*delwin)(WINDOW *win);
	int	(*doupdate)(void);
	int	(*endwin)(void);
	bool	(*has_colors)(void);
	int	(*init_pair)(short pair, short front, short back);
	int	(*keypad)(WINDOW *win, bool on);
	int	(*nodelay)(WINDOW *win, bool on);
	int	(*noecho)(void);
	int	(*redrawwin)(WINDOW *win);
	int	(*resizeterm)(int lines, int columns);
	int	(*set_escdelay)(int ms);
	int	(*setupterm)(const char *type, int fd, int *why);
	int	(*start_color)(void);
	char	*(*tigetstr)(const char *name);
	int	(*use_default_colors)(void);
	int	(*waddnstr)(WINDOW *win, const char *text, int len);
	int	(*wattrset)(WINDOW *win, int attributes);
	int	(*werase)(WINDOW *win);
	int	(*wget_wch)(WINDOW *win, wint_t *c);
	int	(*wmove)(WINDOW *win, int y, int x);
	int	(*wnoutrefresh)(WINDOW *win);
};

const struct curses *curses_load(void);

#endif
