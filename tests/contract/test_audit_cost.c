/* Costs that were counted twice, planted with a clean twin, a hundred seeds each.
 * usage: test_audit_cost [CHECK] */
#include "audit_fixture.h"
#include "plants.h"

static const char *const S = "chat", *const M = "gpt2";

static const char *const devices[] = {"onnxruntime-gpu", "transformers-gpu", "onnxruntime-cpu"};
static const double prices[] = {1.006, 0.752, 0.192}; /* an hour */

/* Three cells as a source states them, right in every sum; the fault changes one thing. */
static struct results_row *priced_cell(struct fixture *f, size_t b)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, devices[b], "fp32");
    struct results_row *const r = fixture_row(f, c);
    r->n_samples = 35;
    r->mean_ms = fixture_lognormal(f, 100, 0.3);
    r->generated_tokens = 64;
    r->prompt_tokens = 20 + (double)rng_below(&f->rng, 200);
    r->tokens_per_s = 64 / r->mean_ms * 1e3;
    r->pricing = "on_demand";
    r->cost_per_hour = prices[b];
    r->cost_infra = prices[b] / 3600 / r->tokens_per_s * 1e6;
    r->cost_energy = fixture_lognormal(f, 0.1, 0.5) * r->cost_infra;
    r->cost_total = r->cost_per_million = r->cost_infra;
    return r;
}

static double to_cents(double x)
{
    return round(1e4 * x) / 1e4;
}

/* TR119: energy on top of an on-demand price. On our own machine it belongs there. */
static void energy_twice(struct fixture *f, bool fault)
{
    for (size_t b = 0; b < 3; b++) {
        struct results_row *const r = priced_cell(f, b);
        r->pricing = fault ? "on_demand" : "on_prem";
        r->cost_infra = to_cents(r->cost_infra);
        r->cost_energy = to_cents(r->cost_energy);
        r->cost_total = r->cost_per_million = r->cost_infra + r->cost_energy;
    }
}

static void purchase_twice(struct fixture *f, bool fault)
{
    struct results_row *const r = priced_cell(f, 1);
    r->cost_purchase = r->cost_infra * fixture_lognormal(f, 0.5, 0.2);
    r->cost_total = r->cost_infra + (fault ? r->cost_purchase : 0);
    r->cost_per_million = NOT_MEASURED;
}

static void two_streams(struct fixture *f, bool fault)
{
    for (size_t b = 0; b < 3; b++) {
        struct results_row *const r = priced_cell(f, b);
        r->tokens_per_s = NOT_MEASURED;
        r->cost_per_million = to_cents(r->cost_per_million / (fault && b == 1 ? 2 : 1));
        r->cost_total = r->cost_infra = r->cost_energy = NOT_MEASURED;
    }
}

static void prompt_in_the_cost(struct fixture *f, bool fault)
{
    struct results_row *const r = priced_cell(f, 0);
    r->cost_per_million *= fault ? 64 / (64 + r->prompt_tokens) : 1;
    r->cost_total = r->cost_infra = r->cost_energy = NOT_MEASURED;
}

/* Samples, each with its own cost, in which another run's throughput stands. */
static void throughput_of_another(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, devices[0], "fp32");
    double mean = 0;
    for (int32_t i = 0; i < 30; i++) {
        struct fixture_sample *const s = fixture_sample(f, c, 0, fixture_lognormal(f, 50, 0.4));
        s->generated_tokens = 64;
        s->tokens_per_s = 64 / s->latency_ms * 1e3;
        mean += prices[0] / 3600 / s->tokens_per_s * 1e6 / 30;
    }
    struct results_row *const r = fixture_row(f, c);
    r->cost_per_hour = prices[0];
    r->cost_per_million = mean * (fault ? fixture_lognormal(f, 1.4, 0.03) : 1);
}

static void cpu_priced_as_gpu(struct fixture *f, bool fault)
{
    for (size_t b = 0; b < 3; b++)
        priced_cell(f, b)->cost_per_hour = fault ? 1.006 : prices[b];
    for (size_t b = 0; b < 3; b++)
        f->cells[b].row->cost_per_million = NOT_MEASURED;
}

static void price_of_no_data(struct fixture *f, bool fault)
{
    for (size_t b = 0; b < 2; b++) {
        struct results_row *const r = priced_cell(f, b);
        r->cost_per_hour = fault ? 0.035 : prices[b];
        r->cost_per_million = NOT_MEASURED;
    }
}

static void two_bases(struct fixture *f, bool fault)
{
    for (size_t b = 0; b < 3; b++)
        priced_cell(f, b)->pricing = fault && b == 2 ? "spot" : "on_demand";
}

static const struct plant plants[] = {
    {"double-counting", "energy on an on-demand price", energy_twice},
    {"double-counting", "purchase and price per hour", purchase_twice},
    {"double-counting", "a cost of two streams", two_streams},
    {"double-counting", "a cost with the prompt's tokens", prompt_in_the_cost},
    {"double-counting", "a cost with another throughput", throughput_of_another},
    {"double-counting", "a CPU priced as a GPU", cpu_priced_as_gpu},
    {"double-counting", "the price of no data", price_of_no_data},
    {"double-counting", "two bases of cost", two_bases},
};

int main(int argc, char **argv)
{
    plants_run(plants, COUNT_OF(plants), 3000, argc > 1 ? argv[1] : nullptr);
    return test_done();
}
