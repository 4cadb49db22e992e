#include "analysis/audit_cache.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"
#include "store/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKENS_RATIO,
    GROWTH,
    REPEAT_RATIO,
    SIGN_P,
    LEAST_PAIRS,
    FEW_PAIRS,
    FEW_RATIO,
    FEW_P,
    STEPS,
    WARM_RATIO,
    STEP_TOKENS_RATIO,
    LIMITS
};
static const struct audit_limit limits[LIMITS] = {
    [TOKENS_RATIO] = {"tokens_ratio", 3.0,
                      "longest prompts over shortest; less contrast shows no growth"},
    [GROWTH] = {"growth", 1.2,
                "of the prefill from the shortest to the longest prompts; work that is done grows "
                "with them"},
    [REPEAT_RATIO] =
        {"repeat_ratio", 1.5,
         "of a prompt's first prefill to its later ones, beyond what warm-up explains"},
    [SIGN_P] = {"sign_p", 0.01, "of the sign test over prompts: first passes are not just unlucky"},
    [LEAST_PAIRS] = {"least_pairs", 7,
                     "prompts with repeats; with fewer the sign test cannot reject"},
    [FEW_PAIRS] = {"few_pairs", 3, "prompts with repeats, where Student's test stands in for it"},
    [FEW_RATIO] = {"few_ratio", 2.0, "first prefill over later ones, where there are so few"},
    [FEW_P] = {"few_p", 0.01, "of Student's test on the logs of that ratio"},
    [STEPS] = {"steps", 1.3, "decoding steps of one token that a cached prompt's prefill takes"},
    [WARM_RATIO] = {"warm_ratio", 3,
                    "prefill of warm-up over that of measured samples, beyond what decoding has: a "
                    "warm machine explains less"},
    [STEP_TOKENS_RATIO] = {"step_tokens_ratio", 1.3,
                           "the same as tokens_ratio, where a prefill takes a step"},
};

static constexpr unsigned BLOCKS = AUDIT_PREFILL | AUDIT_TTFT | AUDIT_THROUGHPUT | AUDIT_COMPARISON;

struct length { /* prompts of one length */
    double tokens, ms;
};

static int by_tokens(const void *a, const void *b)
{
    const struct length *const x = a, *const y = b;
    return (x->tokens > y->tokens) - (x->tokens < y->tokens);
}

/* Prefill of the longest third over that of the shortest; NOT_MEASURED: too little contrast. */
static double growth(struct length *l, size_t n, double *ret_tokens_ratio, struct arena *scratch)
{
    *ret_tokens_ratio = NOT_MEASURED;
    if (n < 3)
        return NOT_MEASURED;
    qsort(l, n, sizeof *l, by_tokens);
    const size_t third = n / 3;
    double *const ms = ARENA_ARRAY(scratch, double, n), *const tokens =
                                                            ARENA_ARRAY(scratch, double, n);
    for (size_t i = 0; i < n; i++) {
        ms[i] = l[i].ms;
        tokens[i] = l[i].tokens;
    }
    *ret_tokens_ratio = audit_series_median(tokens + n - third, third, scratch) /
                        audit_series_median(tokens, third, scratch);
    return audit_series_median(ms + n - third, third, scratch) /
           audit_series_median(ms, third, scratch);
}

/* ---- one cell ---- */

struct request { /* an ok sample of any phase */
    int32_t replicate, invocation, prompt;
    size_t place; /* in its invocation */
    double ms, decode_ms, tokens;
};

struct requests {
    struct request *items;
    size_t n;
    const char *quantity; /* "prefill_ms"; nullptr: the cell has none */
};

static const double *quantity_of(const struct audit_cell *c, const char **ret_name)
{
    const struct results_samples *const s = c->samples;
    *ret_name = c->kept->with_prefill > 0 ? "prefill_ms"
                : c->kept->with_ttft > 0  ? "ttft_ms"
                                          : "latency_ms";
    return c->kept->with_prefill > 0 ? s->prefill_ms
           : c->kept->with_ttft > 0  ? s->ttft_ms
                                     : s->latency_ms;
}

