#include "lab/cell_run.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "io/json.h"
#include "io/json_copy.h"
#include "io/jsonw.h"
#include "lab/sample_reply.h"

#include <string.h>

constexpr size_t REPLY_MEMORY = (size_t)4 << 30;
constexpr nsec_t SEND_PATIENCE = 30'000'000'000;

struct request { /* one, to one agent or to two at the same moment */
    enum phase phase;
    uint32_t repetition, seq, first_prompt, n_prompts;
    uint64_t seed;
    uint64_t id[2];
    nsec_t sent[2], received[2];
    char started_at[32];
    struct sample_log_record record[2];
    struct arena *memory; /* of the replies */
};

static const struct prompt_set *prompts_of(const struct cell_run *c)
{
    return &c->spec.experiment->prompt_sets[c->spec.scenario->prompt_set];
}

static uint32_t agents_of(const struct cell_run *c)
{
    return c->spec.scenario->mode == MODE_DUAL ? 2 : 1;
}

uint32_t cell_run_requests(const struct scenario *s, const struct prompt_set *set)
{
    if (s->mode == MODE_STRESS)
        return 0;
    const uint32_t batch = s->mode == MODE_BATCH ? s->batch_size : 1;
    return (set->n_prompts + batch - 1) / batch;
}

/* 53 bits, so that every reader of JSON keeps it whole. The same for every configuration: what
 * differs between two engines is then not the seed. */
static uint64_t request_seed(const struct cell_run *c, const struct request *r)
{
    uint64_t seed = rng_derive(c->spec.seed, c->spec.invocation);
    seed = rng_derive(seed, r->phase);
    seed = rng_derive(seed, r->repetition);
    return rng_derive(seed, r->seq) >> 11;
}

static void build(struct cell_run *c, struct request *r, uint32_t agent)
{
    const struct experiment *const x = c->spec.experiment;
    const struct prompt_set *const set = prompts_of(c);
    str_clear(&c->request[agent]);
    struct jsonw w = {.out = &c->request[agent]};
    r->id[agent] = ++c->next_id;
    jsonw_object(&w);
    jsonw_kstr(&w, "op", "run");
    jsonw_ki64(&w, "id", (int64_t)r->id[agent]);
    jsonw_karray(&w, "prompts");
    for (uint32_t i = 0; i < r->n_prompts; i++)
        jsonw_str(&w, set->prompts[(r->first_prompt + i) % set->n_prompts]);
    jsonw_end_array(&w);
    jsonw_ki64(&w, "max_tokens", c->spec.scenario->max_tokens);
    jsonw_kf64(&w, "temperature", x->temperature);
    jsonw_kf64(&w, "top_p", x->top_p);
    jsonw_ki64(&w, "seed", (int64_t)r->seed);
    jsonw_kbool(&w, "stop_on_eos", x->stop_on_eos);
    jsonw_end_object(&w);
}

static void begin_record(const struct cell_run *c, const struct request *r, uint32_t agent,
                         struct sample_log_record *x)
{
    *x = (struct sample_log_record){
        .scenario = c->spec.scenario->name,
        .backend = c->spec.backend,
        .precision = c->spec.precision,
        .model = c->spec.model,
        .invocation = c->spec.invocation,
        .segment = c->spec.segment,
        .repetition = r->repetition,
        .prompt_index = r->first_prompt,
        .agent = agent,
        .agents = agents_of(c),
        .seq = r->seq,
        .phase = r->phase,
        .status = STATUS_SKIPPED,
        .n_prompts = r->n_prompts,
        .seed = r->seed,
        .started_at = r->started_at,
    };
    sample_reply_unknown(x);
}

/* Compilation is part of no sample: a measured request during which the engine compiled again
 * measured something else, and an engine that fell back runs something else from now on. */
