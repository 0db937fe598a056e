// SPDX-License-Identifier: GPL-2.0
/*
 * ustack FILE TEXT N [libc]: writes TEXT to FILE N times, from user_leaf(),
 * called by user_middle(), user_outer() and main(). Built with frame pointers;
 * user_leaf() makes the system call itself, since libc has no frame pointers;
 * with a fourth word, libc's write() makes it, which has no frame.
 *
 * ustack fault N: takes N page faults at an address that is not mapped, with a
 * frame pointer that points there, too (x86 only).
 *
 * ustack FILE TEXT N stray WHAT: writes TEXT to FILE N times from user_stray(), whose frame
 * pointer leads to a caller of another kind, as that of a program without frame pointers
 * does (x86 only): "code", a place in user_outer(); "data", the address of a variable; any
 * other word, its first eight letters. The caller of that one is user_outer() again. With a
 * further word it then says "done", and lives until its standard input ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define FRAME __attribute__((noipa))

static int by_libc;

static FRAME long user_leaf(int fd, const char *text)
{
	/* A call between the registers' being set would change them. */
	size_t len = strlen(text);
	long ret;

	if (by_libc) {
		ret = write(fd, text, len);
		/* Something after the call, which is no jump then. */
		asm volatile("" : "+r" (ret));
		return ret;
	}
#ifdef __x86_64__
	asm volatile("syscall" : "=a" (ret)
		     : "a" (SYS_write), "D" (fd), "S" (text), "d" (len)
		     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x0 asm("x0") = fd;
	register const char *x1 asm("x1") = text;
	register long x2 asm("x2") = len;
	register long x8 asm("x8") = SYS_write;

	asm volatile("svc #0" : "+r" (x0) : "r" (x1), "r" (x2), "r" (x8) : "memory");
	ret = x0;
#else
#error "port me"
#endif
	return ret;
}

static FRAME long user_middle(int fd, const char *text)
{
	return user_leaf(fd, text) + 1;
}

static FRAME long user_outer(int fd, const char *text)
{
	return user_middle(fd, text) + 1;
}

#ifdef __x86_64__
static FRAME long user_stray(int fd, const char *text, const unsigned long *frame)
{
	size_t len = strlen(text);
	long ret;

	/* Below what the compiler may keep under the stack pointer. */
	asm volatile("sub $128, %%rsp; push %%rbp; mov %[frame], %%rbp; syscall;"
		     "pop %%rbp; add $128, %%rsp"
		     : "=a" (ret)
		     : "a" (SYS_write), "D" (fd), "S" (text), "d" (len), [frame] "r" (frame)
		     : "rcx", "r11", "memory");
	return ret;
}

static int strays(int fd, const char *text, int n, const char *what)
{
	/* Pairs of the next frame and what to return to. */
	unsigned long frame[6] = {};

	if (!strcmp(what, "code"))
		frame[1] = (unsigned long)user_outer + 8;
	else if (!strcmp(what, "data"))
		frame[1] = (unsigned long)&by_libc;
	else
		memcpy(&frame[1], what, sizeof(frame[1]));
	frame[0] = (unsigned long)&frame[2];
	frame[2] = (unsigned long)&frame[4];
	frame[3] = (unsigned long)user_outer + 8;
	while (n--)
		if (user_stray(fd, text, frame) < 1)
			return 1;
	return 0;
}

static long after_fault;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	u->uc_mcontext.gregs[REG_RIP] = after_fault;
}

static FRAME void user_fault(void)
{
	asm volatile("sub $128, %%rsp; push %%rbp; lea 1f(%%rip), %%rax;"
		     "mov %%rax, %0; mov $16, %%ebp; movb $0, 16;"
		     "1: pop %%rbp; add $128, %%rsp"
		     : "=m" (after_fault) : : "rax", "memory");
}

static int faults(int n)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO,
	};

	if (sigaction(SIGSEGV, &action, NULL))
		return 1;
	while (n--)
		user_fault();
	return 0;
}
#else
static int faults(int n)
{
	return 2;
}

static int strays(int fd, const char *text, int n, const char *what)
{
	return 2;
}
#endif

static int live_on(void)
{
	char word[8];

	if (write(1, "done\n", 5) != 5)
		return 1;
	while (read(0, word, sizeof(word)) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	int fd;
	int i;

	if (argc == 3 && !strcmp(argv[1], "fault"))
		return faults(atoi(argv[2]));
	by_libc = argc == 5;
	if (argc < 4 || argc > 7)
		return 2;
	fd = open(argv[1], O_WRONLY);
	if (fd < 0)
		return 1;
	if (argc >= 6) {
		i = strays(fd, argv[2], atoi(argv[3]), argv[5]);
		return i || argc == 6 ? i : live_on();
	}
	for (i = atoi(argv[3]); i > 0; i--)
		if (user_outer(fd, argv[2]) < 2)
			return 1;
	return 0;
}
