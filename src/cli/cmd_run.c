/* chimera run: an experiment, run into a results folder. */
#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/analyze.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/environment.h"
#include "cli/plan_json.h"
#include "cli/prepare_plan.h"
#include "cli/run_progress.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "lab/plan_estimate.h"
#include "lab/run.h"
#include "store/results_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct run_args {
    struct prepare_plan_options common;
    const char *out;
    bool resume, retry_failed, dry_run;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR,  'o', "output",       "DIR",   nullptr, "results folder; empty, or with --resume",
     FIELD_OF(struct run_args, out, const char *)},
    {OPT_FLAG, 0,   "resume",       nullptr, nullptr, "go on with what is in DIR; repeat nothing",
     FIELD_OF(struct run_args, resume, bool)},
    {OPT_FLAG, 0,   "retry-failed", nullptr, nullptr, "with --resume: try cells that failed again",
     FIELD_OF(struct run_args, retry_failed, bool)},
    {OPT_FLAG, 0,   "dry-run",      nullptr, nullptr, "print what would run, in order, and stop",
     FIELD_OF(struct run_args, dry_run, bool)},
    PREPARE_PLAN_ROWS(struct run_args, common),
    {},
};
/* clang-format on */

/* One cell of a dry run, in the words of 'plan' and of the progress. */
static void dry_cell(const struct plan_configuration *c, const struct experiment *x,
                     const char *scenario, uint32_t block, struct jsonw *w)
{
    const char *const model = x->models[c->model].name, *const backend = x->backends[c->backend],
                      *const precision = x->precisions[c->precision];
    if (!w) {
        printf("block %u  %s  %s  %s%s%s\n", block, backend, precision, scenario,
               x->n_models > 1 ? "  " : "", x->n_models > 1 ? model : "");
        return;
    }
    jsonw_object(w);
    jsonw_ki64(w, "block", block);
    jsonw_kstr(w, "scenario", scenario);
    jsonw_kstr(w, "backend", backend);
    jsonw_kstr(w, "precision", precision);
    jsonw_kstr(w, "model", model);
    jsonw_end_object(w);
}

static bool is_finished(const char *dir, const struct plan_configuration *c,
                        const struct experiment *x, const char *scenario, uint32_t block,
                        struct arena *a)
{
    if (!dir)
        return false;
    const char *const cell =
        results_folder_cell(a, dir, scenario, x->backends[c->backend], x->precisions[c->precision],
                            x->models[c->model].name);
    return file_exists(results_folder_run_file(a, cell, block));
}

/* w: nullptr prints lines */
static void dry_cells(const struct prepared_plan *p, const char *dir, struct arena *a,
                      struct jsonw *w)
{
    const struct experiment *const x = &p->experiment;
    uint32_t *const order = ARENA_ARRAY(a, uint32_t, p->plan.n_scenarios + 1);
    for (uint32_t b = 0; b < x->invocations; b++) /* with a target: those that are sure */
        for (uint32_t i = 0; i < p->plan.n_configurations; i++) {
            const uint32_t k = plan_configuration_at(&p->plan, b, i);
            const struct plan_configuration *const c = &p->plan.configurations[k];
            plan_scenarios_at(&p->plan, b, k, order);
            for (uint32_t s = 0; s < p->plan.n_scenarios; s++) {
                const char *const scenario = x->scenarios[order[s]].name;
                if (plan_cell_status(&p->plan, k, order[s]) == STATUS_OK &&
                    !is_finished(dir, c, x, scenario, b, a))
                    dry_cell(c, x, scenario, b, w);
            }
        }
}

static enum err_code dry_run(const struct cli *cli, const struct prepared_plan *p, const char *dir,
                             struct err *e)
{
    if (!cli->json) {
        dry_cells(p, dir, cli->arena, nullptr);
        return ERR_OK;
    }
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.dry_run/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    if (plan_json_sources(&w, &p->experiment, e))
        return e->code;
    jsonw_karray(&w, "cells");
    dry_cells(p, dir, cli->arena, &w);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    puts(str_text(&text));
    return ERR_OK;
}

static enum err_code plan_text(const struct prepared_plan *p, struct arena *a, const char **ret,
                               struct err *e)
{
    char *text = nullptr;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    if (!out)
        return err_sys(e, "plan");
    const struct plan_machine machine = {.bandwidth = NOT_MEASURED};
    const enum err_code code = plan_json_print(out, p, &machine, e);
    if (fclose(out) != 0 && code == ERR_OK)
        return err_sys(e, "plan");
    if (code == ERR_OK)
        *ret = arena_strndup(a, text, n);
    free(text);
    return code;
}

struct signals {
    int fd;
    sigset_t before;
};

static void signals_done(struct signals *s)
{
    file_fd_closep(&s->fd);
    (void)sigprocmask(SIG_SETMASK, &s->before, nullptr);
}

/* Held back and read from a descriptor, so that stopping is an event like the others. */
static enum err_code signals_open(struct signals *s, struct err *e)
{
    sigset_t all;
    sigemptyset(&all);
    (void)sigaddset(&all, SIGINT);
    (void)sigaddset(&all, SIGTERM);
    struct sigaction hangup;
    if (sigaction(SIGHUP, nullptr, &hangup) != 0 || hangup.sa_handler != SIG_IGN) /* nohup */
        (void)sigaddset(&all, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &all, &s->before);
    s->fd = signalfd(-1, &all, SFD_CLOEXEC);
    return s->fd < 0 ? err_sys(e, "signals") : ERR_OK;
}

