#include "backend/generate.h"

#include "backend/sampler.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"

#include <string.h>

struct loop { /* everything that a request needs, taken before its first stamp */
    const struct engine *engine;
    struct session *s;
    const struct engine_about *about;
    const struct generate_request *q;
    struct sampler sampler;
    struct rng *rngs;
    int32_t *next;
    const int32_t **ids;
    uint32_t *n_ids;
    struct generate_result *r;
};

const char generate_timed_region[] =
    "prompt text to last token on the host: tokenizing, copies to and from the device, every "
    "forward and the choice of every token inside; detokenizing outside";

static enum err_code check(const struct generate_request *q, const struct engine_about *about,
                           struct err *e)
{
    if (q->n == 0)
        return err_set(e, ERR_USAGE, "a request needs at least one prompt");
    if (q->max_tokens == 0)
        return err_set(e, ERR_USAGE, "max_tokens is 0: nothing would be generated");
    if (about->n_ctx && q->max_tokens > about->n_ctx)
        return err_set(e, ERR_USAGE, "max_tokens %u is more than the context of %u holds",
                       q->max_tokens, about->n_ctx);
    if (!(q->temperature >= 0) || !(q->top_p > 0 && q->top_p <= 1))
        return err_set(e, ERR_USAGE, "temperature %g, top_p %g: want >= 0 and 0 < top_p <= 1",
                       q->temperature, q->top_p);
    for (uint32_t k = 0; k < q->n; k++)
        if (q->prompts[k].bytes == 0 || q->prompts[k].bytes > UINT32_MAX / 8)
            return err_set(e, ERR_USAGE, "prompt %u is %s", k,
                           q->prompts[k].bytes ? "too long" : "empty");
    return ERR_OK;
}

static uint32_t ids_room(const struct generate_prompt *p)
{
    return engine_ids_room(p->bytes);
}

static enum err_code reserve(struct loop *l, struct arena *a, struct err *e)
{
    const struct generate_request *const q = l->q;
    uint32_t longest = 0;
    l->rngs = ARENA_ARRAY(a, struct rng, q->n);
    l->next = ARENA_ARRAY(a, int32_t, q->n);
    l->ids = ARENA_ARRAY(a, const int32_t *, q->n);
    l->n_ids = ARENA_ARRAY(a, uint32_t, q->n);
    l->r->n = q->n;
    l->r->sequences = ARENA_ARRAY(a, struct generate_sequence, q->n);
    l->r->token_ns = ARENA_ARRAY(a, nsec_t, q->max_tokens);
    for (uint32_t k = 0; k < q->n; k++) {
        struct generate_sequence *const seq = &l->r->sequences[k];
        const uint32_t room = ids_room(&q->prompts[k]);
        seq->prompt = ARENA_ARRAY(a, int32_t, room);
        seq->ids = ARENA_ARRAY(a, int32_t, q->max_tokens);
        str_reserve(&seq->text, (size_t)q->max_tokens * 8);
        rng_init(&l->rngs[k], q->seed + k);
        const uint32_t likely = (uint32_t)q->prompts[k].bytes + 8; /* fewer tokens than bytes */
        longest = likely > longest ? likely : longest;
    }
    sampler_init(&l->sampler, q->temperature, q->top_p, l->about->vocab_size, a);
    uint32_t positions = longest + q->max_tokens;
    if (l->about->n_ctx && positions > l->about->n_ctx)
        positions = l->about->n_ctx;
    return l->engine->reserve ? l->engine->reserve(l->s, q->n, positions, e) : ERR_OK;
}

static enum err_code tokenize(struct loop *l, struct err *e)
{
    for (uint32_t k = 0; k < l->q->n; k++) {
        const struct generate_prompt *const p = &l->q->prompts[k];
        struct generate_sequence *const seq = &l->r->sequences[k];
        if (l->engine->tokenize(l->s, p->text, p->bytes, seq->prompt, ids_room(p), &seq->n_prompt,
                                e))
            return e->code;
        if (seq->n_prompt == 0)
            return err_set(e, ERR_USAGE, "prompt %u has no tokens", k);
        if (l->about->n_ctx && seq->n_prompt > l->about->n_ctx - l->q->max_tokens + 1)
            return err_set(e, ERR_USAGE,
                           "prompt %u: %u tokens and %u new ones exceed the context of %u", k,
                           seq->n_prompt, l->q->max_tokens, l->about->n_ctx);
        l->ids[k] = seq->prompt;
        l->n_ids[k] = seq->n_prompt;
    }
    return ERR_OK;
}

