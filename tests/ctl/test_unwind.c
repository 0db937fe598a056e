// SPDX-License-Identifier: GPL-2.0
/*
 * User stacks from registers and memory: this process' own, of functions that know who
 * called them; a trap in the last one hands both over.
 */

#include <alloca.h>
#include <dwarf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/macros.h"
#include "symbols/cfi_value.h"
#include "symbols/unwind.h"

#define NOIPA	__attribute__((noipa))
#define FRAMES	64

static int tests;
static int failures;

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

/* What was at the trap. */
static struct cfi_regs regs;
static uint64_t stack_end;
static char stack[65536];
static size_t stack_bytes;

/* Return addresses of the functions that were active, the innermost last. */
static uint64_t truth[FRAMES];
static size_t nr_truth;

/* What it points to is used; and a call before is no jump. */
#define USE(memory) ({ asm volatile("" : : "r" (memory) : "memory"); })

#define ENTER()	(truth[nr_truth++] = (uint64_t)(uintptr_t)__builtin_return_address(0))

static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
#ifdef __x86_64__
	static const int order[CFI_REGS] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
		REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};
	size_t i;

	for (i = 0; i < CFI_REGS; i++)
		regs.v[i] = (uint64_t)u->uc_mcontext.gregs[order[i]];
#else
	memcpy(regs.v, u->uc_mcontext.regs, sizeof(u->uc_mcontext.regs));
	regs.v[CFI_REG_SP] = u->uc_mcontext.sp;
	regs.v[CFI_REG_PC] = u->uc_mcontext.pc;
	u->uc_mcontext.pc += 4;
#endif
	regs.known = (1ull << (CFI_REGS - 1) << 1) - 1;
	stack_bytes = stack_end - regs.v[CFI_REG_SP];
	if (stack_bytes > sizeof(stack))
		stack_bytes = sizeof(stack);
	memcpy(stack, (void *)(uintptr_t)regs.v[CFI_REG_SP], stack_bytes);
}

/* A function without tables. */
#define BARE(name, code) \
	".type " name ", @function\n" name ":\n" code ".size " name ", . - " name "\n"

#ifdef __x86_64__
#define TRAP	"int3\n"

asm(".text\n"
	BARE("bare_leaf", TRAP "ret\n")
	BARE("bare_push", "push %rbx\npush %rbp\nsub $40, %rsp\nxor %ebp, %ebp\n" TRAP
	     "add $40, %rsp\npop %rbp\npop %rbx\nret\n")
	BARE("bare_frame", "push %rbp\nmov %rsp, %rbp\nsub $64, %rsp\ncall inner\nleave\nret\n"));
#else
#define TRAP	"brk #0\n"

asm(".text\n"
	BARE("bare_leaf", TRAP "ret\n")
	BARE("bare_push", "stp x29, x30, [sp, #-32]!\nmov x29, #0\nmov x30, #0\n" TRAP
	     "ldp x29, x30, [sp], #32\nret\n")
	BARE("bare_frame", "stp x29, x30, [sp, #-32]!\nmov x29, sp\nbl inner\n"
	     "ldp x29, x30, [sp], #32\nret\n"));
#endif

void bare_leaf(void);
void bare_push(void);
void bare_frame(void);
void inner(void);

/* Called from the code above, too. */
NOIPA void inner(void)
{
	ENTER();
	asm volatile(TRAP : : : "memory");
}

static NOIPA int recurse(int depth, void (*last)(void))
{
	char *more;

	ENTER();
	more = alloca((size_t)depth * 40 + 16);
	USE(more);
	if (depth)
		recurse(depth - 1, last);
	else
		last();
	USE(more);
	return 0;
}

/* The stack pointer is aligned anew: what the caller's is, only an expression tells. */
static NOIPA int aligned(int bytes, void (*last)(void))
{
	char line[128] __attribute__((aligned(128)));
	char *more;

	ENTER();
	more = alloca((size_t)bytes);
	USE(more);
	USE(line);
	recurse(2, last);
	USE(more);
	return 0;
}

static NOIPA void call_bare_leaf(void)
{
	ENTER();
	bare_leaf();
	USE(0);
}

static NOIPA void call_bare_push(void)
{
	ENTER();
	bare_push();
	USE(0);
}

static NOIPA void call_bare_frame(void)
{
	ENTER();
	bare_frame();
	USE(0);
}

static struct usyms usyms;
static struct unwinder unwinder;
static uint64_t frames[FRAMES];

static size_t unwound(size_t bytes, bool absent, size_t max, enum unwind_end *end)
{
	struct unwind_sample s = {
		.pid = (uint32_t)getpid(), .time = now_ns(), .absent = absent, .regs = regs,
		.memory = {
			.start = regs.v[CFI_REG_SP], .data = stack,
			.bytes = bytes < stack_bytes ? bytes : stack_bytes,
		},
	};

	return unwind(&unwinder, &s, frames, max, end);
}

