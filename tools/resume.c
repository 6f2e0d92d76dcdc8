#include "resume.h"

#include "base/time.h"
#include "io/sha256.h"

#include <string.h>

int resume_dedupe(void *value, const char *const *args, struct err *err)
{
	struct resume *p = value;

	p->has_dedupe = true;
	return cli_duration(&p->dedupe, args, err);
}

void resume_check(const struct cli *cli, const struct resume *p, bool ends_by_itself)
{
	if ((p->old && !*p->old) || (p->next && !*p->next))
		cli_usage_error(cli, "%s '': a folder has a name",
				p->old && !*p->old ? "--state" : "--state-out");
	if (p->old && !p->next && !p->is_final && !ends_by_itself)
		cli_usage_error(cli, "--state needs --state-out NEW, or --final: nothing comes "
				     "after this part");
	if (p->is_final && (!p->old || p->next))
		cli_usage_error(cli, "--final is for the last part of a log: with --state, without "
				     "--state-out");
	if (p->has_dedupe && !p->old && !p->next)
		cli_usage_error(cli, "--dedupe is for --state and --state-out");
}

void resume_take_until(const struct cli *cli, struct resume *p, struct clean_options *clean)
{
	struct cleaning *cleaning = clean->cleaning;
	struct cleaner *cleaner = &cleaning->cleaner;
	const char *text = clean->until;

	if (!p->next)
		return;
	if (!text)
		cli_usage_error(cli, "--state-out needs --until TIME: the end of this part");
	/* It has no digits that would be lost. */
	if (time_is_finer(text, strlen(text)))
		cli_usage_error(cli, "--until: inside a millisecond, which no event is: '%s'",
				text);
	if (cleaner->until <= 0 || cleaner->until > EVENT_TS_END)
		cli_usage_error(cli, "--until: must be after 1970 and not after 2100: '%s'", text);
	cleaning->until = cleaner->until;
	cleaner->until = INT64_MAX;
}

const struct state_in *resume_open_old(const struct cli *cli, struct resume *p, int64_t *from,
				       int64_t until)
{
	struct err err = ERR_INIT;

	if (!p->old)
		return NULL;
	if (state_in_open(&p->in, p->old, &err) || state_in_count(&p->in, "until", from, &err))
		cli_die(cli, &err);
	if (until <= *from) {
		state_in_fail(
			&p->in, &err,
			"its --until is %lld, and that of this part, %lld, is not after it: is it "
			"another day, or the same one again?",
			(long long)*from, (long long)until);
		cli_die(cli, &err);
	}
	return &p->in;
}

int resume_open_next(const struct cli *cli, struct resume *p, struct state_out **next,
		     struct err *err)
{
	*next = p->next ? &p->out : NULL;
	return p->next ? state_out_open(&p->out, p->next, &cli->output, err) : 0;
}

int resume_describe(struct resume *p, int64_t until, struct err *err)
{
	char previous[SHA256_HEX] = "none";

	if (p->old && state_in_sha256(&p->in, previous, err))
		return -1;
	manifest_add_int(&p->out.manifest, "until", until);
	manifest_add(&p->out.manifest, "previous", previous);
	return 0;
}

void resume_release(struct resume *p)
{
	state_in_release(&p->in);
	state_out_release(&p->out);
}
