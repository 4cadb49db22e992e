#include "analysis/audit_tokens.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS, MOST_OF, SHORT, OVER, OVER_SHARE, TWICE, ONE_TIME, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LENGTHS] = {"lengths", 3, "different prompt lengths: two may differ from an answer by chance"},
    [MOST_OF] = {"most_of", 0.6,
                 "of them: a window has a least length, under which short prompts fall"},
    [SHORT] = {"short", 0.03, "of the stated length: more than rates are rounded"},
    [OVER] = {"over", 0.02, "of the latency: more than stamps of its parts are rounded"},
    [OVER_SHARE] = {"over_share", 0.05, "of the samples: more than a stamp that failed"},
    [TWICE] = {"twice", 0.3, "from two times the tokens of one stream"},
    [ONE_TIME] = {"one_time", 0.2,
                  "from the time of one: two requests at once cost each other more than that"},
};

static void report(const struct audit_subject *subject, enum audit_severity severity,
                   const struct audit_fact *facts, size_t n, unsigned blocks, const char *message,
                   const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = "token-count",
                                           .severity = severity,
                                           .subject = *subject,
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = blocks});
}

/* ---- prompts shorter than stated: what rate and time make ---- */

/* Tokens per request: by the source's rate and time, and as stated. */
struct made {
    double by_rate, stated;
    size_t n;
};

static void made_add(struct made *m, double rate, double ms, double prompt, double generated)
{
    /* A rate of both, or of the answer, says nothing of the prompt. */
    if (isnan(rate) || !(ms > 0) || !(prompt > 0) || generated > 0)
        return;
    m->by_rate += rate * ms / 1e3;
    m->stated += prompt;
    m->n++;
}

static struct made made_of(const struct audit_cell *c)
{
    struct made m = {};
    const struct results_samples *const s = c->samples;
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i];
        made_add(&m, s->tokens_per_s[row], c->stats->x[i],
                 s->prompt_tokens[row] < 0 ? NOT_MEASURED : (double)s->prompt_tokens[row],
                 (double)s->generated_tokens[row]);
    }
    for (size_t i = 0; c->stats->n == 0 && i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double ms = !isnan(r->prefill_ms) ? r->prefill_ms
                          : isnan(r->mean_ms)   ? r->median_ms
                                                : r->mean_ms;
        made_add(&m, r->tokens_per_s, ms, r->prompt_tokens,
                 isnan(r->prefill_ms) ? r->generated_tokens : 0);
    }
    return m;
}

static bool look_at_nominal(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct made m = made_of(c);
    if (m.n == 0)
        return false;
    const double each = m.by_rate / (double)m.n, stated = m.stated / (double)m.n;
    if (!(each < (1 - limits[SHORT].value) * stated) || each < 0.02 * stated)
        return true; /* a fiftieth: a rate of something else */
    const struct audit_fact facts[] = {
        audit_number("tokens_by_rate", each), audit_number("prompt_tokens", stated),
        audit_number("share", each / stated), audit_number("samples", (double)m.n)};
    report(&subject, AUDIT_WARN, facts, COUNT_OF(facts),
           AUDIT_PREFILL | AUDIT_THROUGHPUT | AUDIT_FIT,
           audit_text(out,
                      "tokens/s times the time make %.4g tokens, the prompt is stated with %.4g: "
                      "the length is nominal, not the prompt's",
                      each, stated),
           "count the prompt with the model's own tokenizer, and give lengths as counted", out);
    return true;
}

/* ---- parts that are more than the whole ---- */

static bool look_at_parts(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct results_samples *const s = c->samples;
    size_t known = 0, over = 0;
    double worst = 0, sum = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i];
        const double first = fmax(s->ttft_ms[row], s->prefill_ms[row]); /* NaN: the other one */
        const double share = (first + s->decode_ms[row]) / c->stats->x[i];
        if (isnan(share))
            continue;
        known++;
        if (share <= 1 + limits[OVER].value)
            continue;
        over++;
        sum += share;
        worst = fmax(worst, share);
    }
    if (known == 0)
        return false;
    if ((double)over < limits[OVER_SHARE].value * (double)known)
        return true;
    const struct audit_fact facts[] = {audit_number("samples_with_more", (double)over),
                                       audit_number("samples", (double)known),
                                       audit_number("parts_over_latency", sum / (double)over),
                                       audit_number("most_parts_over_latency", worst)};
    report(&subject, AUDIT_FAIL, facts, COUNT_OF(facts),
           AUDIT_LATENCY | AUDIT_PREFILL | AUDIT_TTFT | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
           audit_text(out,
                      "in %zu of %zu samples the first token's and the decode time are together "
                      "%.3g times the latency: one of them is not of this request (rescaled to "
                      "another length, or timed apart)",
                      over, known, sum / (double)over),
           "give times as measured; what a longer answer would take is a prediction", out);
    return true;
}