/* Whether the frames from @at on are the functions that were active. */
static bool is_truth(size_t n, size_t at)
{
	size_t i;

	for (i = 0; i < nr_truth; i++)
		if (at + i >= n || frames[at + i] != truth[nr_truth - 1 - i])
			return false;
	return true;
}

static void show(size_t n, enum unwind_end end)
{
	size_t i;

	printf("# end %d, %zu frames, %zu known\n", end, n, nr_truth);
	for (i = 0; i < n || i < nr_truth; i++)
		printf("# %llx %llx\n", (unsigned long long)(i < n ? frames[i] : 0),
		       (unsigned long long)(i < nr_truth ? truth[nr_truth - 1 - i] : 0));
}

/* The leaf, then @before frames of functions that keep no record, then the others; complete. */
static void whole(size_t before, const char *what)
{
	enum unwind_end end;
	size_t n = unwound(SIZE_MAX, false, FRAMES, &end);
	bool good = end == UNWIND_COMPLETE && is_truth(n, 1 + before);

	ok(good && frames[0] == regs.v[CFI_REG_PC], what);
	if (!good)
		show(n, end);
}

static void test_chains(void)
{
	nr_truth = 0;
	recurse(0, inner);
	whole(0, "functions without frame pointers");
	nr_truth = 0;
	recurse(20, inner);
	whole(0, "a recursion with memory from alloca()");
	nr_truth = 0;
	aligned(100, inner);
	whole(0, "a stack that is aligned anew");
}

static bool is_inside(uint64_t address, void (*function)(void))
{
	return address - (uint64_t)(uintptr_t)function < 64;
}

static void test_bare(void)
{
	enum unwind_end end;
	size_t n;

	nr_truth = 0;
	recurse(3, call_bare_leaf);
	whole(1, "a leaf without tables that has saved nothing");
	ok(is_inside(frames[1], call_bare_leaf), "its caller");
	nr_truth = 0;
	recurse(3, call_bare_frame);
	n = unwound(SIZE_MAX, false, FRAMES, &end);
	/* What keeps no record is between inner() and call_bare_frame(). */
	ok(end == UNWIND_COMPLETE && nr_truth == 6 && n > 8 && frames[1] == truth[5] &&
	   is_inside(frames[2], call_bare_frame) && !memcmp(&frames[3], (uint64_t[]){
		truth[4], truth[3], truth[2], truth[1], truth[0] }, 5 * sizeof(*truth)),
	   "code without tables that has a frame pointer");
	nr_truth = 0;
	recurse(3, call_bare_push);
	n = unwound(SIZE_MAX, false, FRAMES, &end);
	ok(n == 1 && end == UNWIND_NO_TABLE, "code without tables ends a stack");
	if (n != 1)
		show(n, end);
}

static void test_ends(void)
{
	enum unwind_end end;
	size_t n, less;

	nr_truth = 0;
	recurse(20, inner);
	n = unwound(SIZE_MAX, false, 5, &end);
	ok(n == 5 && end == UNWIND_DEPTH && frames[4] == truth[nr_truth - 4],
	   "as many frames as wanted");
	n = unwound(512, false, FRAMES, &end);
	ok(n > 1 && n < 20 && end == UNWIND_SIZE && frames[n - 1] == truth[nr_truth + 1 - n],
	   "a stack deeper than its bytes");
	less = unwound(0, true, FRAMES, &end);
	ok(less < n && end == UNWIND_ABSENT, "memory that is not there");
	regs.v[CFI_REG_PC] = 8;
	n = unwound(SIZE_MAX, false, FRAMES, &end);
	ok(n == 1 && end == UNWIND_UNMAPPED, "an address that nothing is mapped at");
}

static void on_signal(int sig)
{
	ENTER();
	recurse(2, inner);
	USE(0);
}

static NOIPA void send(void)
{
	ENTER();
	kill(getpid(), SIGUSR1);
	USE(0);
}

static void test_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	enum unwind_end end;
	bool good;
	size_t n;

	sigaction(SIGUSR1, &action, NULL);
	nr_truth = 0;
	recurse(1, send);
	n = unwound(SIZE_MAX, false, FRAMES, &end);
	good = end == UNWIND_COMPLETE && n > 10 && nr_truth == 8;
	for (int i = 0; good && i < 5; i++)
		good = frames[1 + i] == truth[nr_truth - 1 - i];
	/* Behind the handler's return address: where kill() was interrupted, and its caller. */
	for (int i = 0; good && i < 3; i++)
		good = frames[8 + i] == truth[2 - i];
	ok(good, "through a signal's handler");
	if (!good)
		show(n, end);
}

static bool evaluates(const Dwarf_Op *ops, size_t n, uint64_t want)
{
	struct { struct cfi_expression e; Dwarf_Op op[32]; } e = {};
	struct cfi_memory m = {
		.start = 0x1000, .bytes = 16, .data = "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0",
	};
	struct cfi_regs r = { .known = 1 << 7 | 1ull << (CFI_REGS - 1) };
	uint64_t got = 0;

	r.v[7] = 0x1000;
	r.v[CFI_REGS - 1] = 0x40b;
	e.e.n = n;
	memcpy(e.op, ops, n * sizeof(*ops));
	return cfi_evaluate(&e.e, &m, &r, 0x2000, &got) && got == want;
}

