#include "store/sample_line.h"

#include "base/defs.h"
#include "base/str.h"
#include "domain/status.h"
#include "io/json.h"
#include "io/json_pool.h"
#include "store/sample_keys.h"
#include "store/sample_quick.h"

#include <stdlib.h>
#include <string.h>

struct sample_line_reader {
    enum sample_line_way way;
    struct json_pool *pool;
    struct sample_quick *quick; /* nullptr: not the quick way */
    struct str stop;
};

struct sample_line_reader *sample_line_reader_new(enum sample_line_way way)
{
    struct sample_line_reader *const r = malloc(sizeof *r);
    if (!r)
        abort(); /* as an arena does */
    *r = (struct sample_line_reader){.way = way, .pool = json_pool_new()};
    if (way == SAMPLE_LINE_FIGURES)
        r->quick = sample_quick_new();
    return r;
}

void sample_line_reader_freep(struct sample_line_reader **r)
{
    if (!*r)
        return;
    json_pool_freep(&(*r)->pool);
    sample_quick_freep(&(*r)->quick);
    str_done(&(*r)->stop);
    free(*r);
    *r = nullptr;
}

static int32_t word(const struct json *v, enum sample_key_kind kind)
{
    enum status status;
    enum phase phase;
    const char *const text = json_str(v, "");
    if (kind == SAMPLE_KEY_STATUS)
        return status_parse(text, &status) ? (int32_t)status : INT32_MIN;
    return status_phase_parse(text, &phase) ? (int32_t)phase : INT32_MIN;
}

static int32_t narrow(int64_t x)
{
    return x > INT32_MIN && x <= INT32_MAX ? (int32_t)x : INT32_MIN;
}

/* "length|eos", and how many; words that are none count but are not shown. */
static void take_stop(struct sample_line_reader *r, const struct json *list,
                      struct sample_line *ret)
{
    if (!json_is_array(list))
        return;
    ret->n_stops = ret->n_early = 0;
    str_clear(&r->stop);
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr)); ret->n_stops++) {
        const char *const word = json_str(v, "");
        ret->n_early += json_is_str(v) && strcmp(word, "length") != 0;
        if (json_is_str(v) && r->stop.n)
            str_putc(&r->stop, '|');
        str_puts(&r->stop, word);
    }
    ret->stop = str_text(&r->stop);
}

static void take(struct sample_line_reader *r, const struct sample_key *k, const struct json *v,
                 struct sample_line *ret)
{
    char *const to = (char *)ret + k->at;
    switch (k->kind) {
    case SAMPLE_KEY_TEXT:
        *(const char **)(void *)to = json_str(v, nullptr);
        return;
    case SAMPLE_KEY_I32:
        *(int32_t *)(void *)to = narrow(json_i64(v, INT64_MIN));
        return;
    case SAMPLE_KEY_I64:
        *(int64_t *)(void *)to = json_i64(v, INT64_MIN);
        return;
    case SAMPLE_KEY_U64:
        *(uint64_t *)(void *)to = json_u64(v, UINT64_MAX);
        return;
    case SAMPLE_KEY_F64:
        *(double *)(void *)to = json_f64(v, NOT_MEASURED);
        return;
    case SAMPLE_KEY_ARRAY:
        if (r->way == SAMPLE_LINE_OUTPUTS)
            *(const struct json **)(void *)to = json_is_array(v) ? v : nullptr;
        return;
    case SAMPLE_KEY_STOP:
        take_stop(r, v, ret);
        return;
    case SAMPLE_KEY_COUNT:
        *(int32_t *)(void *)to = json_is_array(v) ? (int32_t)json_len(v) : INT32_MIN;
        return;
    case SAMPLE_KEY_PHASE:
    case SAMPLE_KEY_STATUS:
        *(int32_t *)(void *)to = word(v, k->kind);
        return;
    case SAMPLE_KEY_SKIP:
        return;
    }
    unreachable();
}

/* A key that stands twice is seen here; what is missing, by complete(). */
static enum sample_line_fault by_json(struct sample_line_reader *r, const char *text, size_t n,
                                      struct sample_line *ret)
{
    const struct json *const root = json_pool_parse(r->pool, text, n);
    if (!json_is_object(root))
        return SAMPLE_LINE_NO_JSON;
    struct json_iter it = json_iter(root);
    uint64_t seen = 0;
    size_t expected = 0;
    const char *name;
    for (const struct json *v; (v = json_next(&it, &name));) {
        const size_t k = sample_keys_find(name, it.key_len, expected);
        if (k == SAMPLE_KEYS)
            continue;
        if (seen >> k & 1)
            return SAMPLE_LINE_KEY_TWICE;
        seen |= (uint64_t)1 << k;
        expected = k + 1;
        take(r, &sample_keys[k], v, ret);
    }
    return SAMPLE_LINE_GOOD;
}

static enum sample_line_fault complete(const struct sample_line *l)
{
    if (!l->scenario || !l->backend || !l->precision || !l->model)
        return SAMPLE_LINE_NO_CELL;
    if (l->status < 0)
        return SAMPLE_LINE_NO_STATUS;
    if (l->phase < 0)
        return SAMPLE_LINE_NO_PHASE;
    if (l->invocation < 0)
        return SAMPLE_LINE_NO_INVOCATION;
    if (l->status == STATUS_OK && !(l->latency_ms >= 0))
        return SAMPLE_LINE_NO_LATENCY;
    return SAMPLE_LINE_GOOD;
}

enum sample_line_fault sample_line_parse(struct sample_line_reader *r, const char *text, size_t n,
                                         struct sample_line *ret)
{
    if (r->quick && sample_quick_parse(r->quick, text, n, ret))
        return complete(ret);
    *ret = sample_keys_nothing;
    const enum sample_line_fault f = by_json(r, text, n, ret);
    return f ? f : complete(ret);
}

const char *sample_line_why(enum sample_line_fault f)
{
    static const char *const words[SAMPLE_LINE_FAULTS] = {
        [SAMPLE_LINE_GOOD] = "nothing is wrong with it",
        [SAMPLE_LINE_NO_JSON] = "no JSON",
        [SAMPLE_LINE_NO_CELL] = "scenario, backend, precision or model is missing",
        [SAMPLE_LINE_NO_STATUS] = "its status is none of the contract's",
        [SAMPLE_LINE_NO_PHASE] = "its phase is none of cold, warmup, measured",
        [SAMPLE_LINE_NO_INVOCATION] = "invocation is missing",
        [SAMPLE_LINE_NO_LATENCY] = "it is ok but has no latency_ms",
        [SAMPLE_LINE_KEY_TWICE] = "a key stands twice in it",
        [SAMPLE_LINE_TORN] = "the last line is torn",
        [SAMPLE_LINE_TOO_LONG] = "it is longer than 64 MiB",
        [SAMPLE_LINE_OTHER_CELL] = "it is of another cell than the file's first line",
        [SAMPLE_LINE_TWICE] = "written twice",
    };
    return words[f];
}
