/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints by name. Kernels export few and different tracepoints as symbols;
 * all built-in ones can be found by name.
 */
#ifndef KOBS_TRACEPOINT_H
#define KOBS_TRACEPOINT_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct trace_event_file;
struct tracepoint;

/**
 * struct kobs_probe - a probe on a tracepoint
 * @name: name of the tracepoint
 * @probe: function to call; its first argument is the data
 * @plain: no stacks are taken from @probe
 * @tp: the tracepoint, once attached, or set before by kobs_tracepoint_get()
 */
struct kobs_probe {
	const char *name;
	void *probe;
	bool plain;
	struct tracepoint *tp;
};

/*
 * Checks a probe's type, in a file that includes the tracepoint's header: nothing
 * else does, and a kernel with kCFI panics when it calls a function by another
 * type. The header declares a function whose argument is a probe.
 */
#define KOBS_PROBE_TYPE(fn, name)					\
	static_assert(__same_type(check_trace_callback_type_##name,	\
				  void (typeof(fn) *)))

struct tracepoint *kobs_tracepoint_find(const char *name);
struct tracepoint *kobs_tracepoint_get(const char *name,
				       struct trace_event_file **keep);
void kobs_tracepoint_put(struct trace_event_file *keep);
int kobs_tracepoint_attach(struct kobs_probe *probes, unsigned int n,
			   void *data, const char **failed);
void kobs_tracepoint_drop(const struct kobs_probe *probe, void *data);
void kobs_tracepoint_detach(struct kobs_probe *probes, unsigned int n,
			    void *data);

#endif /* KOBS_TRACEPOINT_H */