static void test_expressions(void)
{
	/* Of a procedure linkage table: how far in its entry the code is. */
	const Dwarf_Op plt[] = {
		{ DW_OP_breg7, 8, 0, 0 }, { DW_OP_breg0 + CFI_REGS - 1, 0, 0, 2 },
		{ DW_OP_lit15, 0, 0, 4 }, { DW_OP_and, 0, 0, 5 }, { DW_OP_lit11, 0, 0, 6 },
		{ DW_OP_ge, 0, 0, 7 }, { DW_OP_lit3, 0, 0, 8 }, { DW_OP_shl, 0, 0, 9 },
		{ DW_OP_plus, 0, 0, 10 },
	};
	const Dwarf_Op memory[] = { { DW_OP_breg7, 8, 0, 0 }, { DW_OP_deref, 0, 0, 2 } };
	const Dwarf_Op beyond[] = { { DW_OP_breg7, 9, 0, 0 }, { DW_OP_deref, 0, 0, 2 } };
	const Dwarf_Op unknown[] = { { DW_OP_breg3, 0, 0, 0 } };
	const Dwarf_Op cfa[] = {
		{ DW_OP_call_frame_cfa, 0, 0, 0 }, { DW_OP_const1s, 0ull - 8, 0, 1 },
		{ DW_OP_plus, 0, 0, 3 },
	};
	const Dwarf_Op branch[] = { { DW_OP_lit1, 0, 0, 0 }, { DW_OP_bra, 1, 0, 1 },
				    { DW_OP_lit5, 0, 0, 4 }, { DW_OP_lit6, 0, 0, 5 } };
	const Dwarf_Op endless[] = { { DW_OP_lit1, 0, 0, 0 }, { DW_OP_drop, 0, 0, 1 },
				     { DW_OP_skip, 0ull - 5, 0, 2 } };

	ok(CFI_REGS != 17 || evaluates(plt, ARRAY_SIZE(plt), 0x1010),
	   "the expression of a linkage table");
	ok(evaluates(memory, 2, 2), "memory of the stack");
	ok(!evaluates(beyond, 2, 0), "memory behind it is not there");
	ok(!evaluates(unknown, 1, 0), "a register that is not known");
	ok(evaluates(cfa, 3, 0x1ff8), "an offset from the frame");
	ok(evaluates(branch, 4, 6), "a jump");
	ok(!evaluates(endless, 3, 1), "a loop without an end is ended");
	ok(!evaluates(plt + 3, 1, 0), "an operation without operands");
}

static void map_at(struct usyms *u, uint32_t pid, uint64_t start, uint64_t time, const char *path)
{
	struct usym_mapping m = { .start = start, .end = start + 0x1000, .time = time };

	usyms_map(u, pid, &m, path, 0);
}

static bool located(struct usyms *u, uint32_t pid, uint64_t address, uint64_t time,
		    const char *want)
{
	const struct usym_mapping *m = usyms_locate(u, pid, address, time);

	return m ? want && !strcmp(m->file->path, want) : !want;
}

/* No process has such a number. */
#define A	4194300u
#define B	4194301u

static void test_times(void)
{
	struct usyms u = {};

	map_at(&u, A, 0x10000, 0, "[old]");
	map_at(&u, A, 0x10000, 200, "[new]");
	map_at(&u, A, 0x20000, 0, "[both]");
	usyms_begin(&u, B, A, 150);
	usyms_begin(&u, B, 0, 300);
	map_at(&u, B, 0x10000, 310, "[program]");
	ok(located(&u, A, 0x10001, 100, "[old]"), "what was mapped before");
	ok(located(&u, A, 0x10001, 250, "[new]"), "what was mapped after");
	ok(located(&u, B, 0x10001, 250, "[old]"), "a child has what its parent had then");
	ok(located(&u, B, 0x20001, 250, "[both]"), "a child has all of it");
	ok(located(&u, B, 0x10001, 400, "[program]"), "another program after exec");
	ok(located(&u, B, 0x20001, 400, NULL), "nothing of the program before");
	usyms_free(&u);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	pthread_attr_t attr;
	void *start;
	size_t size;

	if (!cfi_load()) {
		printf("1..0 # SKIP libdw is not installed\n");
		return 0;
	}
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &start, &size);
	stack_end = (uint64_t)(uintptr_t)start + size;
	sigaction(SIGTRAP, &action, NULL);
	usyms_snapshot(&usyms, (uint32_t)getpid(), 0);
	unwinder_init(&unwinder, &usyms);
	test_chains();
	test_bare();
	test_ends();
	test_signal();
	test_expressions();
	test_times();
	unwinder_free(&unwinder);
	usyms_free(&usyms);
	printf("1..%d\n", tests);
	return failures != 0;
}
