#include "analysis/audit_prefill.h"

#include "analysis/audit_cache.h"
#include "analysis/cell.h"
#include "store/folder.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

static const char *mode_of(const struct audit_cell *c, const char *mode)
{
    return strcasestr(c->key->scenario, mode);
}

/* The scenario "x-decode", "x-kv_decode" of a cell "x-prefill"; nullptr: there is none. */
static const struct audit_cell *decode_of(const struct audit_whole *w, const struct audit_cell *c)
{
    const size_t before = (size_t)(mode_of(c, "prefill") - c->key->scenario);
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const d = &w->cells[i];
        if (mode_of(d, "decode") && folder_key_same_configuration(d->key, c->key) &&
            strncmp(d->key->scenario, c->key->scenario, before) == 0)
            return d;
    }
    return nullptr;
}

/* Median latency before the measured samples. */
static double warm_up(const struct audit_cell *c)
{
    return isnan(c->stats->warmup_latency_ms) ? c->stats->cold_latency_ms
                                              : c->stats->warmup_latency_ms;
}

static void look_at_pair(const struct audit_cell *c, const struct audit_cell *decode,
                         struct audit *out)
{
    const struct audit_cache_step x = {.quantity = "latency_ms",
                                       .first = warm_up(c),
                                       .later = c->stats->median,
                                       .decode_first = warm_up(decode),
                                       .decode_later = decode->stats->median,
                                       .step = decode->stats->median / decode->kept->generated_mean,
                                       .decoded_in = decode->key->scenario};
    (void)audit_cache_one_step(c, &x, out);
}

static void look(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        if (!c->imported || c->stats->n == 0 || !mode_of(c, "prefill"))
            continue;
        const struct audit_cell *const decode = decode_of(w, c);
        if (decode && decode->stats->n > 0)
            look_at_pair(c, decode, out);
    }
}

const struct audit_check audit_prefill_checks[] = {
    {.name = "cache-hit",
     .rule = "fail: where prefill and decode are scenarios of their own: warm-up's prefill is "
             "warm_ratio times one that takes no more than `steps` decoded tokens, both as above",
     .evidence = "quantity first_over_later first_pass_ms later_ms step_ms prompt_tokens",
     .blocks = AUDIT_THROUGHPUT | AUDIT_TTFT | AUDIT_PREFILL | AUDIT_COMPARISON | AUDIT_FIT,
     .whole = look},
    {},
};
