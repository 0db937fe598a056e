/* SPDX-License-Identifier: GPL-2.0 */
/*
 * obsctl probe: what its files share.
 *
 *	probe.c		the noun, its verbs and options
 *	points.c	what is to be hooked, from words such as k:vfs_read
 *	inside.c	instructions inside functions, and their registers
 *	user.c		places in programs and libraries, from words such as u:libc:malloc
 *	events.c	the kernel's tracepoints
 *	fields.c	fields of their events' records
 *	syscalls.c	arguments of system calls
 *	scope.c		the names that an expression can use at a point
 *	names.c		how columns are shown
 *	macros.c	columns that stand for several expressions
 *	compile.c	from points and expressions to a request
 *	programs.c	the programs of a request
 *	join.c		pairs of hits: --from, --to and --via
 *	join_parse.c	their options
 *	list.c		what can be hooked
 */
#ifndef OBSCTL_PROBE_H
#define OBSCTL_PROBE_H

#include "cli/option.h"
#include "expr/expr.h"
#include "kobs_program.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "lib/opts.h"
#include "proto/model.h"
#include "symbols/btf.h"
#include "symbols/elf_functions.h"
#include "symbols/patterns.h"
#include "symbols/program_path.h"

/* Points of a session, as the module takes them. */
#define PROBES_MAX	4096

/* Options of probe alone. */
struct probe_opts {
	struct strings	where;
	const char	*value;
	bool		all;
	struct strings	from;
	struct strings	to;
	struct strings	via;
	struct strings	on;
	struct opt_number over;		/* ns */
};

/* What a hit is of a pair; bits. */
enum {
	SIDE_FROM	= 1,
	SIDE_TO		= 2,
	SIDE_VIA	= 4,	/* between them */
	SIDES		= 8
};

#define JOIN_SIDES	3

/* Expressions of --on. */
#define JOIN_PARTS	2

/* A tracepoint. */
struct tracepoint {
	char		*system;	/* "" where it is not known */
	char		*name;
};

struct tracepoints {
	struct tracepoint	*v;
	size_t		n;
	size_t		cap;
};

/* FUNCTION+OFFSET, as it was written. */
struct inside {
	const char	*word;
	char		*function;	/* with its module, if that was given */
	uint64_t	offset;
	struct targets	found;
	const struct target *target;
	uint64_t	end;		/* of the function; 0 until it is known */
};

/* Something that is hooked. */
struct point {
	enum kobs_probe_kind kind;
	uint64_t	word;		/* address of a function, number of another's name */
	const char	*name;		/* as reports show it */
	const char	*bare;		/* of the function, tracepoint or system call */
	const char	*module;	/* of the function; "" for the kernel itself */
	uint32_t	label;		/* number of an instruction's name plus 1, or 0 */
	uint64_t	offset;		/* of an instruction in the function */
	long		nr;		/* of the system call; -1 for all */
	uint64_t	place;		/* in a program, plus 1; or 0 */
	uint32_t	program;
	unsigned int	sides;		/* of a pair */
};

/* It is told by its address; a name that it has is a further one. */
static inline bool point_has_address(const struct point *p)
{
	return p->kind == KOBS_PROBE_FUNCTION || p->kind == KOBS_PROBE_RETURN ||
	       p->kind == KOBS_PROBE_INSTRUCTION;
}

/* Words of a place of a program: its file, its offset, and the bytes there. */
#define PLACE_WORDS	3

/* A program or library with places that are hooked. */
struct user_file {
	char		*word;		/* as it was named */
	struct program_path at;
	struct elf_functions functions;
	uint64_t	number;		/* among those of the request, plus 1; or 0 */
};

/* Places in programs and libraries. */
struct user_places {
	struct user_file *files;
	size_t		n;
	size_t		cap;
	uint32_t	pid;		/* process whose libraries are meant; or 0 */
	struct buf	paths;		/* of the request */
	size_t		nr_paths;
	struct numbers	words;		/* of the places, three of each */
	bool		listed;		/* they are for no session, which has a limit */
	size_t		beyond;		/* places that a session has no room for */
};

struct points {
	struct point	*v;
	size_t		n;
	size_t		cap;
	struct targets	functions;
	struct inside	*inside;	/* instructions that are named */
	size_t		nr_inside;
	size_t		cap_inside;
	struct strings	patterns;	/* of functions */
	struct tracepoints events;
	struct user_places user;
	struct strings	names;		/* of what is no function */
	struct map	named;		/* text of a name to its point's number plus 1 */
	struct pool	texts;
	bool		each;		/* system calls are to be told apart */
	bool		timed;		/* what takes time */
	bool		at_return;	/* functions are hooked at their return */
	bool		returns;	/* system calls are hooked at their return */
};

/* A field of an event's record. */
struct field {
	char		*name;
	char		*type;		/* as it is written */
	struct expr_symbol symbol;
	bool		usable;		/* it is a number or a text */
};

struct fields {
	struct field	*v;
	size_t		n;
	size_t		cap;
};

/* The names that an expression can use at a point. */
struct scope {
	struct expr_scope expr;
	const struct point *point;
	unsigned int	side;		/* of a pair, or 0 */
	bool		finds;		/* the key of a pair, before its time is known */
	struct kbtf_param params[KOBS_PROG_ARGS];
	struct expr_type types[KOBS_PROG_ARGS];
	size_t		n;		/* of @params */
	size_t		nr_gone;	/* of @params that are known at the entry only */
	struct fields	fields;
	size_t		nr_args;
	struct expr_type result;	/* of a function */
	struct strings	names;		/* that there are, for proposals */
	const char	**list;		/* the same, up to NULL */
	struct buf	why;		/* why there are no types */
};

