/* stats_make - a results folder of many samples, for bench/stats.sh.
 * usage: stats_make DIR SAMPLES CELLS full|compact
 *
 * full: lines as the lab writes them, some 650 bytes; compact: lines as `chimera import` writes
 * them, with the keys that another tool's file may have. Latencies are lognormal around a level of
 * the configuration and of the invocation; the first of an invocation is cold. Seeded: the same
 * arguments give the same bytes.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/digit.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/json_pool.h"
#include "io/jsonw.h"
#include "io/sink.h"
#include "store/results_folder.h"
#include "store/sample_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr unsigned CONFIGURATIONS = 20; /* of one scenario: as many pairs as 190 */
constexpr unsigned INVOCATIONS = 5;
constexpr unsigned PROMPTS = 8;
constexpr unsigned TOKENS = 8;
constexpr size_t MEMORY = (size_t)256 << 20;

static void must(enum err_code code, const struct err *e)
{
    if (code) {
        fprintf(stderr, "stats_make: %s\n", e->msg);
        exit(1);
    }
}

struct cell {
    const char *scenario, *backend, *precision, *model;
    double level_ms;
};

static struct cell cell_of(size_t i, struct arena *a)
{
    static const char *const precisions[] = {"fp32", "fp16", "int8", "int4"};
    const unsigned configuration = (unsigned)(i % CONFIGURATIONS);
    return (struct cell){
        arena_printf(a, "scenario_%02zu", i / CONFIGURATIONS),
        arena_printf(a, "engine_%u", configuration / (unsigned)COUNT_OF(precisions)),
        precisions[configuration % COUNT_OF(precisions)], "synth:gpt2",
        20 * (1 + 0.01 * configuration)};
}

static void write_run(const struct cell *c, const char *folder, unsigned invocation,
                      struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    struct err e = {};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.run/1");
    jsonw_kstr(&w, "scenario", c->scenario);
    jsonw_kstr(&w, "backend", c->backend);
    jsonw_kstr(&w, "precision", c->precision);
    jsonw_kstr(&w, "model", c->model);
    jsonw_ki64(&w, "invocation", invocation);
    jsonw_kstr(&w, "status", "ok");
    jsonw_end_object(&w);
    must(file_write(results_folder_run_file(a, folder, invocation), text.text, text.n, &e), &e);
}

struct parts { /* arrays of a full line that are always the same */
    const struct json *stop, *outputs, *ids;
};

/* The first token after a quarter of the time, the others evenly. */
static const struct json *stamps(struct json_pool *pool, nsec_t submitted, nsec_t taken)
{
    char text[TOKENS * (DIGIT_MOST + 1) + 2] = "[", *at = text + 1;
    for (unsigned k = 0; k < TOKENS; k++) {
        at = digit_put_i64(at, submitted + taken / 4 + taken * 3 / 4 * k / (TOKENS - 1));
        *at++ = k + 1 < TOKENS ? ',' : ']';
    }
    return json_pool_parse(pool, text, (size_t)(at - text));
}

static const struct json *parsed(const char *text, struct arena *a)
{
    const struct json *v = nullptr;
    struct err e = {};
    must(json_parse(text, strlen(text), "parts", a, &v, &e), &e);
    return v;
}

static void full_line(const struct cell *c, const struct parts *p, struct json_pool *pool,
                      unsigned invocation, size_t i, nsec_t submitted, nsec_t taken,
                      struct str *out)
{
    const struct sample_log_record r = {.scenario = c->scenario,
                                        .backend = c->backend,
                                        .precision = c->precision,
                                        .model = c->model,
                                        .invocation = invocation,
                                        .repetition = (uint32_t)(i / PROMPTS),
                                        .prompt_index = (uint32_t)(i % PROMPTS),
                                        .agents = 1,
                                        .seq = (uint32_t)i,
                                        .phase = i ? PHASE_MEASURED : PHASE_COLD,
                                        .submitted = submitted,
                                        .tokenized = submitted + 20'000,
                                        .first_token = submitted + taken / 4,
                                        .finished = submitted + taken,
                                        .detokenized = submitted + taken + 5'000,
                                        .prefill_begin = submitted + 30'000,
                                        .prefill_end = submitted + taken / 4 - 10'000,
                                        .cpu = taken,
                                        .peak_rss_bytes = 64 << 20,
                                        .prompt_tokens = 9,
                                        .generated_tokens = TOKENS,
                                        .padding_tokens = 0,
                                        .n_prompts = 1,
                                        .batch_size = 1,
                                        .token_ns = stamps(pool, submitted, taken),
                                        .stop = p->stop,
                                        .outputs = p->outputs,
                                        .output_ids = p->ids,
                                        .seed = 42,
                                        .overlap_ms = NOT_MEASURED,
                                        .started_at = "2026-01-01T00:00:00.000Z"};
    sample_log_format(&r, out);
}

