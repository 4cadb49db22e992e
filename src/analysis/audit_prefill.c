#include "analysis/audit_prefill.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/folder.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { MODE_STEPS, MODE_WARM, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [MODE_STEPS] = {"steps", 1.3,
                    "decoding steps of one token that a cached prompt's prefill takes"},
    [MODE_WARM] = {"warm_ratio", 3,
                   "of prefill's warm-up over its measured samples, beyond what decoding has: a "
                   "warm machine explains less"},
};

constexpr double NOTHING_TO_CACHE = 2; /* tokens of a prompt */

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
    const double later = c->stats->median;
    const double step = decode->stats->median / decode->kept->generated_mean;
    const double first = warm_up(c);
    const double ratio = first / later / fmax(1, warm_up(decode) / decode->stats->median);
    if (!(later <= limits[MODE_STEPS].value * step) || !(ratio >= limits[MODE_WARM].value) ||
        c->kept->prompt_tokens_mean <= NOTHING_TO_CACHE)
        return;
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_fact facts[] = {audit_word("quantity", "latency_ms"),
                                       audit_number("first_over_later", ratio),
                                       audit_number("first_pass_ms", first),
                                       audit_number("later_ms", later),
                                       audit_number("step_ms", step),
                                       audit_number("prompt_tokens", c->kept->prompt_tokens_mean)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "cache-hit",
                  .severity = AUDIT_FAIL,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(
                      out,
                      "%s: prefill takes %.4g ms, as one decoded token of %s does (%.4g ms); in "
                      "warm-up the same prompt took %.4g ms: it is answered from a cache, or the "
                      "warm-up's was the start of its process",
                      audit_label(out, c), later, decode->key->scenario, step, first),
                  .advice = "send every prompt once per process, or switch the prompt cache off; "
                            "only the warm-up's prefill is one",
                  .blocks = AUDIT_THROUGHPUT | AUDIT_TTFT | AUDIT_PREFILL | AUDIT_COMPARISON |
                            AUDIT_FIT});
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
             "warm_ratio times one that takes no more than `steps` decoded tokens",
     .evidence = "quantity first_over_later first_pass_ms later_ms step_ms prompt_tokens",
     .blocks = AUDIT_THROUGHPUT | AUDIT_TTFT | AUDIT_PREFILL | AUDIT_COMPARISON | AUDIT_FIT,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