static void judge_evidence(struct cell_run *c, struct request *r, uint32_t agent,
                           const struct json *reply)
{
    const struct json *const evidence = json_get(reply, "evidence");
    if (!json_is_object(evidence))
        return;
    str_clear(&c->evidence_after);
    json_copy(evidence, &(struct jsonw){.out = &c->evidence_after});
    const struct json *const compile = json_get(evidence, "compile");
    if (!json_bool(json_get(compile, "requested"), false))
        return;
    struct sample_log_record *const x = &r->record[agent];
    struct invocation *const v = c->agents[agent];
    const int64_t before = v->compilations;
    v->compilations = invocation_compilations(evidence);
    const struct json *const fallback = json_get(compile, "fallback");
    if (json_bool(fallback, false) || json_is_str(fallback) ||
        !json_bool(json_get(compile, "happened"), true))
        c->degraded = arena_printf(c->arena, "the engine fell back to uncompiled code: %s",
                                   json_str(json_get(compile, "reason"), "no reason given"));
    else if (r->phase == PHASE_MEASURED && x->status == STATUS_OK && v->compilations > before) {
        x->status = STATUS_DEGRADED;
        x->reason = "the engine compiled again during this request";
    }
}

/* A worker of another kind may not say it. */
static void take_prompts(struct cell_run *c, const struct json *reply)
{
    const int64_t distinct = json_i64(json_get(reply, "prompts_distinct"), 0),
                  constant = json_i64(json_get(reply, "prompts_constant"), 0);
    if (distinct <= 0 || distinct > UINT32_MAX || constant < 0 || constant > UINT32_MAX)
        return;
    if (c->prompts_distinct == 0 || distinct < c->prompts_distinct)
        c->prompts_distinct = (uint32_t)distinct;
    if (constant > c->prompts_constant)
        c->prompts_constant = (uint32_t)constant;
}

static void judge(struct cell_run *c, struct request *r, uint32_t agent, const char *line, size_t n,
                  struct invocation_failure *f)
{
    struct err e = {};
    const struct json *reply;
    struct sample_log_record *const x = &r->record[agent];
    const struct sample_reply_frame frame = {r->id[agent], r->n_prompts,
                                             c->spec.scenario->max_tokens, r->sent[agent],
                                             r->received[agent]};
    line = arena_strndup(r->memory, line, n); /* the worker's buffer is used again */
    if (json_parse(line, n, "the worker's reply", r->memory, &reply, &e) == ERR_OK) {
        if (invocation_is_error(reply, "run", c->agents[agent], c->arena, f)) {
            x->status = f->status;
            x->reason = f->reason;
            return;
        }
        if (sample_reply_read(reply, &frame, x, &e) == ERR_OK) {
            c->cost.transit += x->submitted - r->sent[agent] + r->received[agent] - x->detokenized;
            c->cost.tokens += (uint64_t)x->generated_tokens;
            take_prompts(c, reply);
            judge_evidence(c, r, agent, reply);
            if (c->degraded) {
                x->status = STATUS_DEGRADED;
                x->reason = c->degraded;
            }
            return;
        }
    }
    *f = (struct invocation_failure){
        STATUS_ERROR, "run", arena_strdup(c->arena, e.msg),
        arena_strdup(c->arena, worker_process_tail(c->agents[agent]->worker))};
    x->status = f->status;
    x->reason = f->reason;
    invocation_drop(c->agents[agent]); /* who knows which request its next line answers */
}

static void send_all(struct cell_run *c, struct request *r)
{
    for (uint32_t k = 0; k < agents_of(c); k++) {
        begin_record(c, r, k, &r->record[k]);
        build(c, r, k);
    }
    clock_wall(r->started_at);
    for (uint32_t k = 0; k < agents_of(c); k++) {
        r->sent[k] = clock_now();
        worker_process_send(c->agents[k]->worker, c->request[k].text, c->request[k].n,
                            r->sent[k] + SEND_PATIENCE);
    }
}

/* Wait for every agent's answer. Both are waited for even when one has failed: the other's time is
 * spent. */