static struct requests requests_of(const struct audit_cell *c, struct arena *scratch)
{
    const struct results_samples *const s = c->samples;
    struct requests r = {.items = ARENA_ARRAY(scratch, struct request, s->n + 1)};
    const double *const v = quantity_of(c, &r.quantity);
    constexpr size_t MOST = 10000; /* if caching is there, they show it */
    size_t place = 0;
    for (size_t i = 0; i < s->n && r.n < MOST; i++) {
        const bool begins = i == 0 || s->replicate[i] != s->replicate[i - 1] ||
                            s->invocation[i] != s->invocation[i - 1];
        place = begins ? 0 : place + 1;
        if (s->status[i] != STATUS_OK || !(v[i] > 0) || s->prompt_index[i] == INT32_MIN)
            continue;
        r.items[r.n++] =
            (struct request){s->replicate[i],
                             s->invocation[i],
                             s->prompt_index[i],
                             place,
                             v[i],
                             s->decode_ms[i],
                             s->prompt_tokens[i] > 0 ? (double)s->prompt_tokens[i] : NOT_MEASURED};
    }
    return r;
}

static int by_prompt(const void *a, const void *b)
{
    const struct request *const x = a, *const y = b;
    const int32_t d[] = {x->replicate,  y->replicate, x->invocation,
                         y->invocation, x->prompt,    y->prompt};
    for (size_t i = 0; i < COUNT_OF(d); i += 2)
        if (d[i] != d[i + 1])
            return d[i] > d[i + 1] ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

struct repeats { /* over prompts of invocations */
    size_t pairs, slower;
    double *excess; /* logs: first over later, beyond what the decoding of the same requests has */
    struct length *first, *later;
    double first_ms, later_ms; /* of the pair in the middle */
};

/* One prompt of one invocation: p[0] is its first request. */
static void add_repeats(const struct request *p, size_t n, struct arena *scratch,
                        struct repeats *ret)
{
    double *const ms = ARENA_ARRAY(scratch, double, n), *const decode =
                                                            ARENA_ARRAY(scratch, double, n);
    size_t n_decode = 0;
    for (size_t i = 1; i < n; i++) {
        ms[i - 1] = p[i].ms;
        if (p[i].decode_ms > 0)
            decode[n_decode++] = p[i].decode_ms;
    }
    const double later = audit_series_median(ms, n - 1, scratch);
    double excess = log(p[0].ms / later);
    if (p[0].decode_ms > 0 && n_decode > 0)
        excess -= log(p[0].decode_ms / audit_series_median(decode, n_decode, scratch));
    ret->first[ret->pairs] = (struct length){p[0].tokens, p[0].ms};
    ret->later[ret->pairs] = (struct length){p[0].tokens, later};
    ret->excess[ret->pairs++] = excess;
    ret->slower += excess > 0;
}

/* The first request of an invocation is cold, whatever its prompt: it says nothing. */
static struct repeats repeats_of(const struct requests *r, struct arena *scratch)
{
    struct repeats x = {.excess = ARENA_ARRAY(scratch, double, r->n + 1),
                        .first = ARENA_ARRAY(scratch, struct length, r->n + 1),
                        .later = ARENA_ARRAY(scratch, struct length, r->n + 1)};
    qsort(r->items, r->n, sizeof *r->items, by_prompt);
    for (size_t i = 0, n; i < r->n; i += n) {
        const struct request *const p = r->items + i;
        for (n = 1; i + n < r->n && p[n].replicate == p->replicate &&
                    p[n].invocation == p->invocation && p[n].prompt == p->prompt;)
            n++;
        if (n >= 3 && p->place > 0)
            add_repeats(p, n, scratch, &x);
    }
    return x;
}

static double middle_ms(const struct length *l, size_t n, struct arena *scratch)
{
    double *const ms = ARENA_ARRAY(scratch, double, n + 1);
    for (size_t i = 0; i < n; i++)
        ms[i] = l[i].ms;
    return audit_series_median(ms, n, scratch);
}

static void say_repeats(const struct audit_cell *c, const struct repeats *x, const char *quantity,
                        double ratio, double p, struct arena *scratch, struct audit *out)
{
    const double first = middle_ms(x->first, x->pairs, scratch),
                 later = middle_ms(x->later, x->pairs, scratch);
    const struct audit_fact facts[] = {
        {"quantity", NOT_MEASURED, quantity},
        {"prompts", (double)x->pairs, nullptr},
        {"first_slower", (double)x->slower, nullptr},
        {"first_over_later", ratio, nullptr},
        {"first_pass_ms", first, nullptr},
        {"later_ms", later, nullptr},
        {"p_value", p, nullptr},
    };
    audit_add(out, &(struct audit_finding){
                       .check = "cache-hit",
                       .severity = AUDIT_FAIL,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: a prompt's first %s is %.2f times its later ones "
                                             "beyond warm-up (%zu of %zu prompts; medians %.4g and "
                                             "%.4g ms): %s",
                                             audit_label(out, c), quantity, ratio, x->slower,
                                             x->pairs, first, later,
                                             strcmp(quantity, "latency_ms") == 0
                                                 ? "repeats are answered from a cache, or each "
                                                   "prompt was cold once (its shape compiled), "
                                                   "which a warm-up of one prompt does not cover"
                                                 : "repeats are answered from a cache"),
                       .advice = "send every prompt once per process, or switch the prompt cache "
                                 "off; the later figure is no prefill; where it is no cache, warm "
                                 "up with every prompt",
                       .blocks = BLOCKS,
                   });
}