static bool any_of(const struct run_summary *s, const enum status *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->cells_by_status[list[i]] > 0)
            return true;
    return false;
}

static enum err_code conclude(struct cli *cli, const struct run_args *o,
                              const struct run_summary *s, int *ret_exit, struct err *e)
{
    static const enum status failures[] = {STATUS_ERROR, STATUS_CRASHED,  STATUS_TIMEOUT,
                                           STATUS_OOM,   STATUS_DEGRADED, STATUS_FAIL_ACCURACY};
    const bool failed = any_of(s, failures, COUNT_OF(failures));
    if (!failed && s->cells_by_status[STATUS_OK] == 0)
        return err_set(e, ERR_UNAVAILABLE,
                       "nothing of this experiment could run here; the reasons are in %s/runs/"
                       "*/*/*/*/error.txt and in 'chimera plan'",
                       o->out);
    const char *const folders[] = {o->out};
    const struct analyze_request request = {.folders = folders, .n_folders = 1};
    struct analyze_outcome outcome = {};
    if (analyze_run(cli, &request, &outcome, e))
        return err_wrap(e, "the run is complete, its analysis is not");
    *ret_exit = failed || outcome.gates_failed ? 1 : 0;
    return ERR_OK;
}

/* The Python worker's program, where the plan has cells that need it. */
static enum err_code place_python(const struct plan *p, struct arena *a, const char *const **ret,
                                  struct err *e)
{
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const struct plan_backend *const b = &p->backends[p->configurations[i].backend];
        if (!plan_configuration_runs(p, i) || b->backend->worker != BACKEND_WORKER_PYTHON)
            continue;
        struct python_worker worker;
        if (python_worker_place(a, &worker, e))
            return e->code;
        const char **const argv = ARENA_ARRAY(a, const char *, 3);
        argv[0] = worker.python;
        argv[1] = worker.script;
        *ret = argv;
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err_code run_it(struct cli *cli, const struct run_args *o, const char *path,
                            const struct prepared_plan *p, struct run_summary *ret, struct err *e)
{
    static const char *const native[] = {"/proc/self/exe", "worker", nullptr};
    struct run_options options = {
        .experiment = &p->experiment,
        .plan = &p->plan,
        .dir = o->out,
        .resume = o->resume,
        .retry_failed = o->retry_failed,
        .native = {native, nullptr},
    };
    if (place_python(&p->plan, cli->arena, &options.python.argv, e))
        return e->code;
    if (plan_text(p, cli->arena, &options.plan_json, e))
        return e->code;
    options.environment = environment_text(".", cli->arena);
    CLEANUP(signals_done) struct signals signals = {.fd = -1};
    if (signals_open(&signals, e))
        return e->code;
    struct run_progress progress;
    run_progress_init(&progress, cli->quiet, cli->verbose, p->experiment.n_models > 1);
    options.stop_fd = signals.fd;
    options.listener = run_progress_listener(&progress);
    const enum err_code code = run_all(&options, cli->arena, ret, e);
    run_progress_clear(&progress);
    if (code == ERR_OK || code == ERR_INTERRUPTED)
        run_progress_summary(&progress, ret, o->out);
    const bool begun = file_exists(file_join(cli->arena, o->out, "manifest.json"));
    if (begun && (code == ERR_INTERRUPTED || code == ERR_IO))
        return err_set(e, code, "%s; 'chimera run %s -o %s --resume' goes on from here",
                       arena_strdup(cli->arena, e->msg), path, o->out);
    return code;
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    const struct run_args *const o = args;
    const char *const path = operands->items[0];
    if ((!o->out && !o->dry_run) || (o->out && !*o->out))
        return err_set(e, ERR_USAGE, "run: needs -o DIR, the folder where the results go");
    if (o->retry_failed && !o->resume)
        return err_set(e, ERR_USAGE, "run: --retry-failed goes with --resume");
    struct prepared_plan *const p = ARENA_ARRAY(cli->arena, struct prepared_plan, 1);
    if (prepare_plan(path, &o->common, cli->arena, p, e))
        return e->code;
    if (o->dry_run)
        return dry_run(cli, p, o->out, e);
    struct run_summary summary;
    if (run_it(cli, o, path, p, &summary, e))
        return e->code;
    return conclude(cli, o, &summary, ret_exit, e);
}

const struct command cmd_run = {
    .name = "run",
    .operands = "EXPERIMENT -o DIR",
    .summary = "run an experiment into a results folder",
    .about =
        "Runs every cell of the experiment that can run here: block after block, in a random order "
        "that the seed\n"
        "fixes, each configuration in a fresh worker process. Each sample is in samples.jsonl as "
        "soon as it is\n"
        "finished. A worker that fails ends its cell with a status and the reason in error.txt; "
        "the "
        "rest runs on.\n"
        "\n"
        "Ctrl-C lets the request that is running finish and stops; a second one stops at once. "
        "--resume goes on\n"
        "after that, or after a crash: nothing that is finished is repeated, and a folder of "
        "another experiment is\n"
        "refused. Cells that failed are finished, too, unless --retry-failed.\n"
        "\n"
        "With --target-ci, or the key target_ci_percent, the file's invocations and repetitions "
        "are "
        "the least: each cell\n"
        "goes on until the interval of its median is within +-PERCENT, and stopping.json tells "
        "each "
        "look at it.\n"
        "\n"
        "Ends with 0, with 1 where cells or gates failed, with 3 where nothing could run, with 130 "
        "when "
        "interrupted.",
    .examples = "  chimera run examples/demo.yaml -o results --dry-run",
    .opts = opts,
    .args_bytes = sizeof(struct run_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
