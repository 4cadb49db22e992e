#include "analysis/audit_rate.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { SAME, RATIO, OWN_RATIO, LEAST_SAMPLES, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [SAME] = {"same", 0.01, "of the larger count: the same number of tokens"},
    [RATIO] = {"ratio", 0.05, "of the total rate: more than the rate itself is known to"},
    [OWN_RATIO] = {"own_ratio", 0.2, "of ours, which divide totals already: worth a word only"},
    [LEAST_SAMPLES] = {"least_samples", 3, "of which a mean of rates is taken"},
};

/* Tokens that the source's rate or count implies for all samples together, beside those that were
 * counted; NOT_MEASURED where not all samples have them. */
struct counted {
    double implied, generated, prompt, padding;
    size_t n;
    const char *from; /* the column that implied comes from */
};

static double known(int64_t x)
{
    return x < 0 ? NOT_MEASURED : (double)x;
}

/* A rate over a part of the latency that makes just the tokens of that part. */
static bool is_rate_of_part(double made, double tokens, double n)
{
    return fabs(made - tokens) <= limits[RATIO].value * tokens ||
           fabs(made - (tokens - n)) <= limits[SAME].value * tokens; /* the first has no step */
}

static struct counted of_samples(const struct audit_cell *c)
{
    const struct results_samples *const s = c->samples;
    struct counted r = {.n = c->stats->n};
    double stated = 0, by_rate = 0, by_decode = 0, by_rest = 0;
    for (size_t i = 0; i < r.n; i++) {
        const size_t row = c->rows[i];
        const double rate = s->tokens_per_s[row] / 1e3;
        by_decode += rate * s->decode_ms[row];
        by_rest += rate * (c->stats->x[i] - fmax(s->ttft_ms[row], s->prefill_ms[row]));
        stated += s->tokens[row];
        by_rate += rate * c->stats->x[i];
        r.generated += known(s->generated_tokens[row]);
        r.prompt += known(s->prompt_tokens[row]);
        r.padding += known(s->padding_tokens[row]);
    }
    const bool of_part = is_rate_of_part(by_decode, r.generated, (double)r.n) ||
                         is_rate_of_part(by_rest, r.generated, (double)r.n);
    r.implied = !isnan(stated) ? stated : of_part ? r.generated : by_rate;
    r.from = isnan(stated) ? "tokens_per_s" : "tokens";
    return r;
}

static struct counted of_row(const struct results_row *row)
{
    const bool has_tokens = !isnan(row->tokens);
    return (struct counted){.implied =
                                has_tokens ? row->tokens : row->tokens_per_s * row->mean_ms / 1e3,
                            .generated = row->generated_tokens,
                            .prompt = row->prompt_tokens,
                            .padding = NOT_MEASURED,
                            .n = 1,
                            .from = has_tokens ? "tokens" : "tokens_per_s"};
}

static struct counted counted_of(const struct audit_cell *c)
{
    if (c->stats->n > 0)
        return of_samples(c);
    return c->n_stated ? of_row(&c->stated[0]) : (struct counted){.implied = NOT_MEASURED};
}

static bool same(double a, double b)
{
    return fabs(a - b) <= limits[SAME].value * fmax(fabs(a), fabs(b));
}

static void report(const struct audit_cell *c, const char *check, enum audit_severity severity,
                   const struct audit_fact *facts, size_t n, const char *message,
                   const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = check,
                                           .severity = severity,
                                           .subject = audit_subject_of(c),
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = AUDIT_THROUGHPUT | AUDIT_COST});
}

/* ---- padding-counted ---- */