static void say_flat(const struct audit_subject *subject, const char *who, double grows,
                     double tokens, double first_grows, size_t n, struct audit *out)
{
    const bool cached = first_grows >= 1.5 * limits[GROWTH].value;
    const struct audit_fact facts[] = {
        {"longest_over_shortest_ms", grows, nullptr},
        {"longest_over_shortest_tokens", tokens, nullptr},
        {"first_pass_longest_over_shortest_ms", first_grows, nullptr},
        {"prompts", (double)n, nullptr},
    };
    audit_add(out, &(struct audit_finding){
                       .check = "cache-hit",
                       .severity = cached ? AUDIT_FAIL : AUDIT_WARN,
                       .subject = *subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: prompts %.1f times as long take %.2f times the "
                                             "prefill: the prompt was not worked through each time",
                                             who, tokens, grows),
                       .advice = "send every prompt once per process, or switch the prompt cache "
                                 "off; if the prompts are so short that the fixed cost hides "
                                 "their length, this is no prefill rate either",
                       .blocks = AUDIT_PREFILL | AUDIT_TTFT | AUDIT_FIT,
                   });
}

/* ---- a prefill that takes as long as one decoded token ---- */

/* Time of one decoded token; NOT_MEASURED: unknown. */
static double step_ms(const struct audit_cell *c)
{
    const struct results_row *const r = c->stats->n == 0 && c->n_stated ? &c->stated[0] : nullptr;
    const double decode = r ? r->decode_ms : c->kept->decode_mean;
    const double tokens = r ? r->generated_tokens : c->kept->generated_mean;
    return tokens > 0 ? decode / tokens : NOT_MEASURED;
}

/* Medians over the ok samples before the measured ones. */
static void warm_medians(const struct audit_cell *c, double *ret_prefill, double *ret_decode,
                         struct arena *scratch)
{
    const struct results_samples *const s = c->samples;
    double *const prefill = ARENA_ARRAY(scratch, double, s->n + 1), *const decode = ARENA_ARRAY(
                                                                        scratch, double, s->n + 1);
    size_t n = 0, d = 0;
    for (size_t i = 0; i < s->n && n < 1000; i++) {
        if (s->phase[i] == PHASE_MEASURED || s->status[i] != STATUS_OK || !(s->prefill_ms[i] > 0))
            continue;
        prefill[n++] = s->prefill_ms[i];
        if (s->decode_ms[i] > 0)
            decode[d++] = s->decode_ms[i];
    }
    *ret_prefill = n ? audit_series_median(prefill, n, scratch) : NOT_MEASURED;
    *ret_decode = d ? audit_series_median(decode, d, scratch) : NOT_MEASURED;
}

