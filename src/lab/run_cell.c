#include "lab/run_cell.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "lab/telemetry_machine.h"
#include "store/results_folder.h"

#include <string.h>

char *run_cell_record_path(const struct run_target *t, struct arena *a)
{
    return results_folder_run_file(a, t->folder, t->invocation);
}

enum err_code run_cell_todo(const struct run_state *s, const struct run_target *t, struct arena *a,
                            struct cell_todo *ret, struct err *e)
{
    const struct experiment *const x = s->o->experiment;
    const struct scenario *const scenario = t->scenario;
    struct sample_log_entry *lines;
    size_t n;
    *ret = (struct cell_todo){
        .repetitions = t->repetitions,
        .requests = cell_run_requests(scenario, &x->prompt_sets[scenario->prompt_set]),
        .agents = scenario->mode == MODE_DUAL ? 2 : 1,
        .duration = (nsec_t)(scenario->duration_s * 1e9),
    };
    if (sample_log_read(file_join(a, t->folder, "samples.jsonl"), a, &lines, &n, e))
        return e->code;
    cell_todo_read(ret, lines, n, t->invocation, a);
    return ERR_OK;
}

/* The same for every configuration: from the experiment's seed and the scenario's name. */
static uint64_t scenario_seed(const struct run_state *s, const struct run_target *t)
{
    uint64_t name = 14695981039346656037U; /* FNV-1a: the place in the file must not matter */
    for (const char *p = t->scenario->name; *p; p++)
        name = (name ^ (unsigned char)*p) * 1099511628211U;
    return rng_derive(s->o->experiment->seed, name) >> 11; /* 53 bits: whole in every JSON */
}

/* ---- what is written ---- */

/* The workers that took part in this invocation of the configuration, from its journals. */
static uint32_t read_segments(const struct run_state *s, const struct run_target *t, uint32_t last,
                              struct arena *a, struct run_record_segment **ret)
{
    struct run_record_segment *const list =
        ARENA_ARRAY(a, struct run_record_segment, 2 * ((size_t)last + 1));
    uint32_t n = 0;
    for (uint32_t i = 0; i <= last; i++) {
        struct err e;
        char *text;
        size_t bytes;
        const char *const path = results_folder_telemetry(a, s->o->dir, t->backend, t->precision,
                                                          t->model, t->invocation, i);
        if (!file_exists(path) || file_read(path, a, &text, &bytes, &e))
            continue;
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
            const struct json *v;
            const bool is_loaded = strncmp(line, "{\"event\":\"loaded\"", 17) == 0;
            if (!is_loaded || n == 2 * (last + 1) ||
                json_parse(line, (size_t)(end - line), path, a, &v, &e))
                continue;
            list[n++] = (struct run_record_segment){
                .segment = i,
                .agent = (uint32_t)json_i64(json_get(v, "agent"), 0),
                .started_at = json_str(json_get(v, "started_at"), nullptr),
                .start_ms = json_f64(json_get(v, "start_ms"), NOT_MEASURED),
                .loaded = json_get(v, "reply"),
            };
        }
    }
    *ret = list;
    return n;
}

static struct run_record begin_record(const struct run_state *s, const struct run_target *t,
                                      uint32_t segment, struct arena *a)
{
    const struct experiment *const x = s->o->experiment;
    const struct scenario *const scenario = t->scenario;
    const struct prompt_set *const set = &x->prompt_sets[scenario->prompt_set];
    struct run_record_segment *segments;
    struct run_record r = {
        .scenario = scenario->name,
        .backend = t->backend,
        .precision = t->precision,
        .model = t->model,
        .mode = experiment_mode_name(scenario->mode),
        .prompt_set = set->name,
        .batch_size = scenario->mode == MODE_BATCH ? scenario->batch_size : 1,
        .max_tokens = scenario->max_tokens,
        .n_prompts = set->n_prompts,
        .repetitions = t->repetitions,
        .warmup_runs = x->warmup_runs,
        .duration_s = scenario->mode == MODE_STRESS ? scenario->duration_s : NOT_MEASURED,
        .temperature = x->temperature,
        .top_p = x->top_p,
        .timeout_s = x->timeout_s,
        .stop_on_eos = x->stop_on_eos,
        .invocation = t->invocation,
        .segment = segment,
        .block = t->block,
        .order_in_block = t->order_in_block,
        .order_in_invocation = t->order_in_invocation,
        .experiment_seed = x->seed,
        .seed = scenario_seed(s, t),
        .began = -1,
        .ended = -1,
        .requests_planned = (uint64_t)t->repetitions * cell_run_requests(scenario, set) *
                            (scenario->mode == MODE_DUAL ? 2 : 1),
        .cpu_percent_mean = NOT_MEASURED,
        .cpu_percent_peak = NOT_MEASURED,
        .rss_mb_mean = NOT_MEASURED,
        .rss_mb_peak = NOT_MEASURED,
        .machine = run_record_machine_none(),
        .sample_interval_s = x->resource_monitoring ? x->resource_interval_s : NOT_MEASURED,
        .experiment_sha256 = s->folder->experiment_sha256,
        .plan_sha256 = s->folder->plan_sha256,
        .environment_sha256 = s->folder->environment_sha256,
    };
    r.n_segments = read_segments(s, t, segment, a, &segments);
    r.segments = segments;
    return r;
}

static void put_outcome(struct run_record *r, const struct invocation_failure *f)
{
    r->status = f->status;
    if (f->status != STATUS_OK) {
        r->reason = f->reason;
        r->stage = f->stage;
    }
}