static void receive_all(struct cell_run *c, struct request *r, struct invocation_failure *f)
{
    const double timeout_s = c->spec.experiment->timeout_s;
    const nsec_t deadline = r->sent[0] + (nsec_t)(timeout_s * 1e9);
    bool waiting[2] = {true, agents_of(c) == 2};
    while (waiting[0] || waiting[1]) {
        struct worker_process *const w[2] = {waiting[0] ? c->agents[0]->worker : nullptr,
                                             waiting[1] ? c->agents[1]->worker : nullptr};
        const char *line;
        size_t which, n;
        const enum worker_event event =
            stop_wait(c->stop, false, w, COUNT_OF(w), deadline, &which, &line, &n);
        const nsec_t now = clock_now();
        for (uint32_t k = 0; k < 2; k++) {
            const bool all = event == WORKER_LATE || event == WORKER_STOP;
            if (!waiting[k] || (!all && k != which))
                continue;
            waiting[k] = false;
            r->received[k] = now;
            struct invocation_failure one = {};
            if (event == WORKER_LINE) {
                judge(c, r, k, line, n, &one);
            } else {
                invocation_fail(c->agents[k], event, "run", timeout_s, c->arena, &one);
                r->record[k].status = one.status;
                r->record[k].reason = one.reason;
            }
            if (f->status == STATUS_OK && one.status != STATUS_OK)
                *f = one;
        }
    }
}

static void judge_pair(struct cell_run *c, struct request *r)
{
    struct sample_log_record *const a = &r->record[0], *const b = &r->record[1];
    if (a->finished >= 0 && b->finished >= 0) {
        const nsec_t from = a->submitted > b->submitted ? a->submitted : b->submitted;
        const nsec_t to = a->finished < b->finished ? a->finished : b->finished;
        a->overlap_ms = b->overlap_ms = to > from ? clock_ms(to - from) : 0;
        return;
    }
    for (uint32_t k = 0; k < 2; k++)
        if (r->record[k].status == STATUS_OK || r->record[k].status == STATUS_DEGRADED) {
            r->record[k].status = STATUS_ERROR;
            r->record[k].reason = arena_printf(c->arena, "the other agent did not finish: %s",
                                               status_name(r->record[1 - k].status));
        }
}

static enum err_code write_records(struct cell_run *c, struct request *r, struct err *e)
{
    str_clear(&c->line);
    for (uint32_t k = 0; k < agents_of(c); k++)
        sample_log_format(&r->record[k], &c->line);
    if (sample_log_append(c->log, c->line.text, c->line.n, e))
        return e->code;
    const nsec_t now = clock_now();
    for (uint32_t k = 0; k < agents_of(c); k++) {
        const struct sample_log_record *const x = &r->record[k];
        const struct sample_log_entry entry = {
            x->invocation, x->segment, x->repetition, x->prompt_index, x->agent,
            x->seq,        x->phase,   x->status,     x->submitted,    x->finished};
        cell_todo_note(c->todo, &entry);
        c->cost.samples++;
        if (c->on_sample)
            c->on_sample(c->context, x);
    }
    const nsec_t last = r->received[0] > r->received[1] ? r->received[0] : r->received[1];
    c->cost.record += now - last;
    if (now - last > c->cost.record_most)
        c->cost.record_most = now - last;
    return ERR_OK;
}

/* One request, to its line in the log. f->status stays ok unless the cell has to end. */
static enum err_code one_request(struct cell_run *c, struct request *r,
                                 struct invocation_failure *f, struct err *e)
{
    CLEANUP(arena_freep) struct arena *memory = arena_new(REPLY_MEMORY);
    const struct scenario *const s = c->spec.scenario;
    const uint32_t n_prompts = prompts_of(c)->n_prompts;
    r->memory = memory;
    r->n_prompts = s->mode == MODE_BATCH ? s->batch_size : 1;
    r->first_prompt = (uint32_t)((uint64_t)r->seq * r->n_prompts % n_prompts);
    r->seed = request_seed(c, r);
    send_all(c, r);
    receive_all(c, r, f);
    if (f->status == STATUS_SKIPPED)
        return ERR_OK; /* stopped: it never finished, and will be asked again */
    if (agents_of(c) == 2)
        judge_pair(c, r);
    return write_records(c, r, e);
}

static enum err_code pass(struct cell_run *c, enum phase phase, uint32_t n_requests,
                          struct invocation_failure *f, struct err *e)
{
    const uint32_t repetition = c->todo->next_pass[phase];
    for (uint32_t i = 0; i < n_requests; i++) {
        struct request r = {.phase = phase, .repetition = repetition, .seq = i};
        if (stop_wanted(c->stop))
            f->status = STATUS_SKIPPED;
        if (f->status != STATUS_OK || one_request(c, &r, f, e) || f->status != STATUS_OK)
            return e->code;
    }
    return ERR_OK;
}

