#include "analysis/audit_cost.h"

#include "analysis/audit_claim.h"
#include "analysis/audit_device.h"
#include "analysis/cell.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { SAME, RATE, OFF, STREAMS, NO_DATA, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [SAME] = {"sum", 1e-4, "of the total, beside the rounding of what is printed: it is the sum"},
    [RATE] = {"same_rate", 0.02, "two rates that are one: costs are printed with few digits"},
    [OFF] = {"other_rate", 0.1,
             "of the measured rate: further off than the ways of averaging one lead"},
    [STREAMS] = {"streams", 16, "requests at once; more of them are no mistake of one latency"},
    [NO_DATA] = {"no_data_price", 0.035,
                 "an hour: what TR117's cost model took where it had no price, and called a GPU's"},
};

/* ---- what is paid ---- */

constexpr double CENT = 0.01; /* money is printed to it at least */

static double rounding(double money)
{
    return fmin(CENT / 2, audit_claim_rounding(money));
}

static bool is_sum(double total, const double *parts, size_t n)
{
    double sum = 0, finest = rounding(total);
    for (size_t i = 0; i < n; i++) {
        sum += parts[i];
        finest = fmin(finest, rounding(parts[i]));
    }
    const double tolerance = limits[SAME].value * fabs(total) + (double)(n + 1) * finest;
    for (size_t i = 0; i < n; i++)
        if (!(parts[i] > 2 * tolerance)) /* too small to see whether it is in the sum */
            return false;
    return fabs(total - sum) <= tolerance;
}

struct sum { /* of which parts a row's total is made; total NOT_MEASURED: of none that is known */
    double total, infra, energy, purchase;
    const char *of; /* the field of the total */
    bool with_energy, with_purchase;
};

static struct sum sum_of(const struct results_row *r)
{
    const struct {
        const char *name;
        double value;
    } totals[] = {{"cost_total", r->cost_total},
                  {"cost_per_million", r->cost_per_million},
                  {"cost_per_hour", r->cost_per_hour}};
    const double all[] = {r->cost_infra, r->cost_energy, r->cost_purchase},
                 energy[] = {r->cost_infra, r->cost_energy},
                 purchase[] = {r->cost_infra, r->cost_purchase};
    struct sum s = {NOT_MEASURED, r->cost_infra, r->cost_energy, r->cost_purchase, nullptr};
    for (size_t i = 0; i < COUNT_OF(totals) && !s.of; i++) {
        const double t = totals[i].value;
        const bool of_all = is_sum(t, all, 3);
        s.with_energy = of_all || is_sum(t, energy, 2);
        s.with_purchase = of_all || is_sum(t, purchase, 2);
        if (!s.with_energy && !s.with_purchase)
            continue;
        s.total = t;
        s.of = totals[i].name;
    }
    return s;
}

/* ---- what kind of price ---- */

enum rent { RENT_UNKNOWN, RENT_NO, RENT_PLACE, RENT_MACHINE };

static bool holds(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

static enum rent rent_of(const struct results_row *r)
{
    static const char *const machine[] = {"demand", "spot", "reserv", "preempt", "cloud", "rent"},
                             *const place[] = {"colo", "hosting"},
                             *const own[] = {"prem", "own", "bought", "purchase", "local"};
    if (!r->pricing)
        return RENT_UNKNOWN;
    if (holds(r->pricing, place, COUNT_OF(place)))
        return RENT_PLACE;
    if (holds(r->pricing, own, COUNT_OF(own)))
        return RENT_NO;
    return holds(r->pricing, machine, COUNT_OF(machine)) ? RENT_MACHINE : RENT_UNKNOWN;
}

static void report(const struct audit_subject *subject, enum audit_severity severity,
                   const struct audit_fact *facts, size_t n, const char *message,
                   const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = "double-counting",
                                           .severity = severity,
                                           .subject = *subject,
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = AUDIT_COST});
}

