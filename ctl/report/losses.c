// SPDX-License-Identifier: GPL-2.0
/* Tells losses from waits and calls that lie across an end of the session. */

#include <string.h>

#include "lib/format.h"
#include "lib/macros.h"
#include "report/losses.h"

static const struct {
	const char	*reason;
	enum loss	loss;
} not_lost[] = {
	{ "in_flight", LOSS_PENDING },
	{ "unpaired", LOSS_UNPAIRED },
	{ "unmatched", LOSS_UNPAIRED },
	{ "replaced", LOSS_UNPAIRED },
};

/** loss_of() - Return: what kind of a loss the kernel's @reason is. */
enum loss loss_of(const char *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_lost); i++)
		if (!strcmp(not_lost[i].reason, reason))
			return not_lost[i].loss;
	return LOSS;
}

/** losses_of() - Return: the sums of a session, by kind. */
struct losses losses_of(const struct session *s)
{
	struct losses sum = {};
	size_t i;

	for (i = 0; i < s->nr_lost; i++) {
		uint64_t n = s->lost[i].count;
		enum loss loss = loss_of(s->lost[i].reason);

		sum.all += n;
		if (loss == LOSS_PENDING)
			sum.pending += n;
		else if (loss == LOSS_UNPAIRED)
			sum.unpaired += n;
		else
			sum.lost += n;
	}
	return sum;
}

/** losses_add_share() - Add how many of the hits were lost. Return: whether it is too many. */
bool losses_add_share(const struct session *s, struct buf *out)
{
	struct losses l = losses_of(s);
	double share = l.lost ? (double)l.lost / (double)(s->recorded + l.lost) : 0;

	if (share <= 0.01)
		return false;
	buf_printf(out, "%.*f %% of the hits were lost", share < 0.0995, share * 100);
	return true;
}

/** losses_add_account() - Add what became of every hit of a session. */
void losses_add_account(const struct session *s, struct buf *out)
{
	struct losses l = losses_of(s);
	char n[32];

	buf_printf(out, "hits %s", format_count(n, sizeof(n), s->hits));
	buf_printf(out, " = recorded %s", format_count(n, sizeof(n), s->recorded));
	buf_printf(out, " + filtered %s", format_count(n, sizeof(n), s->filtered));
	if (l.pending)
		buf_printf(out, " + pending %s", format_count(n, sizeof(n), l.pending));
	if (l.unpaired)
		buf_printf(out, " + unpaired %s", format_count(n, sizeof(n), l.unpaired));
	buf_printf(out, " + lost %s", format_count(n, sizeof(n), l.lost));
}

static bool is_param(const struct source *s, const char *name, size_t len)
{
	size_t i;

	for (i = 0; s && i < s->nr_params; i++)
		if (strlen(s->params[i].name) == len && !strncmp(s->params[i].name, name, len))
			return true;
	return false;
}

/**
 * losses_add_advice() - Add the kernel's advice, "raise ring_kb" for instance, with the option
 * in place of the parameter: --ring-kb.
 * @v: of the session; NULL for a file's, whose words have it
 */
void losses_add_advice(const struct view *v, const char *doc, struct buf *out)
{
	const struct source *engine = v ? model_find_source(&v->sources, "session") : NULL;
	const char *raise = strstr(doc, ": raise ");
	const char *from = raise ? raise + strlen(": raise ") : doc + strlen(doc);

	buf_add(out, doc, (size_t)(from - doc));
	while (*from) {
		size_t len = strspn(from, "abcdefghijklmnopqrstuvwxyz_");

		if (is_param(engine, from, len) || (v && is_param(v->source, from, len))) {
			buf_puts(out, "--");
			for (; len; len--, from++)
				buf_putc(out, *from == '_' ? '-' : *from);
			continue;
		}
		len = len ? len : 1;
		buf_add(out, from, len);
		from += len;
	}
}

/** losses_add_reason() - Add what kind of a loss it is, how often, and the kernel's words. */
void losses_add_reason(const struct view *v, const struct lost *l, struct buf *out)
{
	static const char *const words[] = {
		[LOSS] = "lost", [LOSS_PENDING] = "pending", [LOSS_UNPAIRED] = "unpaired",
	};
	enum loss loss = loss_of(l->reason);
	char n[32];

	buf_printf(out, "%s %s, ", words[loss], format_count(n, sizeof(n), l->count));
	if (loss == LOSS || !l->doc)
		buf_printf(out, "%s%s", l->reason, l->doc ? ": " : "");
	if (l->doc)
		losses_add_advice(v, l->doc, out);
}