static enum err_code fixed_repetition(struct cell_run *c, uint32_t repetition,
                                      struct invocation_failure *f, struct err *e)
{
    for (uint32_t i = 0; i < c->todo->requests; i++) {
        struct request r = {.phase = PHASE_MEASURED, .repetition = repetition, .seq = i};
        if (cell_todo_is_done(c->todo, repetition, i))
            continue;
        if (stop_wanted(c->stop))
            f->status = STATUS_SKIPPED;
        if (f->status != STATUS_OK || one_request(c, &r, f, e) || f->status != STATUS_OK)
            return e->code;
    }
    return ERR_OK;
}

/* A period of stress: measured by the stamps in the log, so that a resumed one ends where it would
 * have. */
static enum err_code timed_repetition(struct cell_run *c, uint32_t repetition,
                                      struct invocation_failure *f, struct err *e)
{
    struct cell_todo *const t = c->todo;
    const nsec_t before = t->spent[repetition];
    nsec_t from = -1;
    while (t->spent[repetition] < t->duration) {
        struct request r = {
            .phase = PHASE_MEASURED, .repetition = repetition, .seq = t->next_seq[repetition]};
        if (stop_wanted(c->stop))
            f->status = STATUS_SKIPPED;
        if (f->status != STATUS_OK || one_request(c, &r, f, e) || f->status != STATUS_OK)
            return e->code;
        if (from < 0)
            from = r.record[0].submitted;
        t->spent[repetition] = before + r.record[0].finished - from;
    }
    return ERR_OK;
}

/* The measured window of telemetry begins: the last reading before its first request. */
static void begin_measuring(struct cell_run *c)
{
    for (uint32_t k = 0; k < agents_of(c); k++)
        if (c->agents[k]->worker) {
            worker_process_sample(c->agents[k]->worker);
            telemetry_measure(&c->agents[k]->telemetry);
        }
}

static enum err_code all_phases(struct cell_run *c, struct invocation_failure *f, struct err *e)
{
    const struct experiment *const x = c->spec.experiment;
    const uint32_t requests = c->todo->requests ? c->todo->requests : prompts_of(c)->n_prompts;
    if (pass(c, PHASE_COLD, 1, f, e))
        return e->code;
    for (uint32_t i = 0; i < x->warmup_runs && f->status == STATUS_OK; i++)
        if (pass(c, PHASE_WARMUP, requests, f, e))
            return e->code;
    begin_measuring(c);
    for (uint32_t i = 0; i < c->todo->repetitions && f->status == STATUS_OK; i++)
        if (c->todo->requests ? fixed_repetition(c, i, f, e) : timed_repetition(c, i, f, e))
            return e->code;
    return ERR_OK;
}

enum err_code cell_run_all(struct cell_run *c, struct invocation_failure *ret, struct err *e)
{
    *ret = (struct invocation_failure){};
    *e = (struct err){};
    nsec_t sampling[2] = {};
    uint64_t readings[2] = {};
    for (uint32_t k = 0; k < agents_of(c); k++) {
        struct invocation *const v = c->agents[k];
        if (!v->label_ok)
            c->degraded = v->label_reason;
        telemetry_begin(&v->telemetry);
        sampling[k] = worker_process_sampling_cost(v->worker, &readings[k]);
        worker_process_sample(v->worker);
    }
    c->began = clock_now();
    const enum err_code code = all_phases(c, ret, e);
    for (uint32_t k = 0; k < agents_of(c); k++) {
        if (!c->agents[k]->worker)
            continue; /* its trace is there up to its end */
        uint64_t n;
        worker_process_sample(c->agents[k]->worker);
        c->cost.telemetry += worker_process_sampling_cost(c->agents[k]->worker, &n) - sampling[k];
        c->cost.telemetry_readings += n - readings[k];
    }
    c->ended = clock_now();
    if (ret->status == STATUS_OK && c->degraded) {
        ret->status = STATUS_DEGRADED;
        ret->stage = "run";
        ret->reason = c->degraded;
    }
    return code;
}

void cell_run_done(struct cell_run *c)
{
    str_done(&c->request[0]);
    str_done(&c->request[1]);
    str_done(&c->line);
    str_done(&c->evidence_after);
}