static void look_at_cell(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const bool nominal = look_at_nominal(c, out), parts = look_at_parts(c, out);
    if (!nominal && !parts)
        audit_not_run(out, "token-count", &subject,
                      "neither a rate of the prompt beside its length, nor the parts of a latency");
}

/* ---- a window's length for what was generated ---- */

struct lengths {
    double prompt, generated;
};

static size_t lengths_of(const struct audit_cell *c, struct lengths *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < c->kept->n_prompts; i++)
        ret[n++] = (struct lengths){c->kept->prompts[i].prompt_tokens,
                                    c->kept->prompts[i].generated_tokens};
    for (size_t i = 0; c->stats->n == 0 && i < c->n_stated; i++)
        ret[n++] = (struct lengths){c->stated[i].prompt_tokens, c->stated[i].generated_tokens};
    return n;
}

static int by_prompt(const void *a, const void *b)
{
    const struct lengths *const x = a, *const y = b;
    return (x->prompt > y->prompt) - (x->prompt < y->prompt);
}

/* How many different prompt lengths have one excess of the generated tokens over the prompt. */
static size_t longest_agreement(struct lengths *l, size_t n, double *ret_excess, size_t *ret_all)
{
    size_t k = 0, most = 0;
    for (size_t i = 0; i < n; i++)
        if (l[i].prompt > 0 && l[i].generated > l[i].prompt)
            l[k++] = l[i];
    if (k)
        qsort(l, k, sizeof *l, by_prompt);
    *ret_all = 0;
    for (size_t i = 0; i < k; i++) {
        size_t same = 0;
        *ret_all += i == 0 || l[i].prompt != l[i - 1].prompt;
        for (size_t j = 0; j < k; j++)
            same += (j == 0 || l[j].prompt != l[j - 1].prompt) &&
                    fabs((l[j].generated - l[j].prompt) - (l[i].generated - l[i].prompt)) < 1e-6;
        if (same > most) {
            most = same;
            *ret_excess = l[i].generated - l[i].prompt;
        }
    }
    return most;
}

constexpr size_t MOST_LENGTHS = 1024;

static void look_at_window(const struct audit_whole *w, size_t cell, struct lengths *room,
                           struct audit *out)
{
    const struct audit_cell *const c = &w->cells[cell];
    size_t n = 0, all;
    double excess = 0;
    for (size_t k = 0; k < w->n_cells; k++) {
        const struct audit_cell *const other = &w->cells[k];
        if (!folder_key_same_configuration(c->key, other->key))
            continue;
        if (k < cell || n + other->kept->n_prompts + other->n_stated > MOST_LENGTHS)
            return; /* looked at with the first; or too many to be a table of lengths */
        n += lengths_of(other, room + n);
    }
    const size_t most = longest_agreement(room, n, &excess, &all);
    if ((double)most < limits[LENGTHS].value || (double)most < limits[MOST_OF].value * (double)all)
        return;
    const struct audit_subject subject = {.model = c->key->model,
                                          .backend = c->key->backend,
                                          .precision = c->key->precision,
                                          .replicate = -1,
                                          .invocation = -1};
    const struct audit_fact facts[] = {audit_number("prompt_lengths", (double)all),
                                       audit_number("lengths_that_agree", (double)most),
                                       audit_number("generated_minus_prompt", excess)};
    report(&subject, AUDIT_FAIL, facts, COUNT_OF(facts),
           AUDIT_THROUGHPUT | AUDIT_COST | AUDIT_COMPARISON,
           audit_text(out,
                      "%s: generated tokens are the prompt's and %.0f more at %zu of %zu prompt "
                      "lengths: this is the length of the window, not of the answer",
                      audit_label(out, c), excess, most, all),
           audit_text(out, "count the answer's tokens alone, here %.0f", excess), out);
}

/* ---- two requests of which one's time is counted ---- */