static void put_counts(struct run_record *r, const struct cell_todo *todo)
{
    static_assert(sizeof r->counts == sizeof todo->counts);
    memcpy(r->counts, todo->counts, sizeof r->counts);
}

static enum err_code write_outcome(const struct run_target *t, struct run_record *r,
                                   const struct invocation_failure *f, struct arena *a,
                                   struct err *e)
{
    /* A cell that was not tried again has its reason there already. */
    const bool told = !f->tail && file_exists(file_join(a, t->folder, "error.txt"));
    if (f->status != STATUS_OK && f->status != STATUS_DEGRADED && !told) {
        const struct results_folder_error error = {f->status,     f->reason,  f->stage,
                                                   t->invocation, r->segment, f->tail};
        if (results_folder_write_error(t->folder, &error, e))
            return e->code;
    }
    return run_record_write(run_cell_record_path(t, a), r, e);
}

enum err_code run_cell_close(struct run_state *s, const struct run_target *t, uint32_t segment,
                             const struct invocation_failure *f, const struct cell_todo *todo,
                             struct arena *a, struct err *e)
{
    char now[32];
    if (file_make_folders(t->folder, e))
        return e->code;
    struct run_record r = begin_record(s, t, segment, a);
    clock_wall(now);
    r.ended_at = now;
    put_outcome(&r, f);
    if (todo)
        put_counts(&r, todo);
    r.why_no_resources = todo ? "the run was interrupted after the last sample of this invocation"
                              : "nothing was measured";
    r.machine.why = r.why_no_resources;
    return write_outcome(t, &r, f, a, e);
}

/* ---- measuring ---- */

struct hearer {
    const struct run_state *s;
    const struct run_cell *shown;
};

static void on_sample(void *context, const struct sample_log_record *r)
{
    const struct hearer *const h = context;
    h->s->summary->samples++;
    if (h->s->o->listener.sample)
        h->s->o->listener.sample(h->s->o->listener.context, h->shown, r);
}

static void put_measured(struct run_record *r, const struct cell_run *c)
{
    const struct telemetry_summary u = telemetry_summarise(&c->agents[0]->telemetry);
    const struct telemetry *const all[] = {&c->agents[0]->telemetry,
                                           c->agents[1] ? &c->agents[1]->telemetry : nullptr};
    r->machine = telemetry_machine_summarise(all, COUNT_OF(all));
    r->began = c->began;
    r->ended = c->ended;
    r->prompts_distinct = c->prompts_distinct;
    r->prompts_constant = c->prompts_constant;
    r->evidence_after = c->evidence_after.n ? c->evidence_after.text : nullptr;
    r->cpu_percent_mean = u.cpu_percent_mean;
    r->cpu_percent_peak = u.cpu_percent_peak;
    r->rss_mb_mean = u.rss_mb_mean;
    r->rss_mb_peak = u.rss_mb_peak;
    r->n_readings = u.n_samples;
    r->why_no_resources = u.why;
    r->recorded_samples = c->cost.samples;
    r->recorded_tokens = c->cost.tokens;
    r->telemetry_readings = c->cost.telemetry_readings;
    r->record = c->cost.record;
    r->record_most = c->cost.record_most;
    r->transit = c->cost.transit;
    r->telemetry = c->cost.telemetry;
}

static enum err_code write_traces(const struct run_target *t, struct invocation *agents[2],
                                  const char *journal, struct err *e)
{
    for (uint32_t k = 0; k < 2; k++)
        if (agents[k] && telemetry_write(&agents[k]->telemetry, journal, t->scenario->name, k, e))
            return e->code;
    return ERR_OK;
}

enum err_code run_cell_measure(struct run_state *s, const struct run_target *t,
                               const struct run_cell *shown, uint32_t segment, const char *journal,
                               struct invocation *agents[2], struct arena *a,
                               struct invocation_failure *ret, struct err *e)
{
    CLEANUP(sample_log_done) struct sample_log log = {.fd = -1};
    struct cell_todo todo;
    char started_at[32], ended_at[32];
    if (file_make_folders(t->folder, e) ||
        sample_log_open(&log, file_join(a, t->folder, "samples.jsonl"), nullptr, e) ||
        run_cell_todo(s, t, a, &todo, e))
        return e->code;
    struct hearer hearer = {s, shown};
    CLEANUP(cell_run_done)
    struct cell_run c = {
        .spec = {s->o->experiment, t->scenario, t->backend, t->precision, t->model, t->invocation,
                 segment, scenario_seed(s, t)},
        .agents = {agents[0], agents[1]},
        .log = &log,
        .todo = &todo,
        .stop = &s->stop,
        .arena = a,
        .on_sample = on_sample,
        .context = &hearer,
    };
    clock_wall(started_at);
    const enum err_code code = cell_run_all(&c, ret, e);
    clock_wall(ended_at);
    if (code)
        return code;
    if (write_traces(t, agents, journal, e))
        return e->code;
    if (ret->status == STATUS_SKIPPED)
        return ERR_OK;
    struct run_record r = begin_record(s, t, segment, a);
    r.started_at = started_at;
    r.ended_at = ended_at;
    put_outcome(&r, ret);
    put_counts(&r, &todo);
    put_measured(&r, &c);
    if (sample_log_sync(&log, e))
        return e->code;
    return write_outcome(t, &r, ret, a, e);
}
