/*
 * tell: what the facts of shards tell a whole, for the unit tests of collate. Each returns what
 * whole_start or whole_add does.
 */
#ifndef CE_TELL_H
#define CE_TELL_H

#include "collate/whole.h"

#include <string.h>

static inline struct csv_field tell_text(const char *text)
{
	return (struct csv_field){ text, (uint32_t)strlen(text), !*text };
}

/* A session of 100 s of Drama, on a tv, of an unknown plan. */
static inline int tell_start(struct whole *w, size_t shard, int64_t ts, int64_t local,
			     const char *user, const char *content)
{
	const struct csv_field event_id = tell_text("e"), user_id = tell_text(user),
			       content_id = tell_text(content), genre = tell_text("Drama"),
			       device = tell_text("tv"), plan = tell_text("");
	const struct shard_fact fact = { .kind = FACTS_START,
					 .ts = ts,
					 .session_id = local,
					 .event_id = &event_id,
					 .user_id = &user_id,
					 .content_id = &content_id,
					 .genre = &genre,
					 .device = &device,
					 .plan_tier = &plan,
					 .runtime = 100 };

	return whole_start(w, shard, &fact);
}

/* The user of a session, as its shard has it. */
static inline struct csv_field tell_user(const struct whole *w, size_t shard, int64_t local)
{
	const struct whole_session *s = whole_find(w, shard, local);

	return tell_text(s ? intern_string(&w->users, s->user)->s : "u");
}

static inline int tell_outcome(struct whole *w, size_t shard, int64_t ts, int64_t local,
			       bool is_completion)
{
	const struct csv_field user_id = tell_user(w, shard, local);

	return whole_add(w, shard,
			 &(struct shard_fact){ .kind = FACTS_OUTCOME,
					       .ts = ts,
					       .session_id = local,
					       .user_id = &user_id,
					       .is_completion = is_completion,
					       .session_end = ts,
					       .n_types = 2 });
}

static inline int tell_end(struct whole *w, size_t shard, int64_t ts, int64_t local)
{
	const struct csv_field user_id = tell_user(w, shard, local);

	return whole_add(w, shard,
			 &(struct shard_fact){ .kind = FACTS_END,
					       .ts = ts,
					       .session_id = local,
					       .user_id = &user_id,
					       .session_end = ts - 1,
					       .has_complete = true,
					       .n_types = 3 });
}

static inline int tell_activity(struct whole *w, size_t shard, int64_t ts, const char *content,
				bool is_first, int64_t stop_ratio)
{
	const struct csv_field id = tell_text(content);

	return whole_add(w, shard,
			 &(struct shard_fact){ .kind = FACTS_ACTIVITY,
					       .ts = ts,
					       .content_id = &id,
					       .is_first_of_pair = is_first,
					       .stop_ratio = stop_ratio });
}

#endif