static void look_at_sum(const struct audit_cell *c, const struct results_row *r, struct audit *out)
{
    const struct sum s = sum_of(r);
    const enum rent rent = rent_of(r);
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_fact facts[] = {
        audit_word("total_is", s.of),         audit_number("total", s.total),
        audit_number("infra", s.infra),       audit_number("energy", s.energy),
        audit_number("purchase", s.purchase), audit_number("cost_per_hour", r->cost_per_hour),
        audit_word("pricing", r->pricing),
    };
    if (s.of && s.with_purchase && rent != RENT_PLACE)
        report(&subject, AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out,
                          "%s %.6g is the machine's price %.6g and its purchase %.6g together: "
                          "it is paid twice",
                          s.of, s.total, s.infra, s.purchase),
               "take the price per hour or the share of the purchase, not both", out);
    if (!s.of || !s.with_energy || rent == RENT_NO || rent == RENT_PLACE)
        return;
    const bool priced = rent == RENT_MACHINE || r->cost_per_hour > 0;
    report(&subject, priced ? AUDIT_WARN : AUDIT_INFO, facts, COUNT_OF(facts),
           rent == RENT_MACHINE
               ? audit_text(out,
                            "%s %.6g is %.6g of the price and %.6g of energy: %s holds it already",
                            s.of, s.total, s.infra, s.energy, r->pricing)
               : audit_text(out,
                            "%s %.6g is %.6g of a price per hour and %.6g of energy; a rent "
                            "holds its energy already",
                            s.of, s.total, s.infra, s.energy),
           rent == RENT_MACHINE
               ? "leave the energy out of the cost of a rented machine"
               : "leave the energy out if the machine is rented; say --const pricing=on_prem "
                 "if its price is without power",
           out);
}

/* ---- which throughput ---- */

struct rates { /* tokens per second that a cell can honestly be said to have */
    double x[6];
    size_t n;
    double per_stream; /* generated tokens over their latencies; NOT_MEASURED unknown */
    double both;       /* the same with the prompts' tokens */
    bool told;         /* by the source, or by stamps: requests at once are in it */
};

static void rates_add(struct rates *r, double x)
{
    if (isfinite(x) && x > 0 && r->n < COUNT_OF(r->x))
        r->x[r->n++] = x;
}

/* One over the mean time for a token. */
static double harmonic(const struct audit_cell *c)
{
    double sum = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const double tokens = (double)c->samples->generated_tokens[c->rows[i]];
        sum += tokens > 0 ? c->stats->x[i] / tokens : NOT_MEASURED;
    }
    return (double)c->stats->n / sum * 1e3;
}

static struct rates rates_of(const struct audit_cell *c, const struct results_row *row)
{
    const struct audit_kept *const k = c->kept;
    struct rates r = {.per_stream = NOT_MEASURED, .both = NOT_MEASURED};
    double generated = row->generated_tokens, prompt = row->prompt_tokens, ms = row->mean_ms;
    if (c->stats->n > 0) {
        generated = k->with_generated == k->n ? k->generated_mean : NOT_MEASURED;
        prompt = k->with_prompt_tokens == k->n ? k->prompt_tokens_mean : NOT_MEASURED;
        ms = c->stats->mean;
        rates_add(&r, k->mean_of_rates);
        rates_add(&r, k->rate_of_totals);
        rates_add(&r, harmonic(c));
        rates_add(&r, k->with_stamps == k->n ? c->stats->tokens_per_second : NOT_MEASURED);
        r.told = k->rates_stated || k->with_stamps == k->n;
    }
    rates_add(&r, row->tokens_per_s);
    r.told = r.told || !isnan(row->tokens_per_s);
    r.per_stream = generated / ms * 1e3;
    r.both = (generated + prompt) / ms * 1e3;
    rates_add(&r, r.per_stream);
    if (isnan(generated) || generated <= 1) /* a price of the prompt's tokens */
        rates_add(&r, prompt / ms * 1e3);
    return r;
}

static bool near(double a, double b, double share)
{
    return fabs(log(a / b)) <= log1p(share);
}

/* The rate that a price and a cost state, of the total or of its part that is paid by the hour. */
static bool is_honest(const struct rates *r, double per_hour, const double *costs, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const double error = rounding(costs[k]) / costs[k];
        for (size_t i = 0; costs[k] > 0 && i < r->n; i++)
            if (near(per_hour / 3600 / costs[k] * 1e6, r->x[i], limits[OFF].value + error))
                return true;
    }
    return false;
}

static double streams_in(const struct rates *r, double implied, double error)
{
    for (double k = 2; k <= limits[STREAMS].value; k++)
        if (near(implied, k * r->per_stream, limits[RATE].value + error))
            return k;
    return 0;
}

