/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint of kobs_gen_probe. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kobs_gen_probe

#if !defined(KOBS_GEN_PROBE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KOBS_GEN_PROBE_TRACE_H

#include <linux/tracepoint.h>

struct gen_item;

TRACE_EVENT(kobs_gen_fire,
	TP_PROTO(int number, const char *name, const struct gen_item *item,
		 u64 a, u64 b, u64 c, u64 d),
	TP_ARGS(number, name, item, a, b, c, d),
	TP_STRUCT__entry(
		__field(int, number)
	),
	TP_fast_assign(
		__entry->number = number;
	),
	TP_printk("number=%d", __entry->number)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE kobs_gen_probe_trace
#include <trace/define_trace.h>