/* One token for every sequence. A sequence that ended itself is fed its last token again: the batch
 * goes on with it, its tokens do not count. */
static enum err_code sample(struct loop *l, int32_t eos, uint32_t *live, struct err *e)
{
    for (uint32_t k = 0; k < l->q->n; k++) {
        struct generate_sequence *const seq = &l->r->sequences[k];
        if (seq->eos)
            continue;
        const int32_t id = l->engine->choose ? l->engine->choose(l->s, k)
                                             : sampler_next(&l->sampler, l->engine->logits(l->s, k),
                                                            l->about->vocab_size, &l->rngs[k]);
        if (id < 0)
            return err_set(e, ERR_BACKEND, "%s gave logits that are no numbers", l->engine->name);
        l->next[k] = id;
        seq->ids[seq->n_generated++] = id;
        if (id == eos) {
            seq->eos = true;
            --*live;
        }
    }
    return ERR_OK;
}

static enum err_code decode(struct loop *l, struct err *e)
{
    struct generate_result *const r = l->r;
    const int32_t eos = l->q->stop_on_eos ? l->engine->eos(l->s) : -1;
    uint32_t live = l->q->n;
    const struct engine_batch prompts = {l->ids, l->n_ids, l->q->n};
    if (l->engine->prefill(l->s, &prompts, &r->padding, e))
        return e->code;
    r->prefilled = clock_now();
    if (sample(l, eos, &live, e))
        return e->code;
    r->token_ns[r->n_steps++] = r->first_token = r->finished = clock_now();
    while (r->n_steps < l->q->max_tokens && live > 0) {
        if (l->engine->step(l->s, l->next, e) || sample(l, eos, &live, e))
            return e->code;
        r->token_ns[r->n_steps++] = r->finished = clock_now();
    }
    return ERR_OK;
}

static enum err_code detokenize(struct loop *l, struct err *e)
{
    for (uint32_t k = 0; k < l->q->n; k++) {
        struct generate_sequence *const seq = &l->r->sequences[k];
        if (l->engine->detokenize(l->s, seq->ids, seq->n_generated, &seq->text, e))
            return e->code;
    }
    return ERR_OK;
}

static bool same_prompt(const struct generate_sequence *a, const struct generate_sequence *b)
{
    return a->n_prompt == b->n_prompt &&
           memcmp(a->prompt, b->prompt, a->n_prompt * sizeof *a->prompt) == 0;
}

/* What the prompts were, as the engine got them: a batch of one prompt, or of one token over and
 * over, takes one path through experts and caches. After the last stamp. */
static void describe_prompts(struct generate_result *r)
{
    for (uint32_t k = 0; k < r->n; k++) {
        const struct generate_sequence *const seq = &r->sequences[k];
        uint32_t same = 1, before = 0;
        while (same < seq->n_prompt && seq->prompt[same] == seq->prompt[0])
            same++;
        while (before < k && !same_prompt(seq, &r->sequences[before]))
            before++;
        r->prompts_constant += seq->n_prompt > 1 && same == seq->n_prompt;
        r->prompts_distinct += before == k;
    }
}

enum err_code generate_run(const struct engine *engine, struct session *s,
                           const struct engine_about *about, const struct generate_request *q,
                           struct arena *a, struct generate_result *ret, struct err *e)
{
    struct loop l = {.engine = engine, .s = s, .about = about, .q = q, .r = ret};
    if (check(q, about, e) || reserve(&l, a, e))
        return e->code;

    const nsec_t cpu = clock_cpu();
    ret->submitted = clock_now();
    if (tokenize(&l, e))
        return e->code;
    ret->tokenized = clock_now();
    if (decode(&l, e) || detokenize(&l, e))
        return e->code;
    ret->detokenized = clock_now();
    ret->cpu = clock_cpu() - cpu;
    describe_prompts(ret);
    return ERR_OK;
}

void generate_done(struct generate_result *r)
{
    for (uint32_t k = 0; k < r->n; k++)
        str_done(&r->sequences[k].text);
}