static void rate_finding(const struct audit_cell *c, const struct results_row *row,
                         const struct rates *r, struct audit *out)
{
    const double implied = row->cost_per_hour / 3600 / row->cost_per_million * 1e6,
                 error = rounding(row->cost_per_million) / row->cost_per_million,
                 measured = isfinite(r->per_stream) ? r->per_stream : r->x[0],
                 streams = streams_in(r, implied, error);
    const struct audit_subject subject = audit_subject_of(c);
    const bool both = near(implied, r->both, limits[RATE].value + error);
    const struct audit_fact facts[] = {
        audit_number("cost_per_hour", row->cost_per_hour),
        audit_number("cost_per_million", row->cost_per_million),
        audit_number("implied_tokens_per_s", implied),
        audit_number("measured_tokens_per_s", measured),
        audit_number("implied_over_measured", implied / measured),
        audit_number("streams", streams > 0 ? streams : NOT_MEASURED)};
    const char *const start = audit_text(
        out, "%.6g per million tokens at %.6g an hour is %.4g tokens/s; measured are %.4g",
        row->cost_per_million, row->cost_per_hour, implied, measured);
    /* Requests that ran at once, which nothing here tells of, make a rate larger. */
    const bool may_be_load = !r->told && !both && streams == 0 && implied > measured;
    report(&subject, may_be_load ? AUDIT_INFO : AUDIT_WARN, facts, COUNT_OF(facts),
           both          ? audit_text(out, "%s, and %.4g with the prompt's tokens", start, r->both)
           : streams > 0 ? audit_text(out, "%s: the tokens of %.0f streams over the latency of one",
                                      start, streams)
                         : audit_text(out, "%s: it was computed with another throughput", start),
           both ? "divide by the generated tokens, or price prompt and answer apart"
           : streams > 0
               ? "divide the tokens of all streams by the time in which any of them ran; if so "
                 "many did run at once, import tokens_per_s, or started_at"
               : "price per hour / (tokens/s x 3600) x 1e6, with the throughput of this cell; if "
                 "requests ran at once, import tokens_per_s, or started_at",
           out);
}

static bool look_at_rate(const struct audit_cell *c, const struct results_row *row,
                         struct audit *out)
{
    if (!(row->cost_per_hour > 0) || !(row->cost_per_million > 0))
        return false;
    const struct rates r = rates_of(c, row);
    const double costs[] = {row->cost_per_million, row->cost_per_million - row->cost_energy,
                            row->cost_infra};
    if (r.n == 0)
        return false;
    if (!is_honest(&r, row->cost_per_hour, costs, COUNT_OF(costs)))
        rate_finding(c, row, &r, out);
    return true;
}

static void look_at_cost(const struct audit_cell *c, struct audit *out)
{
    for (size_t i = 0; i < c->n_stated; i++) {
        look_at_sum(c, &c->stated[i], out);
        (void)look_at_rate(c, &c->stated[i], out);
    }
}

/* ---- one price for all ---- */

static const struct results_row *priced(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_stated; i++)
        if (c->stated[i].cost_per_hour > 0)
            return &c->stated[i];
    return nullptr;
}

/* By the hour, as its cost per million tokens (the machine's part, where it is told) and its rate
 * have it. */
static double hourly(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double cost = isnan(r->cost_infra) ? r->cost_per_million : r->cost_infra;
        const double price = cost * r->tokens_per_s * 3600 / 1e6;
        if (price > 0)
            return price;
        if (r->cost_per_hour > 0)
            return r->cost_per_hour;
    }
    return NOT_MEASURED;
}

static bool on_cpu(const struct audit_cell *c)
{
    return audit_device_label_cpu(c) ||
           (strcasestr(c->key->backend, "openvino") && !audit_device_label_gpu(c));
}

static void price_finding(const struct audit_cell *a, const struct audit_cell *b,
                          const char *message, const char *advice, struct audit *out)
{
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    const struct results_row *const p = priced(a), *const q = priced(b);
    const struct audit_fact facts[] = {audit_number("cost_per_hour_a", p->cost_per_hour),
                                       audit_word("of_a", audit_label(out, a)),
                                       audit_word("pricing_a", p->pricing),
                                       audit_number("cost_per_hour_b", q->cost_per_hour),
                                       audit_word("of_b", audit_label(out, b)),
                                       audit_word("pricing_b", q->pricing)};
    report(&subject, AUDIT_WARN, facts, COUNT_OF(facts), message, advice, out);
}

/* Two bases: other kinds of price, or one configuration that costs differently by the hour. */
static bool other_basis(const struct audit_cell *a, const struct audit_cell *b)
{
    const struct results_row *const p = priced(a), *const q = priced(b);
    if (p->pricing && q->pricing)
        return strcasecmp(p->pricing, q->pricing) != 0;
    return folder_key_same_configuration(a->key, b->key) &&
           !near(p->cost_per_hour, q->cost_per_hour, limits[SAME].value);
}

struct prices { /* of all cells that have one */
    const struct audit_cell *first, *other_backend, *gpu, *cpu, *basis_a, *basis_b;
    bool all_equal;
};

