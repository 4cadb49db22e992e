/* chimera plan: what an experiment comes to, before anything runs. */
#include "backend/backend.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/plan_json.h"
#include "cli/plan_pilot.h"
#include "cli/prepare_plan.h"
#include "lab/plan_estimate.h"
#include "probe/bandwidth.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t SHOWN_CONFIGURATIONS = 40; /* without -v */
constexpr uint32_t SHOWN_REASONS = 12;
constexpr uint32_t SHOWN_CELLS = 10;

struct plan_args {
    struct prepare_plan_options common;
    const char *pilot, *budget;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 0, "pilot",  "DIR",  nullptr, "results of a pilot: how often to measure for --target-ci (2) and --budget",
     FIELD_OF(struct plan_args, pilot, const char *)},
    {OPT_STR, 0, "budget", "TIME", nullptr, "with --pilot: what a time is good for: 90s, 10m, 2h",
     FIELD_OF(struct plan_args, budget, const char *)},
    PREPARE_PLAN_ROWS(struct plan_args, common),
    {},
};
/* clang-format on */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void duration(char text[static 32], double s)
{
    if (!isfinite(s))
        (void)snprintf(text, 32, "-");
    else if (s < 99.5)
        (void)snprintf(text, 32, "%.*f s", s < 9.95 ? 1 : 0, s);
    else if (s < 5400)
        (void)snprintf(text, 32, "%.0f min", s / 60);
    else if (s < 48 * 3600.0)
        (void)snprintf(text, 32, "%.1f h", s / 3600);
    else
        (void)snprintf(text, 32, "%.0f days", s / 86400);
}

static void megabytes(char text[static 32], double mb)
{
    if (!isfinite(mb))
        (void)snprintf(text, 32, "-");
    else if (mb < 999.5)
        (void)snprintf(text, 32, "%.*f MB", mb < 9.95 ? 1 : 0, mb);
    else
        (void)snprintf(text, 32, "%.1f GB", mb / 1000);
}

static void print_matrix(const struct prepared_plan *p)
{
    const struct experiment *const x = &p->experiment;
    const struct plan *const plan = &p->plan;
    printf("%s: %" PRIu64 " cells\n", x->name, plan->n_cells);
    printf("  %u model%s x %u backend%s x %u precision%s x %u scenario%s", x->n_models,
           plural(x->n_models), x->n_backends, plural(x->n_backends), x->n_precisions,
           plural(x->n_precisions), x->n_scenarios, plural(x->n_scenarios));
    const uint64_t all = (uint64_t)plan->n_configurations * plan->n_scenarios;
    if (all != plan->n_cells)
        printf(" = %" PRIu64 "; --only leaves out %" PRIu64, all, all - plan->n_cells);
    printf("\n  %" PRIu64 " runnable, %" PRIu64 " unavailable, %" PRIu64 " incompatible\n",
           plan->cells_by_status[STATUS_OK], plan->cells_by_status[STATUS_UNAVAILABLE],
           plan->cells_by_status[STATUS_INCOMPATIBLE]);
}

static int by_cells(const void *a, const void *b)
{
    const struct plan_reason *const x = a, *const y = b;
    return x->cells != y->cells ? (x->cells < y->cells) - (x->cells > y->cells)
                                : strcmp(x->text, y->text);
}

static void print_reasons(const struct plan *p, bool all, struct arena *a)
{
    struct plan_reason *const sorted = ARENA_ARRAY(a, struct plan_reason, p->n_reasons);
    uint32_t n = 0;
    for (uint32_t i = 1; i < p->n_reasons; i++)
        if (p->reasons[i].cells)
            sorted[n++] = p->reasons[i];
    if (n == 0)
        return;
    qsort(sorted, n, sizeof *sorted, by_cells);
    puts("\nwhat does not run here:");
    const uint32_t shown = all || n <= SHOWN_REASONS ? n : SHOWN_REASONS;
    for (uint32_t i = 0; i < shown; i++)
        printf("  %8" PRIu64 "  %-12s  %s\n", sorted[i].cells, status_name(sorted[i].status),
               sorted[i].text);
    if (shown < n)
        printf("  ... and %u more reasons (-v shows all)\n", n - shown);
}

static void print_work(const struct experiment *x, const struct plan_work *w,
                       const struct plan_total *t)
{
    if (t->configurations == 0)
        return;
    printf("\nto be run: %" PRIu64 " configuration%s x %u invocation%s = %" PRIu64
           " worker processes%s\n",
           t->configurations, plural(t->configurations), x->invocations, plural(x->invocations),
           t->workers, w->duals ? " (a dual has two of its own)" : "");
    if (x->target_ci_percent > 0)
        printf(
            "  to begin with: cells go on until their median is known to +-%g %%, with at most %u "
            "invocations\n",
            x->target_ci_percent, x->max_invocations);
    printf("  %" PRIu64 " samples: %" PRIu64 " measured (%u repetition%s), %" PRIu64
           " warmup, %" PRIu64 " cold%s\n",
           t->cold + t->warmup + t->measured, t->measured, x->repetitions, plural(x->repetitions),
           t->warmup, t->cold, w->stress ? "; stress adds what it manages in its time" : "");
}

