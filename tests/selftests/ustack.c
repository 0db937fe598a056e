// SPDX-License-Identifier: GPL-2.0
/*
 * ustack FILE TEXT N [libc]: writes TEXT to FILE N times, from user_leaf(),
 * called by user_middle(), user_outer() and main(). Built with frame pointers;
 * user_leaf() makes the system call itself, since libc has no frame pointers;
 * with a fourth word, libc's write() makes it, which has no frame.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

int main(int argc, char **argv)
{
	int fd;
	int i;

	by_libc = argc == 5;
	if (argc != 4 && !by_libc)
		return 2;
	fd = open(argv[1], O_WRONLY);
	if (fd < 0)
		return 1;
	for (i = atoi(argv[3]); i > 0; i--)
		if (user_outer(fd, argv[2]) < 2)
			return 1;
	return 0;
}