static void look_at_padding(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct counted k = counted_of(c);
    const double real = isnan(k.generated) ? k.prompt
                        : isnan(k.prompt)  ? k.generated
                                           : k.prompt + k.generated;
    const struct audit_fact facts[] = {
        audit_word("counted_from", k.from), audit_number("counted_tokens", k.implied),
        audit_number("generated_tokens", k.generated), audit_number("prompt_tokens", k.prompt),
        audit_number("padding_tokens", k.padding)};
    if (isnan(k.implied)) {
        /* Our own figures count generated tokens; padding is kept apart. */
        if (c->imported || c->kept->with_padding < c->kept->n || c->kept->n == 0)
            audit_not_run(out, "padding-counted", &subject,
                          "no token count or rate of the source to hold against counted tokens");
        return;
    }
    if (isnan(real)) {
        audit_not_run(out, "padding-counted", &subject,
                      "a rate, but neither prompt nor generated tokens to hold against it");
        return;
    }
    const double parts[] = {k.generated, k.prompt, real};
    for (size_t i = 0; k.padding > 0 && i < COUNT_OF(parts); i++)
        if (same(k.implied, parts[i] + k.padding) && !same(k.implied, parts[i])) {
            report(c, "padding-counted", AUDIT_FAIL, facts, COUNT_OF(facts),
                   audit_text(out, "%s counts %.4g tokens: %.4g real ones and %.4g of padding",
                              k.from, k.implied, parts[i], k.padding),
                   "count the model's own tokens; padding is work for nothing", out);
            return;
        }
    if (k.implied > real && !same(k.implied, real) && !isnan(k.generated) && !isnan(k.prompt))
        report(c, "padding-counted", AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out,
                          "%s counts %.4g tokens, prompt and answer together have %.4g: padding, "
                          "tokens counted twice, or a rate over a part of the time",
                          k.from, k.implied, real),
               "count the model's own tokens, each once", out);
}

/* ---- double-counting ---- */

static void look_at_doubles(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct counted k = counted_of(c);
    const struct audit_fact facts[] = {
        audit_word("counted_from", k.from), audit_number("counted_tokens", k.implied),
        audit_number("generated_tokens", k.generated), audit_number("prompt_tokens", k.prompt)};
    if (isnan(k.implied) || isnan(k.generated)) {
        audit_not_run(out, "double-counting", &subject,
                      "no token count or rate of the source beside generated tokens");
        return;
    }
    if (k.prompt > 0 && k.generated > 0 && same(k.implied, k.prompt + k.generated) &&
        !same(k.implied, k.generated))
        report(c, "double-counting", AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out,
                          "%s counts %.4g tokens: %.4g of the prompt and %.4g generated, as if one "
                          "cost what the other does",
                          k.from, k.implied, k.prompt, k.generated),
               "give prefill and decode a rate each, and a price each", out);
    for (double streams = 2; streams <= 4 && k.generated > 0; streams++)
        if (same(k.implied, streams * k.generated) && strstr(c->key->scenario, "dual"))
            report(c, "double-counting", AUDIT_WARN, facts, COUNT_OF(facts),
                   audit_text(out, "%s counts the tokens of %.0f streams over the latency of one",
                              k.from, streams),
                   "divide the tokens of all streams by the time in which any of them ran", out);
}

/* ---- ratio-mean ---- */

static bool look_at_stated_rate(const struct audit_cell *c, struct audit *out)
{
    bool looked = false;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double tokens = isnan(r->tokens) ? r->generated_tokens : r->tokens;
        const double total = tokens / r->mean_ms * 1e3;
        if (isnan(total) || isnan(r->tokens_per_s))
            continue;
        looked = true;
        const double off = r->tokens_per_s / total - 1;
        if (fabs(off) <= limits[RATIO].value)
            continue;
        const struct audit_fact facts[] = {
            audit_number("stated_tokens_per_s", r->tokens_per_s), audit_number("tokens", tokens),
            audit_number("mean_ms", r->mean_ms), audit_number("rate_of_totals", total),
            audit_number("difference_share", off)};
        report(c, "ratio-mean", AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out,
                          "the row states %.4g tokens/s; its tokens over its mean latency are %.4g",
                          r->tokens_per_s, total),
               "total tokens over total time is the rate; a mean of rates favours short requests",
               out);
    }
    return looked;
}

static void look_at_ratio(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const bool looked = look_at_stated_rate(c, out);
    const struct audit_kept *const r = c->kept;
    if ((double)r->with_rate < limits[LEAST_SAMPLES].value) {
        if (!looked)
            audit_not_run(out, "ratio-mean", &subject,
                          "no rate, or no generated tokens, of three samples");
        return;
    }
    const double off = r->mean_of_rates / r->rate_of_totals - 1;
    if (!(fabs(off) > limits[r->rates_stated ? RATIO : OWN_RATIO].value))
        return;
    const struct audit_fact facts[] = {audit_number("mean_of_rates", r->mean_of_rates),
                                       audit_number("rate_of_totals", r->rate_of_totals),
                                       audit_number("difference_share", off),
                                       audit_number("samples", (double)r->with_rate)};
    /* Our own tables divide totals; who averages a source's column gets the other figure. */
    report(c, "ratio-mean", r->rates_stated ? AUDIT_WARN : AUDIT_INFO, facts, COUNT_OF(facts),
           audit_text(out,
                      "the mean of the samples' rates is %.4g tokens/s, total tokens over total "
                      "time %.4g",
                      r->mean_of_rates, r->rate_of_totals),
           "total tokens over total time is the rate; a mean of rates favours short requests", out);
}