static void print_quality(const struct plan *p, const struct plan_total *t)
{
    const struct experiment *const x = p->experiment;
    if (t->configurations == 0)
        return;
    for (uint32_t i = 0; x->perplexity && i < x->n_models; i++) {
        struct plan_quality q;
        plan_estimate_quality(p, i, &q);
        printf("  then perplexity: about %.0f window%s of %.0f tokens of %s in each "
               "configuration%s%s\n",
               q.windows, plural((uint64_t)q.windows), q.window, x->perplexity->text,
               x->n_models > 1 ? " of " : "", x->n_models > 1 ? x->models[i].name : "");
    }
    if (x->semantic)
        printf("  then semantic similarity with the outputs of %s, by %s\n", x->baseline_backend,
               x->semantic->path ? x->semantic->path : x->semantic->url);
}

static void print_configurations(const struct prepared_plan *p, const struct plan_work *w,
                                 const struct plan_machine *m, bool all)
{
    const struct plan *const plan = &p->plan;
    const struct experiment *const x = &p->experiment;
    int backend = 7;
    uint32_t n = 0, shown = 0, model = UINT32_MAX;
    for (uint32_t i = 0; i < plan->n_configurations; i++)
        n += plan->configurations[i].wanted;
    const uint32_t most = all || n <= SHOWN_CONFIGURATIONS ? n : SHOWN_CONFIGURATIONS;
    for (uint32_t i = 0; i < x->n_backends; i++)
        if ((int)strlen(x->backends[i]) > backend)
            backend = (int)strlen(x->backends[i]);
    printf("\n%-*s  %-9s  %-12s  %8s  %8s  %8s\n", backend, "backend", "precision", "status",
           "time", "memory", "disk");
    for (uint32_t i = 0; i < plan->n_configurations && shown < most; i++) {
        const struct plan_configuration *const c = &plan->configurations[i];
        if (!c->wanted)
            continue;
        struct plan_estimate one;
        char time[32], memory[32], disk[32];
        plan_estimate_configuration(plan, w, m, i, &one);
        duration(time, one.seconds);
        megabytes(memory, one.memory_mb);
        megabytes(disk, one.disk_mb);
        if (c->model != model) /* its name is long, and stands once */
            printf("model %s\n", x->models[c->model].name);
        model = c->model;
        printf("%-*s  %-9s  %-12s  %8s  %8s  %8s\n", backend, x->backends[c->backend],
               x->precisions[c->precision],
               c->status == STATUS_OK ? "runnable" : status_name(c->status), time, memory, disk);
        shown++;
    }
    if (shown < n)
        printf("... and %u more configurations (-v shows all)\n", n - shown);
}

static void print_estimate(const struct plan_total *t, const struct plan_machine *m)
{
    if (t->configurations == 0)
        return;
    char time[32], memory[32], disk[32];
    duration(time, t->configurations == t->unknown ? NOT_MEASURED : t->seconds);
    megabytes(memory, t->memory_mb > 0 ? t->memory_mb : NOT_MEASURED);
    megabytes(disk, t->disk_mb);
    printf("\nestimated: time %s, memory %s, disk %s at most\n", time, memory, disk);
    if (t->unknown)
        printf("  the time of %" PRIu64 " configuration%s is not known, and not in it\n",
               t->unknown, plural(t->unknown));
    if (isfinite(m->bandwidth))
        printf("  roughly: every token reads all weights once at %.1f GB/s (one thread, "
               "measured now);\n"
               "  assumed: %.1f s to start a worker, %.0f s with torch, %.0f s for torch.compile, "
               "%.0f GFLOP/s in windows\n",
               m->bandwidth / 1e9, PLAN_ESTIMATE_START_S, PLAN_ESTIMATE_START_PYTHON_S,
               PLAN_ESTIMATE_COMPILE_S, PLAN_ESTIMATE_WINDOW_FLOPS / 1e9);
}

static void print_order(const struct plan *p, bool all, struct arena *a)
{
    const struct experiment *const x = p->experiment;
    uint32_t *const order = ARENA_ARRAY(a, uint32_t, p->n_scenarios);
    uint64_t n = 0;
    if (p->order)
        printf("\norder: random within each of %u block%s, seed %" PRIu64 "\n", x->invocations,
               plural(x->invocations), x->seed);
    else
        printf("\norder: fixed, as in the file, %u block%s\n", x->invocations,
               plural(x->invocations));
    for (uint32_t block = 0; block < x->invocations; block++)
        for (uint32_t i = 0; i < p->n_configurations; i++) {
            const uint32_t k = plan_configuration_at(p, block, i);
            const struct plan_configuration *const c = &p->configurations[k];
            if (c->status != STATUS_OK || !c->wanted)
                continue;
            plan_scenarios_at(p, block, k, order);
            for (uint32_t s = 0; s < p->n_scenarios; s++) {
                if (plan_cell_status(p, k, order[s]) != STATUS_OK)
                    continue;
                if (!all && n == SHOWN_CELLS) {
                    puts("  ... (-v shows all)");
                    return;
                }
                printf("  %6" PRIu64 "  block %u  %s  %s  %s%s%s\n", ++n, block,
                       x->backends[c->backend], x->precisions[c->precision],
                       x->scenarios[order[s]].name, x->n_models > 1 ? "  " : "",
                       x->n_models > 1 ? x->models[c->model].name : "");
            }
        }
}

