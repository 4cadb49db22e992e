#include "store/sample_line.h"

#include "base/defs.h"
#include "domain/status.h"
#include "io/json.h"
#include "io/json_pool.h"

#include <string.h>

enum kind : uint8_t { TEXT, I32, I64, U64, F64, ARRAY, COUNT, PHASE, STATUS, SKIP };

struct key {
    const char *name;
    uint8_t n;
    enum kind kind;
    uint16_t at; /* in struct sample_line */
};

#define KEY(name, kind, field)                                                                     \
    {name, sizeof name - 1, kind, (uint16_t)offsetof(struct sample_line, field)}
#define SAME(field, kind) KEY(#field, kind, field)

/* In the order in which the lab writes them: the next key is then found at the first look. */
static const struct key keys[] = {
    SAME(scenario, TEXT),
    SAME(backend, TEXT),
    SAME(precision, TEXT),
    SAME(model, TEXT),
    SAME(invocation, I32),
    SAME(segment, I32),
    SAME(phase, PHASE),
    SAME(repetition, I32),
    SAME(prompt_index, I32),
    SAME(agent, I32),
    {"agents", 6, SKIP, 0},
    SAME(seq, I32),
    SAME(status, STATUS),
    SAME(reason, TEXT),
    SAME(submitted_ns, I64),
    {"tokenized_ns", 12, SKIP, 0},
    SAME(first_token_ns, I64),
    SAME(finished_ns, I64),
    {"detokenized_ns", 14, SKIP, 0},
    KEY("token_ns", COUNT, n_steps),
    SAME(latency_ms, F64),
    SAME(ttft_ms, F64),
    SAME(prefill_ms, F64),
    SAME(decode_ms, F64),
    SAME(batch_size, I32),
    SAME(prompt_tokens, I64),
    SAME(generated_tokens, I64),
    SAME(padding_tokens, I64),
    SAME(stop, ARRAY),
    SAME(outputs, ARRAY),
    SAME(output_ids, ARRAY),
    SAME(cpu_ms, F64),
    SAME(peak_rss_mb, F64),
    SAME(seed, U64),
    SAME(overlap_ms, F64),
    SAME(started_at, TEXT),
    SAME(tokens, F64),
    SAME(tokens_per_s, F64),
    SAME(power_w, F64),
    SAME(temperature_c, F64),
    SAME(clock_mhz, F64),
    SAME(steal_percent, F64),
};
static_assert(COUNT_OF(keys) < 64, "a bit for each");

static const struct sample_line nothing = {
    .invocation = INT32_MIN,
    .segment = INT32_MIN,
    .repetition = INT32_MIN,
    .prompt_index = INT32_MIN,
    .agent = INT32_MIN,
    .seq = INT32_MIN,
    .batch_size = INT32_MIN,
    .phase = INT32_MIN,
    .status = INT32_MIN,
    .n_stops = INT32_MIN,
    .n_early = INT32_MIN,
    .n_steps = INT32_MIN,
    .submitted_ns = INT64_MIN,
    .first_token_ns = INT64_MIN,
    .finished_ns = INT64_MIN,
    .prompt_tokens = INT64_MIN,
    .generated_tokens = INT64_MIN,
    .padding_tokens = INT64_MIN,
    .seed = UINT64_MAX,
    .latency_ms = NOT_MEASURED,
    .ttft_ms = NOT_MEASURED,
    .prefill_ms = NOT_MEASURED,
    .decode_ms = NOT_MEASURED,
    .cpu_ms = NOT_MEASURED,
    .peak_rss_mb = NOT_MEASURED,
    .overlap_ms = NOT_MEASURED,
    .tokens = NOT_MEASURED,
    .tokens_per_s = NOT_MEASURED,
    .power_w = NOT_MEASURED,
    .temperature_c = NOT_MEASURED,
    .clock_mhz = NOT_MEASURED,
    .steal_percent = NOT_MEASURED,
};

static size_t find(const char *name, size_t n, size_t expected)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const size_t k = (expected + i) % COUNT_OF(keys);
        if (keys[k].n == n && memcmp(keys[k].name, name, n) == 0)
            return k;
    }
    return COUNT_OF(keys);
}

static int32_t word(const struct json *v, enum kind kind)
{
    enum status status;
    enum phase phase;
    const char *const text = json_str(v, "");
    if (kind == STATUS)
        return status_parse(text, &status) ? (int32_t)status : INT32_MIN;
    return status_phase_parse(text, &phase) ? (int32_t)phase : INT32_MIN;
}

static int32_t narrow(int64_t x)
{
    return x > INT32_MIN && x <= INT32_MAX ? (int32_t)x : INT32_MIN;
}

static void take(const struct key *k, const struct json *v, struct sample_line *ret)
{
    char *const to = (char *)ret + k->at;
    switch (k->kind) {
    case TEXT:
        *(const char **)(void *)to = json_str(v, nullptr);
        return;
    case I32:
        *(int32_t *)(void *)to = narrow(json_i64(v, INT64_MIN));
        return;
    case I64:
        *(int64_t *)(void *)to = json_i64(v, INT64_MIN);
        return;
    case U64:
        *(uint64_t *)(void *)to = json_u64(v, UINT64_MAX);
        return;
    case F64:
        *(double *)(void *)to = json_f64(v, NOT_MEASURED);
        return;
    case ARRAY:
        *(const struct json **)(void *)to = json_is_array(v) ? v : nullptr;
        return;
    case COUNT:
        *(int32_t *)(void *)to = json_is_array(v) ? (int32_t)json_len(v) : INT32_MIN;
        return;
    case PHASE:
    case STATUS:
        *(int32_t *)(void *)to = word(v, k->kind);
        return;
    case SKIP:
        return;
    }
    unreachable();
}

static void count_stops(struct sample_line *ret)
{
    if (!ret->stop)
        return;
    ret->n_stops = ret->n_early = 0;
    struct json_iter it = json_iter(ret->stop);
    for (const struct json *v; (v = json_next(&it, nullptr)); ret->n_stops++)
        ret->n_early += json_is_str(v) && strcmp(json_str(v, ""), "length") != 0;
}

enum sample_line_fault sample_line_parse(struct json_pool *p, const char *text, size_t n,
                                         struct sample_line *ret)
{
    *ret = nothing;
    const struct json *const root = json_pool_parse(p, text, n);
    if (!json_is_object(root))
        return SAMPLE_LINE_NO_JSON;
    struct json_iter it = json_iter(root);
    uint64_t seen = 0;
    size_t expected = 0;
    const char *name;
    for (const struct json *v; (v = json_next(&it, &name));) {
        const size_t k = find(name, it.key_len, expected);
        if (k == COUNT_OF(keys))
            continue;
        if (seen >> k & 1)
            return SAMPLE_LINE_KEY_TWICE;
        seen |= (uint64_t)1 << k;
        expected = k + 1;
        take(&keys[k], v, ret);
    }
    count_stops(ret);
    if (!ret->scenario || !ret->backend || !ret->precision || !ret->model)
        return SAMPLE_LINE_NO_CELL;
    if (ret->status < 0)
        return SAMPLE_LINE_NO_STATUS;
    if (ret->phase < 0)
        return SAMPLE_LINE_NO_PHASE;
    if (ret->invocation < 0)
        return SAMPLE_LINE_NO_INVOCATION;
    if (ret->status == STATUS_OK && !(ret->latency_ms >= 0))
        return SAMPLE_LINE_NO_LATENCY;
    return SAMPLE_LINE_GOOD;
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