/* A column that is computed, or one of the module's. */
struct key {
	char		*name;		/* as reports show it */
	const char	*column;	/* the module's; NULL until an expression's type is known */
	struct expr	*expr;
	struct expr_type type;
	bool		is_syscall;	/* the number of one, shown by its name */
	unsigned int	number;		/* of the numbers or texts */
	unsigned int	side;		/* of a pair, where it is evaluated */
	bool		typed;
	char		*constants;	/* enum that names it, as labels have it; or NULL */
};

/* A part of a pair's key. */
struct join_part {
	const struct point *point;	/* that told what it is; NULL before */
	bool		text;
	unsigned int	number;		/* of the numbers or texts */
};

/* Pairs of hits. */
struct join {
	bool		wanted;
	bool		records;
	struct points	to;
	struct points	via;
	bool		at_return[JOIN_SIDES];	/* functions of the begin, the end ... */
	struct expr	*on[JOIN_PARTS][JOIN_SIDES];
	struct join_part part[JOIN_PARTS];
	size_t		nr_on;
	unsigned int	on_numbers;
	unsigned int	on_texts;
	unsigned int	*where;		/* side of each condition */
	unsigned int	numbers;	/* of columns */
	unsigned int	texts;
	struct numbers	words;		/* of the parameter joins */
};

/* A run of a verb. */
struct probe_run {
	const struct opts *o;
	const struct probe_opts *opts;
	struct points	points;
	struct join	join;
	bool		events;		/* some are tracepoints, to be listed */
	struct kbtf	btf;
	struct strings	conditions;
	struct expr	**where;	/* of these */
	size_t		nr_where;
	struct expr	*value;
	struct key	*keys;
	size_t		nr_keys;
	struct program	code;
	size_t		*starts;	/* of each program in it */
	size_t		nr_programs;
	size_t		cap_starts;
	struct numbers	targets;
	struct buf	names;
	struct buf	labels;
	struct opts	own;		/* with the columns of the module */
};

struct out;
struct report;
struct row;
struct run_spec;

/* probe.c */
extern const struct opt_group group_where;
extern const struct opt_group group_timing;
extern const struct opt_group group_keys;
extern const struct opt_group group_over;
int probe_prepare(struct probe_run *p, struct run_spec *spec, const struct opts *o);
void probe_print_values(struct report *r, struct out *o, const struct row *row);

/* unread.c */
void probe_print_unread(struct report *r, struct out *o);

/* points.c */
struct point *points_add(struct points *p, enum kobs_probe_kind kind);
struct point *points_add_named(struct points *p, enum kobs_probe_kind kind, const char *name,
			       const char *bare);
const struct point *points_named(struct points *p, const char *name);
int points_find(struct points *p, char **words, size_t n);
int points_refuse_syscall(const char *word);
void points_free(struct points *p);
int points_take_entry(struct points *p, const char *name, size_t len);

/* user.c */
int user_find(struct points *p, const char *word, bool returns);
int user_check(const struct probe_run *p);
void user_request(const struct user_places *u, struct request *req);
void user_free(struct user_places *u);

/* inside.c */
int inside_take(struct points *p, const char *word, const char *name);
int inside_find(struct points *p);
int inside_check(const struct probe_run *p, const struct scope *s);
void inside_free(struct points *p);
bool register_find(const struct point *point, const char *name, struct expr_symbol *out);
void register_names(const struct point *point, struct strings *names);

/* events.c */
void events_read(struct tracepoints *e);
void events_free(struct tracepoints *e);

/* fields.c */
void fields_read(struct fields *fields, const struct point *point);
void fields_free(struct fields *fields);
const struct field *fields_find(const struct fields *fields, const char *name);
int fields_choose(const struct probe_run *p, struct scope *s, struct point *point);

/* syscalls.c */
size_t syscall_params(const char *name, struct strings *names, struct expr_type *types,
		      size_t max);

/* scope.c */
void scope_open(struct scope *s, struct probe_run *p, const struct point *point);
void scope_propose(struct scope *s);
void scope_close(struct scope *s);

/* macros.c */
void macro_expand(const char *word, struct strings *out);

/* names.c */
void key_take_names(struct key *k, const struct scope *s, const struct expr_type *type);
char key_style(const struct key *k);

/* compile.c */
int probe_parse(struct probe_run *p, const struct opts *o, const char *const *columns,
		const char *const *usual);
bool probe_uses(const struct probe_run *p, const char *name);
int probe_compile(struct probe_run *p, struct request *req);
int key_learn(struct key *k, const struct scope *s);
bool key_is_text(const struct expr_type *t);
int key_check_numbers(unsigned int numbers, unsigned int texts);

/* programs.c */
uint32_t probe_share_program(struct probe_run *p, size_t start);
bool probe_can_fault(const struct probe_run *p);
void probe_free(struct probe_run *p);

/* join_parse.c */
extern const char *const join_side_names[];
bool join_wanted(const struct probe_opts *o);
int join_parse(struct probe_run *p);

/* join.c */
int join_find(struct probe_run *p);
void join_choose(struct probe_run *p);
int join_compile(struct probe_run *p, struct point *point);
void join_label(const struct probe_run *p, struct buf *labels);
void join_free(struct probe_run *p);

/* list.c */
int probe_list(const struct opts *o);

#endif