/* A label that is far from what the file holds: 124M on a model of 0.1M has misled whole studies.
 */
static bool mislabelled(const struct experiment_model *m, const struct model_facts *f)
{
    return f->params > 0 && isfinite(m->params_millions) &&
           fabs((double)f->params / 1e6 - m->params_millions) > 0.05 * (double)f->params / 1e6;
}

static void print_notes(const struct prepared_plan *p)
{
    const struct experiment *const x = &p->experiment;
    uint32_t n = x->n_notes;
    for (uint32_t i = 0; i < x->n_models; i++)
        n += mislabelled(&x->models[i], &p->facts[i]);
    if (n)
        puts("\nnotes:");
    for (uint32_t i = 0; i < x->n_notes; i++)
        printf("  %s\n", x->notes[i]);
    for (uint32_t i = 0; i < x->n_models; i++)
        if (mislabelled(&x->models[i], &p->facts[i]))
            printf("  %s:%u: '%s' says params_millions %g; its files hold %.6g million\n", x->path,
                   x->models[i].line, x->models[i].name, x->models[i].params_millions,
                   (double)p->facts[i].params / 1e6);
}

/* The cells are the pilot's. An experiment beside it is where the answer goes, so it has to be a
 * good one. */
static enum err_code of_pilot(struct cli *cli, const struct plan_args *o,
                              const struct opt_list *operands, struct err *e)
{
    const struct plan_pilot_options pilot = {o->pilot, o->common.target_ci, o->budget};
    if (operands->n > 0) {
        struct prepared_plan *const p = ARENA_ARRAY(cli->arena, struct prepared_plan, 1);
        if (prepare_plan(operands->items[0], &o->common, cli->arena, p, e))
            return e->code;
    }
    if (plan_pilot(cli, &pilot, e))
        return e->code;
    if (operands->n > 0 && !cli->json && !cli->quiet)
        fprintf(stderr, "chimera: the cells are those of the pilot; the keys go into '%s'\n",
                operands->items[0]);
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct plan_args *const o = args;
    if (o->pilot)
        return of_pilot(cli, o, operands, e);
    if (o->budget)
        return err_set(e, ERR_USAGE, "--budget goes with --pilot");
    if (operands->n == 0)
        return err_set(e, ERR_USAGE,
                       "plan: needs EXPERIMENT or --pilot DIR; see 'chimera plan --help'");
    struct prepared_plan *const p = ARENA_ARRAY(cli->arena, struct prepared_plan, 1);
    if (prepare_plan(operands->items[0], &o->common, cli->arena, p, e))
        return e->code;
    const struct plan_machine machine = {.bandwidth = bandwidth_read()};
    if (cli->json)
        return plan_json_print(stdout, p, &machine, e);
    struct plan_work work;
    struct plan_total total;
    plan_estimate_work(&p->plan, &work);
    plan_estimate_total(&p->plan, &work, &machine, &total);
    print_matrix(p);
    print_reasons(&p->plan, cli->verbose, cli->arena);
    print_configurations(p, &work, &machine, cli->verbose);
    print_work(&p->experiment, &work, &total);
    print_quality(&p->plan, &total);
    print_estimate(&total, &machine);
    if (total.configurations)
        print_order(&p->plan, cli->verbose, cli->arena);
    print_notes(p);
    return ERR_OK;
}

const struct command cmd_plan = {
    .name = "plan",
    .operands = "EXPERIMENT | --pilot DIR",
    .summary =
        "show the cells of an experiment, what cannot run here and why, and what it will take",
    .about =
        "Reads and checks the experiment file and prints its matrix: how many cells "
        "(configuration x scenario)\n"
        "there are, which of them are unavailable on this machine or incompatible, each "
        "reason once, the\n"
        "worker processes and samples to come, an estimate of time, memory and disk, and the "
        "order of the run.\n"
        "\n"
        "Nothing runs and nothing is written. A valid file ends with 0, whatever of it can "
        "run here; a file\n"
        "with a mistake ends with 2 and tells every mistake with its line.\n"
        "\n"
        "--pilot DIR takes what was measured before: from the variances within and between "
        "invocations and what both\n"
        "cost it proposes how many invocations of how many repetitions make each median known to "
        "+-PERCENT, and what\n"
        "a time budget is good for.\n"
        "\n"
        "Estimates are rough and say what they stand on; what is not known is '-', null in --json.",
    .examples =
        "  chimera plan examples/tr117-tier3.yaml\n"
        "  chimera plan examples/tr117-local.yaml --only backend=onnx* --only precision=fp32\n"
        "  chimera plan examples/matrix-126.yaml --json",
    .opts = opts,
    .args_bytes = sizeof(struct plan_args),
    .min_operands = 0,
    .max_operands = 1,
    .run = run,
};
