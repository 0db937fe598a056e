// SPDX-License-Identifier: GPL-2.0
/*
 * ufutex COMMAND N MS: waits of known number and length for a mutex or a condition
 * variable, for the tests of lock futex:
 *
 *	mutex N MS	N times, the thread uf_waiter waits for uf_gate, which uf_holder
 *			unlocks in uf_unlock() MS after the waiter went to sleep
 *	cond N MS	N times, it waits for uf_cond, which uf_holder signals in
 *			uf_signal()
 *	word N MS	N times, it waits in uf_wait() for uf_word, without the C
 *			library, and uf_holder wakes it up in uf_wake()
 *
 * Prints a sum of ns in which the waiter was asleep for certain, and one in which all
 * waits were, to standard error. Built with frame pointers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FUNCTION __attribute__((noipa))

pthread_mutex_t uf_gate = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t uf_inner = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t uf_cond = PTHREAD_COND_INITIALIZER;
unsigned int uf_word;

/* Rounds that were asked for and done. They are polled: no futex tells of them. */
static atomic_long asked;
static atomic_long done;
static atomic_int waiter;
static long around;
static char kind;		/* the first letter of the command */

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void doze(void)
{
	usleep(500);
}

FUNCTION long uf_wait(void)
{
	long got = syscall(SYS_futex, &uf_word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);

	/* Something after the call, which is no jump then. */
	__asm__ volatile("" : "+r" (got));
	return got;
}

FUNCTION long uf_wake(void)
{
	long got = syscall(SYS_futex, &uf_word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);

	__asm__ volatile("" : "+r" (got));
	return got;
}

static void *wait_rounds(void *arg)
{
	long n = (long)arg;
	long i, begin;

	prctl(PR_SET_NAME, "uf_waiter");
	atomic_store(&waiter, (int)syscall(SYS_gettid));
	for (i = 1; i <= n; i++) {
		while (atomic_load(&asked) < i)
			doze();
		begin = now();
		if (kind == 'w') {
			uf_wait();
		} else if (kind == 'c') {
			pthread_mutex_lock(&uf_inner);
			pthread_cond_wait(&uf_cond, &uf_inner);
			pthread_mutex_unlock(&uf_inner);
		} else {
			pthread_mutex_lock(&uf_gate);
			pthread_mutex_unlock(&uf_gate);
		}
		around += now() - begin;
		atomic_store(&done, i);
	}
	return NULL;
}

/* Until the waiter is in futex(), and off its CPU. */
static void await_sleep(void)
{
	char path[64], text[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", atomic_load(&waiter));
	for (;;) {
		fd = open(path, O_RDONLY);
		len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[len > 0 ? len : 0] = 0;
		if (text[0] >= '0' && text[0] <= '9' && atol(text) == SYS_futex)
			return;
		doze();
	}
}

FUNCTION void uf_unlock(void)
{
	pthread_mutex_unlock(&uf_gate);
}

FUNCTION void uf_signal(void)
{
	pthread_cond_signal(&uf_cond);
}

/* A round. Returns how long the waiter slept at least. */
FUNCTION long uf_round(long i, unsigned int ms)
{
	long begin;

	if (kind == 'm')
		pthread_mutex_lock(&uf_gate);
	atomic_store(&asked, i);
	await_sleep();
	begin = now();
	usleep(ms * 1000);
	begin = now() - begin;
	if (kind == 'w')
		uf_wake();
	else if (kind == 'c')
		uf_signal();
	else
		uf_unlock();
	while (atomic_load(&done) < i)
		doze();
	return begin;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long within = 0;
	long i, n;

	if (argc != 4 || (strcmp(argv[1], "mutex") && strcmp(argv[1], "cond") &&
			  strcmp(argv[1], "word")))
		return 2;
	kind = *argv[1];
	n = atol(argv[2]);
	prctl(PR_SET_NAME, "uf_holder");
	if (pthread_create(&thread, NULL, wait_rounds, (void *)n))
		return 1;
	while (!atomic_load(&waiter))
		doze();
	for (i = 1; i <= n; i++)
		within += uf_round(i, (unsigned int)atol(argv[3]));
	pthread_join(thread, NULL);
	fprintf(stderr, "%d %ld %ld\n", getpid(), within, around);
	return 0;
}