bool audit_cache_one_step(const struct audit_cell *c, const struct audit_cache_step *x,
                          struct audit *out)
{
    constexpr double NOTHING_TO_CACHE = 2; /* tokens of a prompt */
    const double ratio = x->first / x->later / fmax(1, x->decode_first / x->decode_later);
    if (!(ratio >= limits[WARM_RATIO].value) || !(x->later <= limits[STEPS].value * x->step) ||
        c->kept->prompt_tokens_mean <= NOTHING_TO_CACHE)
        return false;
    const struct audit_fact facts[] = {audit_word("quantity", x->quantity),
                                       audit_number("first_over_later", ratio),
                                       audit_number("first_pass_ms", x->first),
                                       audit_number("later_ms", x->later),
                                       audit_number("step_ms", x->step),
                                       audit_number("prompt_tokens", c->kept->prompt_tokens_mean)};
    audit_add(out, &(struct audit_finding){
                       .check = "cache-hit",
                       .severity = AUDIT_FAIL,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(
                           out,
                           "%s: prefill takes %.4g ms, as one decoded token%s%s does (%.4g ms); in "
                           "warm-up the same prompt took %.4g ms: it is answered from a cache, or "
                           "the warm-up's was the start of its process",
                           audit_label(out, c), x->later, x->decoded_in ? " of " : "",
                           x->decoded_in ? x->decoded_in : "", x->step, x->first),
                       .advice = "send every prompt once per process, or switch the prompt cache "
                                 "off; only the warm-up's prefill is one",
                       .blocks = BLOCKS | AUDIT_FIT,
                   });
    return true;
}

static bool look_at_warm_up(const struct audit_cell *c, struct arena *scratch, struct audit *out)
{
    struct audit_cache_step x = {.quantity = "prefill_ms",
                                 .later = c->stats->prefill_ms,
                                 .decode_later = c->kept->decode_mean,
                                 .step = step_ms(c)};
    if (!(x.later > 0) || !(x.step > 0))
        return false;
    warm_medians(c, &x.first, &x.decode_first, scratch);
    return audit_cache_one_step(c, &x, out);
}

/* One-sided, that the logs of first over later are above 0. */
static double few_p(const struct repeats *x)
{
    const struct moment m = moment_of(x->excess, x->pairs);
    const double p = dist_t_two_sided(m.mean / (m.sd / sqrt((double)m.n)), (double)m.n - 1) / 2;
    return m.mean > 0 ? p : 1 - p;
}

static bool few_repeats(const struct repeats *x)
{
    return moment_of(x->excess, x->pairs).mean >= log(limits[FEW_RATIO].value) &&
           few_p(x) < limits[FEW_P].value;
}

static void look_cell(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
    if (look_at_warm_up(c, scratch, out))
        return;
    if (c->stats->n == 0 || c->kept->n_prompts < 2) {
        audit_not_run(out, "cache-hit", &subject, "fewer than two prompts are told apart");
        return;
    }
    const struct requests r = requests_of(c, scratch);
    if (r.n == 0)
        return;
    const struct repeats x = repeats_of(&r, scratch);
    if ((double)x.pairs < limits[FEW_PAIRS].value)
        audit_not_run(out, "cache-hit", &subject,
                      "fewer than three prompts were sent three times by one process");
    else if ((double)x.pairs < limits[LEAST_PAIRS].value && few_repeats(&x)) {
        say_repeats(c, &x, r.quantity, exp(moment_of(x.excess, x.pairs).mean), few_p(&x), scratch,
                    out);
        return;
    }
    const double p = x.pairs ? 1 - dist_binomial_cdf((double)x.slower - 1, x.pairs, 0.5) : 1;
    const double ratio = x.pairs ? exp(audit_series_median(x.excess, x.pairs, scratch)) : 1;
    if (p < limits[SIGN_P].value && ratio >= limits[REPEAT_RATIO].value) {
        say_repeats(c, &x, r.quantity, ratio, p, scratch, out);
        return;
    }
    if (strcmp(r.quantity, "latency_ms") == 0)
        return; /* decoding does not grow with the prompt */
    double tokens, ignored;
    const double grows = growth(x.later, x.pairs, &tokens, scratch);
    const double first_grows = growth(x.first, x.pairs, &ignored, scratch);
    if (tokens >= limits[TOKENS_RATIO].value && grows < limits[GROWTH].value)
        say_flat(&subject, audit_label(out, c), grows, tokens, first_grows, x.pairs, out);
}

