#include "materialize/description.h"

#include "io/sha256.h"
#include "state/agreement.h"

static void describe_joiner(const struct joiner *j, const struct join_source *sources, size_t n,
			    struct manifest *to)
{
	struct buf keys = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_printf(&keys, "%s%s%s%s", i ? "," : "", sources[i].key,
			   sources[i].valid_from ? " valid from " : "",
			   sources[i].valid_from ? sources[i].valid_from : "");
	buf_append_char(&keys, '\0');
	agreement_add(to, "key", keys.data);
	agreement_add(to, "join-tz", zone_name(j->zone));
	agreement_add_flag(to, "left", j->left);
	agreement_add_names(to, "drop", &j->drop);
	agreement_add_names(to, "join-na", &j->na);
	buf_release(&keys);
}

static void describe_sessions(const struct session_options *o, struct manifest *to)
{
	static const char *const rules[] = { "event", "position", "played" };

	agreement_add_duration(to, "gap", o->gap);
	agreement_add_flag(to, "plain-gap", o->plain_gap);
	agreement_add_ratio(to, "near-end", o->near_end);
	agreement_add_word(to, "complete-by", rules, (int)o->complete_by);
	agreement_add_duration(to, "unknown-runtime", o->unknown_runtime);
	agreement_add_duration(to, "max-left", o->max_left);
}

/* "KEY SHA256" of each dimension. */
static int describe_dimensions(const struct join_source *sources, size_t n, struct manifest *to,
			       struct err *err)
{
	char hex[SHA256_HEX];

	for (size_t i = 0; i < n; i++) {
		struct buf text = BUF_INIT;

		if (sha256_file(hex, sources[i].path, err))
			return -1;
		buf_printf(&text, "%s %s", sources[i].key, hex);
		buf_append_char(&text, '\0');
		manifest_add(to, "dimension", text.data);
		buf_release(&text);
	}
	return 0;
}

int description_add(const struct materialize *m, const struct csv_reader *in,
		    const struct join_source *sources, size_t n, struct manifest *to,
		    struct err *err)
{
	static const char *const rows[] = { "open", "first", "undecided", "all" };
	struct buf names = BUF_INIT;

	agreement_add_cleaner(&m->cleaning.cleaner, to);
	describe_joiner(&m->joiner, sources, n, to);
	describe_sessions(&m->sessionizer.options, to);
	agreement_add_names(to, "sessionize-keep", &m->sessionizer.keep);
	agreement_add_names(to, "agg-keep", &m->agg_keep);
	agreement_add_duration(to, "window", m->history_options.window);
	agreement_add_flag(to, "no-online", m->without_online);
	if (!m->without_online) {
		agreement_add_names(to, "online-keep", &m->online.keep);
		agreement_add_effects(&m->online.options, to);
	}
	agreement_add_word(to, "rows", rows, (int)m->featurizer.rows);
	agreement_add_flag(to, "first", materialize_has_first(m));
	agreement_add_duration(to, "dedupe", m->dedupe);
	agreement_add_flag(to, "facts", m->facts.has_out);
	cleaner_put_names(&m->cleaning.cleaner, in, &names);
	agreement_add_columns(to, "cleaned", &names);
	buf_clear(&names);
	buf_append(&names, m->featurizer.header.data, m->featurizer.header.len);
	agreement_add_columns(to, "features", &names);
	buf_release(&names);
	return describe_dimensions(sources, n, to, err);
}