static void compact_line(const struct cell *c, unsigned invocation, size_t i, double ms,
                         struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "scenario", c->scenario);
    jsonw_kstr(&w, "backend", c->backend);
    jsonw_kstr(&w, "precision", c->precision);
    jsonw_kstr(&w, "model", c->model);
    jsonw_ki64(&w, "invocation", invocation);
    jsonw_kstr(&w, "phase", "measured");
    jsonw_ki64(&w, "repetition", (int64_t)i);
    jsonw_kstr(&w, "status", "ok");
    jsonw_kf64(&w, "latency_ms", ms);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

static void write_cell(const struct cell *c, const char *dir, size_t n, uint64_t seed, bool full,
                       const struct parts *p)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(sink_done) struct sink sink = {.fd = -1};
    CLEANUP(str_done) struct str text = {};
    CLEANUP(json_pool_freep) struct json_pool *pool = json_pool_new();
    struct err e = {};
    struct rng r;
    rng_init(&r, seed);
    const char *const folder =
        results_folder_cell(a, dir, c->scenario, c->backend, c->precision, c->model);
    must(file_make_folders(folder, &e), &e);
    must(sink_open(&sink, file_join(a, folder, "samples.jsonl"), &e), &e);
    sink.derived = true;
    for (unsigned k = 0; k < INVOCATIONS; k++) {
        const double level = log(c->level_ms) + 0.01 * rng_normal(&r);
        const size_t end = n * (k + 1) / INVOCATIONS - n * k / INVOCATIONS;
        nsec_t now = 1'000'000'000;
        for (size_t i = 0; i < end; i++) {
            const double ms = exp(level + 0.1 * rng_normal(&r)) * (i ? 1 : 5);
            const nsec_t taken = (nsec_t)(ms * 1e6);
            if (full)
                full_line(c, p, pool, k, i, now, taken, &text);
            else
                compact_line(c, k, i, (double)taken / 1e6, &text);
            now += taken + 100'000;
            if (text.n > (1U << 19)) {
                must(sink_write(&sink, text.text, text.n, &e), &e);
                str_clear(&text);
            }
        }
        write_run(c, folder, k, a);
    }
    must(sink_write(&sink, str_text(&text), text.n, &e), &e);
    must(sink_close(&sink, &e), &e);
}

struct work {
    const char *dir;
    size_t samples, cells;
    bool full;
    const struct parts *parts;
};

static void make_cell(void *context, size_t i, size_t)
{
    const struct work *const w = context;
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    const struct cell c = cell_of(i, a);
    const size_t n = w->samples * (i + 1) / w->cells - w->samples * i / w->cells;
    write_cell(&c, w->dir, n, rng_derive(20260103, i), w->full, w->parts);
}

int main(int argc, char **argv)
{
    const char *const kind = argc == 5 ? argv[4] : "";
    const size_t n = argc == 5 ? strtoull(argv[2], nullptr, 10) : 0,
                 cells = argc == 5 ? strtoull(argv[3], nullptr, 10) : 0;
    if (n == 0 || cells == 0 || (strcmp(kind, "full") != 0 && strcmp(kind, "compact") != 0)) {
        fputs("usage: stats_make DIR SAMPLES CELLS full|compact\n", stderr);
        return 2;
    }
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    const struct parts p = {parsed("[\"length\"]", a),
                            parsed("[\" and then there was a much longer story\"]", a),
                            parsed("[[290,788,612,373,257,881,2392,1621]]", a)};
    struct err e = {};
    must(file_make_folders(argv[1], &e), &e);
    static const char manifest[] =
        "{\"schema\": \"chimera.manifest/1\", \"experiment_sha256\": \"00\", "
        "\"state\": \"complete\"}\n";
    must(file_write(file_join(a, argv[1], "manifest.json"), manifest, sizeof manifest - 1, &e), &e);
    struct work w = {argv[1], n, cells, strcmp(kind, "full") == 0, &p};
    parallel_run(cells, 0, make_cell, &w);
    return 0;
}