/* ---- the scenarios of a configuration, each with prompts of its own length ---- */

/* false: the cell says nothing of its prefill or of its prompts. */
static bool cell_length(const struct audit_cell *c, struct length *ret)
{
    *ret = (struct length){c->kept->prompt_tokens_mean, c->stats->prefill_ms};
    if (c->stats->n == 0 && c->n_stated > 0)
        *ret = (struct length){c->stated[0].prompt_tokens, c->stated[0].prefill_ms};
    return ret->tokens > 0 && ret->ms > 0;
}

static void look_whole(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    struct length *const l = ARENA_ARRAY(scratch, struct length, w->n_cells + 1);
    bool *const done = ARENA_ARRAY(scratch, bool, w->n_cells + 1);
    for (size_t i = 0; i < w->n_cells; i++) {
        size_t n = 0, steps = 0;
        for (size_t j = i; !done[i] && j < w->n_cells; j++)
            if (folder_key_same_configuration(w->cells[i].key, w->cells[j].key)) {
                done[j] = j > i;
                const bool known = cell_length(&w->cells[j], &l[n]);
                steps += known && l[n].ms <= limits[STEPS].value * step_ms(&w->cells[j]);
                n += known;
            }
        /* Short prompts of small models take a step too; our workers drop the cache each time. */
        const bool as_steps = w->cells[i].imported && n >= 3 && steps == n;
        double tokens;
        const double grows = growth(l, n, &tokens, scratch);
        if (!(tokens >= limits[as_steps ? STEP_TOKENS_RATIO : TOKENS_RATIO].value) ||
            !(grows < (as_steps ? 1 + (tokens - 1) / 3 : limits[GROWTH].value)) ||
            !(grows < limits[GROWTH].value))
            continue;
        const struct audit_cell *const c = &w->cells[i];
        const struct audit_subject subject = {.model = c->key->model,
                                              .backend = c->key->backend,
                                              .precision = c->key->precision,
                                              .replicate = -1,
                                              .invocation = -1};
        say_flat(&subject, audit_label(out, c), grows, tokens, NOT_MEASURED, n, out);
    }
}

const struct audit_check audit_cache_checks[] = {
    {.name = "cache-hit",
     .rule =
         "fail: a prompt's first prefill (else TTFT, else latency) in a process is repeat_ratio "
         "times its later ones in most prompts (of few prompts: few_ratio times, by Student's "
         "test), beyond what the decoding of the same requests and the process's first request "
         "explain; warn: prefill grows by less than `growth` "
         "while prompts grow by tokens_ratio, within a cell or over the scenarios of a "
         "configuration (by step_tokens_ratio where each prefill takes no more than `steps` "
         "decoded tokens); fail where the first pass did grow, or where warm-up's prefill is "
         "warm_ratio times one that takes a step",
     .evidence = "quantity prompts first_slower first_over_later first_pass_ms later_ms p_value "
                 "longest_over_shortest_ms longest_over_shortest_tokens "
                 "first_pass_longest_over_shortest_ms step_ms prompt_tokens",
     .blocks = BLOCKS | AUDIT_FIT,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_cell,
     .whole = look_whole},
    {},
};
