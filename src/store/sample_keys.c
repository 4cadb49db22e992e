#include "store/sample_keys.h"

#include "base/defs.h"
#include "store/sample_line.h"

#include <string.h>

#define KEY(name, kind, field)                                                                     \
    {name, sizeof name - 1, SAMPLE_KEY_##kind, (uint16_t)offsetof(struct sample_line, field)}
#define SAME(field, kind) KEY(#field, kind, field)

/* In the order in which the lab writes them: the next key is then found at the first look. */
const struct sample_key sample_keys[] = {
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
    {"agents", 6, SAMPLE_KEY_SKIP, 0},
    SAME(seq, I32),
    SAME(status, STATUS),
    SAME(reason, TEXT),
    SAME(submitted_ns, I64),
    {"tokenized_ns", 12, SAMPLE_KEY_SKIP, 0},
    SAME(first_token_ns, I64),
    SAME(finished_ns, I64),
    {"detokenized_ns", 14, SAMPLE_KEY_SKIP, 0},
    KEY("token_ns", COUNT, n_steps),
    SAME(latency_ms, F64),
    SAME(ttft_ms, F64),
    SAME(prefill_ms, F64),
    SAME(decode_ms, F64),
    SAME(batch_size, I32),
    SAME(prompt_tokens, I64),
    SAME(generated_tokens, I64),
    SAME(padding_tokens, I64),
    SAME(stop, STOP),
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
static_assert(COUNT_OF(sample_keys) == SAMPLE_KEYS && SAMPLE_KEYS < 64, "a bit for each");

const struct sample_line sample_keys_nothing = {
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

size_t sample_keys_find(const char *name, size_t n, size_t expected)
{
    for (size_t i = 0; i < SAMPLE_KEYS; i++) {
        const size_t k = (expected + i) % SAMPLE_KEYS;
        if (sample_keys[k].n == n && memcmp(sample_keys[k].name, name, n) == 0)
            return k;
    }
    return SAMPLE_KEYS;
}