static double tokens_of(const struct audit_cell *c)
{
    if (c->stats->n == 0)
        return c->n_stated ? c->stated[0].tokens : NOT_MEASURED;
    return c->kept->rates_stated ? c->kept->rate_of_totals * c->stats->mean / 1e3
                                 : c->kept->generated_mean;
}

static double time_of(const struct audit_cell *c)
{
    if (c->stats->n > 0)
        return c->stats->median;
    return c->n_stated ? c->stated[0].mean_ms : NOT_MEASURED;
}

/* Is `other` the scenario with "single" where `dual` has "dual"? */
static bool is_single_of(const char *dual, const char *other)
{
    const char *const at = strstr(dual, "dual");
    const size_t n = at ? (size_t)(at - dual) : 0;
    return at && strncmp(dual, other, n) == 0 && strncmp(other + n, "single", 6) == 0 &&
           strcmp(at + 4, other + n + 6) == 0;
}

static void look_at_duals(const struct audit_whole *w, struct audit *out)
{
    size_t pairs = 0, doubled = 0;
    const struct audit_cell *dual = nullptr, *single = nullptr;
    for (size_t i = 0; i < w->n_cells; i++)
        for (size_t k = 0; strstr(w->cells[i].key->scenario, "dual") && k < w->n_cells; k++) {
            const struct audit_cell *const a = &w->cells[i], *const b = &w->cells[k];
            if (!is_single_of(a->key->scenario, b->key->scenario) ||
                !folder_key_same_configuration(a->key, b->key))
                continue;
            const double tokens = tokens_of(a) / tokens_of(b), time = time_of(a) / time_of(b);
            pairs += isnan(tokens * time) ? 0 : 1;
            if (!(fabs(tokens - 2) <= limits[TWICE].value) ||
                !(fabs(time - 1) <= limits[ONE_TIME].value))
                continue;
            doubled++;
            dual = dual ? dual : a;
            single = single ? single : b;
        }
    if (!dual)
        return;
    const double tokens = tokens_of(dual) / tokens_of(single),
                 time = time_of(dual) / time_of(single);
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("pairs", (double)pairs), audit_number("pairs_doubled", (double)doubled),
        audit_number("tokens_dual_over_single", tokens),
        audit_number("time_dual_over_single", time),
        audit_word("of", audit_text(out, "%s in %s", audit_label(out, dual), dual->key->scenario))};
    report(
        &subject, AUDIT_WARN, facts, COUNT_OF(facts), AUDIT_THROUGHPUT | AUDIT_COST,
        audit_text(out,
                   "in %zu of %zu pairs the dual scenario has twice the tokens of the single one "
                   "in the same time (%s: %.3g times in %.3g times): two calls one after the "
                   "other, of which one was timed, look like this",
                   doubled, pairs, facts[4].text, tokens, time),
        "divide the tokens of both requests by the time from the first start to the last end", out);
}

static void look_at_all(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct lengths *const room = ARENA_ARRAY(a, struct lengths, MOST_LENGTHS + 1);
    for (size_t i = 0; i < w->n_cells; i++)
        if (w->cells[i].kept->generated_mean > 0 ||
            (w->cells[i].n_stated && w->cells[i].stated[0].generated_tokens > 0))
            look_at_window(w, i, room, out);
    look_at_duals(w, out);
}

const struct audit_check audit_tokens_checks[] = {
    {.name = "token-count",
     .rule =
         "fail: generated tokens are the prompt's and a constant more at `lengths` prompt "
         "lengths (`most_of` them): a window; or first token and decode time are over the "
         "latency in over_share of the samples; warn: rate times time make fewer tokens than "
         "the prompt is stated with; or a dual scenario has twice (to `twice`) the tokens of the "
         "single one in its time (to one_time)",
     .evidence = "tokens_by_rate prompt_tokens share samples samples_with_more parts_over_latency "
                 "most_parts_over_latency prompt_lengths lengths_that_agree generated_minus_prompt "
                 "pairs pairs_doubled tokens_dual_over_single time_dual_over_single of",
     .blocks = AUDIT_LATENCY | AUDIT_PREFILL | AUDIT_TTFT | AUDIT_THROUGHPUT | AUDIT_COST |
               AUDIT_FIT | AUDIT_COMPARISON,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_cell,
     .whole = look_at_all},
    {},
};
