#include "lab/sample_reply.h"

#include "io/json.h"

#include <inttypes.h>
#include <string.h>

struct stamp {
    const char *name;
    nsec_t at;
};

static enum err_code in_order(const struct stamp *s, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i].at < 0)
            return err_set(e, ERR_BACKEND, "impossible sample: no stamp '%s'", s[i].name);
        if (i > 0 && s[i].at < s[i - 1].at)
            return err_set(e, ERR_BACKEND,
                           "impossible sample: '%s' lies %" PRId64 " ns before '%s'", s[i].name,
                           s[i - 1].at - s[i].at, s[i - 1].name);
    }
    return ERR_OK;
}

/* Sum of n whole numbers; -1 where there are not exactly n, or one is outside 0..most. */
static int64_t sum_of(const struct json *list, size_t n, int64_t most)
{
    if (!json_is_array(list) || json_len(list) != n)
        return -1;
    int64_t sum = 0;
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        const int64_t x = json_i64(v, -1);
        if (x < 0 || x > most)
            return -1;
        sum += x;
    }
    return sum;
}

static enum err_code check_steps(const struct json *token_ns, nsec_t first, nsec_t last,
                                 struct err *e)
{
    struct json_iter it = json_iter(token_ns);
    nsec_t before = first;
    size_t n = 0;
    for (const struct json *v; (v = json_next(&it, nullptr)); n++) {
        const nsec_t t = json_i64(v, -1);
        if ((n == 0 && t != first) || t < before)
            return err_set(e, ERR_BACKEND,
                           "impossible sample: stamp %zu of token_ns is out of order", n);
        before = t;
    }
    if (n == 0 || before != last)
        return err_set(e, ERR_BACKEND,
                       "impossible sample: the last of %zu token stamps is not 'finished'", n);
    return ERR_OK;
}

static enum err_code check_counts(const struct json *v, const struct sample_reply_frame *f,
                                  struct sample_log_record *r, struct err *e)
{
    static const char *const lists[] = {"stop", "outputs", "output_ids"};
    constexpr int64_t most_prompt_tokens = INT32_MAX;
    r->prompt_tokens = sum_of(json_get(v, "prompt_tokens"), f->n_prompts, most_prompt_tokens);
    r->generated_tokens = sum_of(json_get(v, "generated_tokens"), f->n_prompts, f->max_tokens);
    r->padding_tokens = json_i64(json_get(v, "padding_tokens"), -1);
    if (r->prompt_tokens < 0 || r->generated_tokens < 0)
        return err_set(e, ERR_BACKEND,
                       "impossible sample: want %u token counts, none above max_tokens %u",
                       f->n_prompts, f->max_tokens);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (json_len(json_get(v, lists[i])) != f->n_prompts)
            return err_set(e, ERR_BACKEND, "impossible sample: '%s' has %zu entries for %u prompts",
                           lists[i], json_len(json_get(v, lists[i])), f->n_prompts);
    int64_t ids = 0;
    struct json_iter it = json_iter(json_get(v, "output_ids"));
    for (const struct json *x; (x = json_next(&it, nullptr));)
        ids += (int64_t)json_len(x);
    if (ids != r->generated_tokens)
        return err_set(e, ERR_BACKEND,
                       "impossible sample: %" PRId64 " ids for %" PRId64 " generated tokens", ids,
                       r->generated_tokens);
    return ERR_OK;
}

enum err_code sample_reply_read(const struct json *reply, const struct sample_reply_frame *frame,
                                struct sample_log_record *r, struct err *e)
{
    if (json_i64(json_get(reply, "id"), -1) != (int64_t)frame->id)
        return err_set(e, ERR_BACKEND, "the worker answered another request than %" PRIu64,
                       frame->id);
    struct sample_log_record x = *r;
    x.submitted = json_i64(json_get(reply, "submitted"), -1);
    x.tokenized = json_i64(json_get(reply, "tokenized"), -1);
    x.first_token = json_i64(json_get(reply, "first_token"), -1);
    x.finished = json_i64(json_get(reply, "finished"), -1);
    x.detokenized = json_i64(json_get(reply, "detokenized"), -1);
    x.token_ns = json_get(reply, "token_ns");
    const struct stamp stamps[] = {{"sent", frame->sent},        {"submitted", x.submitted},
                                   {"tokenized", x.tokenized},   {"first_token", x.first_token},
                                   {"finished", x.finished},     {"detokenized", x.detokenized},
                                   {"received", frame->received}};
    if (in_order(stamps, COUNT_OF(stamps), e) ||
        check_steps(x.token_ns, x.first_token, x.finished, e) || check_counts(reply, frame, &x, e))
        return e->code;
    const struct json *const prefill = json_get(reply, "prefill_ns");
    x.prefill_begin = json_i64(json_at(prefill, 0), -1);
    x.prefill_end = json_i64(json_at(prefill, 1), -1);
    if (x.prefill_begin >= 0 && (x.prefill_begin < x.submitted || x.prefill_end < x.prefill_begin ||
                                 x.prefill_end > x.finished))
        return err_set(e, ERR_BACKEND, "impossible sample: prefill_ns lies outside the request");
    x.stop = json_get(reply, "stop");
    x.outputs = json_get(reply, "outputs");
    x.output_ids = json_get(reply, "output_ids");
    x.cpu = json_i64(json_get(reply, "cpu_ns"), -1);
    x.peak_rss_bytes = json_i64(json_get(reply, "peak_rss_bytes"), -1);
    x.status = STATUS_OK;
    *r = x;
    return ERR_OK;
}

void sample_reply_unknown(struct sample_log_record *r)
{
    r->submitted = r->tokenized = r->first_token = r->finished = r->detokenized = -1;
    r->prefill_begin = r->prefill_end = -1;
    r->cpu = -1;
    r->peak_rss_bytes = r->prompt_tokens = r->generated_tokens = r->padding_tokens = -1;
    r->token_ns = r->stop = r->outputs = r->output_ids = nullptr;
    r->overlap_ms = NOT_MEASURED;
}