/* How far the two ways of making one figure rank a and b differently; 0: they do not. */
static double reversal(const struct audit_kept *a, const struct audit_kept *b)
{
    const double by_mean = log(a->mean_of_rates / b->mean_of_rates),
                 by_total = log(a->rate_of_totals / b->rate_of_totals);
    return by_mean * by_total < 0 ? fmin(fabs(by_mean), fabs(by_total)) : 0;
}

static void compare_ratios(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *a = nullptr, *b = nullptr;
    double most = log1p(limits[RATIO].value);
    size_t pairs = 0;
    bool stated = false;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < i; k++) {
            const double x = reversal(g->cells[k].kept, g->cells[i].kept);
            pairs += x > log1p(limits[RATIO].value);
            if (!(x > most))
                continue;
            most = x;
            a = &g->cells[k];
            b = &g->cells[i];
            stated = a->kept->rates_stated || b->kept->rates_stated;
        }
    if (!a)
        return;
    const bool a_by_mean = a->kept->mean_of_rates > b->kept->mean_of_rates;
    const struct audit_subject subject = audit_subject_of_group(g);
    const struct audit_fact facts[] = {audit_word("a", audit_label(out, a)),
                                       audit_word("b", audit_label(out, b)),
                                       audit_number("mean_of_rates_a", a->kept->mean_of_rates),
                                       audit_number("mean_of_rates_b", b->kept->mean_of_rates),
                                       audit_number("rate_of_totals_a", a->kept->rate_of_totals),
                                       audit_number("rate_of_totals_b", b->kept->rate_of_totals),
                                       audit_number("pairs_ranked_differently", (double)pairs)};
    audit_add(out, &(struct audit_finding){
                       .check = "ratio-mean",
                       .severity = stated ? AUDIT_WARN : AUDIT_INFO,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message =
                           audit_text(out,
                                      "%s is the faster one by the mean of rates, %s by total "
                                      "tokens over total time",
                                      facts[a_by_mean ? 0 : 1].text, facts[a_by_mean ? 1 : 0].text),
                       .advice = "total tokens over total time is the rate",
                       .blocks = AUDIT_THROUGHPUT | AUDIT_COST | AUDIT_WINNER});
}

const struct audit_check audit_rate_checks[] = {
    {.name = "padding-counted",
     .rule = "fail: the source's token count (or rate times latency) is the real tokens and the "
             "padding together; warn: it is more than prompt and generated tokens together",
     .evidence = "counted_from counted_tokens generated_tokens prompt_tokens padding_tokens",
     .blocks = AUDIT_THROUGHPUT | AUDIT_COST,
     AUDIT_LIMITS(limits, SAME, SAME),
     .cell = look_at_padding},
    {.name = "ratio-mean",
     .rule =
         "the mean of the samples' rates and total tokens over total time differ by more than "
         "ratio, or rank two cells differently by more than it: warn where the rates are a "
         "source's, info where they are ours (our tables divide totals) and differ by more than "
         "own_ratio; warn: a row's rate is not its tokens over its mean latency",
     .evidence = "mean_of_rates rate_of_totals difference_share samples stated_tokens_per_s tokens "
                 "mean_ms a b mean_of_rates_a mean_of_rates_b rate_of_totals_a rate_of_totals_b "
                 "pairs_ranked_differently",
     .blocks = AUDIT_THROUGHPUT | AUDIT_COST | AUDIT_WINNER,
     AUDIT_LIMITS(limits, RATIO, LEAST_SAMPLES),
     .cell = look_at_ratio,
     .group = compare_ratios},
    {.name = "double-counting",
     .rule = "warn: the source's token count (or rate times latency) is that of prompt and answer "
             "together, or in a dual scenario that of several streams over the latency of one",
     .evidence = "counted_from counted_tokens generated_tokens prompt_tokens",
     .blocks = AUDIT_THROUGHPUT | AUDIT_COST,
     AUDIT_LIMITS(limits, SAME, SAME),
     .cell = look_at_doubles},
    {},
};