static void add_price(struct prices *p, const struct audit_cell *c)
{
    if (!p->first) {
        p->first = c;
        p->all_equal = true;
    }
    p->all_equal = p->all_equal && priced(c)->cost_per_hour == priced(p->first)->cost_per_hour;
    if (strcmp(c->key->backend, p->first->key->backend) != 0)
        p->other_backend = c;
    p->gpu = !p->gpu && audit_device_label_gpu(c) ? c : p->gpu;
    p->cpu = !p->cpu && on_cpu(c) ? c : p->cpu;
    if (!p->basis_a && other_basis(p->first, c)) {
        p->basis_a = p->first;
        p->basis_b = c;
    }
}

/* A CPU and a GPU for one price: cells of any scenario. */
static void one_price(const struct audit_whole *w, struct audit *out)
{
    const struct audit_cell *cpu = nullptr, *gpu = nullptr;
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        if (isnan(hourly(c)))
            continue;
        cpu = !cpu && on_cpu(c) ? c : cpu;
        gpu = !gpu && audit_device_label_gpu(c) ? c : gpu;
    }
    if (!cpu || !gpu || !near(hourly(cpu), hourly(gpu), limits[RATE].value))
        return;
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("cost_per_hour_a", hourly(cpu)), audit_word("of_a", audit_label(out, cpu)),
        audit_number("cost_per_hour_b", hourly(gpu)), audit_word("of_b", audit_label(out, gpu))};
    report(&subject, AUDIT_WARN, facts, COUNT_OF(facts),
           audit_text(out,
                      "%s and %s both cost %.4g an hour, by their own costs and rates: a CPU "
                      "priced as a GPU",
                      audit_label(out, cpu), audit_label(out, gpu), hourly(cpu)),
           "price each by the machine that it needs", out);
}

static void look_at_prices(const struct audit_whole *w, struct audit *out)
{
    struct prices p = {};
    bool known = false;
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        for (size_t k = 0; k < c->n_stated; k++)
            known =
                known || !isnan(c->stated[k].cost_total) || !isnan(c->stated[k].cost_per_million);
        if (priced(c))
            add_price(&p, c);
    }
    if (!p.first && !known)
        audit_not_run(out, "double-counting", nullptr, "no price and no cost is recorded");
    if (!p.first) {
        one_price(w, out);
        return;
    }
    const double price = priced(p.first)->cost_per_hour;
    if (p.all_equal && p.other_backend && near(price, limits[NO_DATA].value, 1e-9))
        price_finding(p.first, p.other_backend,
                      audit_text(out,
                                 "every backend costs %.6g an hour, which is what a cost model "
                                 "takes that has no price",
                                 price),
                      "take each machine's own price, with its source and date", out);
    else if (p.gpu && p.cpu && priced(p.gpu)->cost_per_hour == priced(p.cpu)->cost_per_hour)
        price_finding(p.cpu, p.gpu,
                      audit_text(out, "%s and %s both cost %.6g an hour: a CPU priced as a GPU",
                                 audit_label(out, p.cpu), audit_label(out, p.gpu),
                                 priced(p.gpu)->cost_per_hour),
                      "price each by the machine that it needs", out);
    else
        one_price(w, out);
    if (p.basis_a)
        price_finding(p.basis_a, p.basis_b,
                      audit_text(out, "two bases of cost: %s at %.6g an hour (%s), %s at %.6g (%s)",
                                 audit_label(out, p.basis_a), priced(p.basis_a)->cost_per_hour,
                                 priced(p.basis_a)->pricing ? priced(p.basis_a)->pricing : "-",
                                 audit_label(out, p.basis_b), priced(p.basis_b)->cost_per_hour,
                                 priced(p.basis_b)->pricing ? priced(p.basis_b)->pricing : "-"),
                      "compare costs of one kind of price, at one date", out);
}

const struct audit_check audit_cost_checks[] = {
    {.name = "double-counting",
     .rule =
         "of a source's costs: warn: a total that is the machine's price per hour and energy "
         "together, unless the pricing is on_prem or colocation (a rent holds its power; info "
         "where "
         "no price per hour is known), or that price and a share of the purchase together; a cost "
         "per million tokens that is not price per hour / (tokens/s x 3600) x 1e6 (off by "
         "other_rate), but with the prompt's tokens as well, with those of several streams over "
         "one latency, or with another throughput (info where it is higher and requests may have "
         "run at once); one price per hour for CPU and GPU backends, stated or by their costs and "
         "rates, or no_data_price for all; "
         "two kinds of price, or two prices of one configuration",
     .evidence = "total_is total infra energy purchase cost_per_hour pricing cost_per_million "
                 "implied_tokens_per_s measured_tokens_per_s implied_over_measured streams "
                 "cost_per_hour_a of_a pricing_a cost_per_hour_b of_b pricing_b",
     .blocks = AUDIT_COST,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_cost,
     .whole = look_at_prices},
    {},
};
