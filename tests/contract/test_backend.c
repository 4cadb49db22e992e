/* The contract of every engine, by way of its worker: docs/WORKER.md and measurement.md section 1.
 * Loops over the table of backends; one that is not here is skipped with its own words. The model
 * is made on the spot, in a cache of the test's own. What the engines say is compared with each
 * other: they are the independent sources. */
#include "driver.h"

#include "backend/python_worker.h"
#include "model/resolve.h"
#include "test.h"

#include <math.h>

constexpr size_t MOST_TOKENS = 64;
constexpr uint32_t MAX_NEW = 12;

static const char model[] = "synth:gpt2/L=2,d=64,h=4,vocab=1024,ctx=256,seed=7";
static const char odd_text[] = "Hello  w\\u00f6rld,\\n\\tit's 2026: \\ud83d\\ude00!   x";
static const char *const prompts[] = {"The cat sat on the mat.", "A", "Once upon a time, far away"};

struct answers { /* of the first engine that gave them; the others must agree */
    const char *from;
    int64_t tokens[MOST_TOKENS], ids[COUNT_OF(prompts)][MAX_NEW];
    size_t n_tokens;
};

static const char *chimera;

static bool start(const struct backend *b, struct driver *d)
{
    const char *argv[] = {chimera, "worker", nullptr, nullptr};
    struct err e = {};
    if (b->worker == BACKEND_WORKER_PYTHON) {

        struct python_worker w;
        if (python_worker_place(d->arena, &w, &e)) {
            printf("# %s\n", e.msg);
            return false;
        }
        argv[0] = w.python;
        argv[1] = w.script;
    }
    if (worker_process_start(&(struct worker_options){.argv = argv}, &d->process, &e))
        printf("# %s\n", e.msg);
    return d->process;
}

static const struct json *load(struct driver *d, const struct backend *b, const char *precision,
                               const struct model_facts *m)
{
    return driver_ask(d,
                      "{\"op\":\"load\",\"backend\":\"%s\",\"precision\":\"%s\",\"model\":\"%s\","
                      "\"model_path\":\"%s\",\"device\":\"%s\",\"threads\":2,\"max_context\":128,"
                      "\"seed\":1,\"options\":{%s}}",
                      b->name, precision, model, m->path, b->device,
                      strcmp(b->name, "synthetic") == 0 ? "\"synthetic\":\"zero\"" : "");
}

static const struct json *run(struct driver *d, const char *texts, uint32_t max_tokens,
                              double temperature)
{
    return driver_ask(d,
                      "{\"op\":\"run\",\"id\":7,\"prompts\":[%s],\"max_tokens\":%u,"
                      "\"temperature\":%g,\"top_p\":0.9,\"seed\":5,\"stop_on_eos\":false}",
                      texts, max_tokens, temperature);
}

static size_t read_ids(const struct json *list, int64_t *ret, size_t room)
{
    struct json_iter it = json_iter(list);
    size_t n = 0;
    for (const struct json *v; n < room && (v = json_next(&it, nullptr));)
        ret[n++] = json_i64(v, -1);
    return n;
}

static int64_t whole(const struct json *reply, const char *key)
{
    return json_i64(json_get(reply, key), -1);
}

#define SAY(what) arena_printf(d->arena, "%s: %s", b->name, (what))

static void check_stamps(struct driver *d, const struct backend *b, const struct json *r, size_t n)
{
    int64_t before = whole(r, "first_token"), at = 0;
    bool ordered = whole(r, "submitted") > 0 && whole(r, "submitted") <= whole(r, "tokenized") &&
                   whole(r, "tokenized") <= before &&
                   whole(r, "finished") <= whole(r, "detokenized");
    const struct json *const list = json_get(r, "token_ns");
    CHECK(SAY("one stamp per step"), json_len(list) == n, "%zu stamps", json_len(list));
    CHECK(SAY("the first stamp is the first token's"), json_i64(json_at(list, 0), -1) == before,
          "%lld", (long long)before);
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr)); before = at)
        ordered &= (at = json_i64(v, -1)) >= before;
    CHECK(SAY("stamps stand in their order"), ordered, "see docs/WORKER.md");
    CHECK(SAY("the last stamp is the end"), at == whole(r, "finished"), "%lld", (long long)at);
    CHECK(SAY("the stamps are of the shared clock"),
          llabs(clock_now() - whole(r, "finished")) < 60 * DRIVER_SECOND, "finished %lld",
          (long long)whole(r, "finished"));
    CHECK(SAY("CPU time and memory are told"),
          whole(r, "cpu_ns") > 0 && whole(r, "peak_rss_bytes") > 100'000, "cpu %lld rss %lld",
          (long long)whole(r, "cpu_ns"), (long long)whole(r, "peak_rss_bytes"));
}

static void check_tokens(struct driver *d, const struct backend *b, struct answers *known)
{
    int64_t ids[MOST_TOKENS];
    const struct json *const r =
        driver_ask(d, "{\"op\":\"tokenize\",\"id\":3,\"text\":\"%s\"}", odd_text);
    const size_t n = read_ids(json_get(r, "tokens"), ids, MOST_TOKENS);
    CHECK(SAY("tokenizes"), driver_is(r, "tokens") && whole(r, "id") == 3 && n > 0, "%s",
          driver_reason(r));
    if (known->n_tokens)
        CHECK(SAY("the same tokens as the others"),
              n == known->n_tokens && memcmp(ids, known->tokens, n * sizeof *ids) == 0,
              "%zu tokens, %s has %zu", n, known->from, known->n_tokens);
    memcpy(known->tokens, ids, n * sizeof *ids);
    known->n_tokens = n;
}

/* Alone, and as one batch of different lengths: the same tokens, and padding told apart. exact: the
 * engine's arithmetic does not depend on who shares a batch. */
static void check_greedy(struct driver *d, const struct backend *b, struct answers *known,
                         bool compare, bool exact)
{
    int64_t ids[COUNT_OF(prompts)][MAX_NEW], together[MAX_NEW], prompt_tokens = 0;
    for (size_t i = 0; i < COUNT_OF(prompts); i++) {
        const struct json *const r =
            run(d, arena_printf(d->arena, "\"%s\"", prompts[i]), MAX_NEW, 0);
        CHECK(SAY("answers a request"), driver_is(r, "sample") && whole(r, "id") == 7, "%s",
              driver_reason(r));
        const size_t n = read_ids(json_at(json_get(r, "output_ids"), 0), ids[i], MAX_NEW);
        CHECK(SAY("gives exactly max_tokens"),
              n == MAX_NEW && json_i64(json_at(json_get(r, "generated_tokens"), 0), 0) == MAX_NEW,
              "%zu", n);
        CHECK(SAY("says why it stopped"),
              strcmp(json_str(json_at(json_get(r, "stop"), 0), ""), "length") == 0, "stop");
        prompt_tokens += json_i64(json_at(json_get(r, "prompt_tokens"), 0), 0);
        check_stamps(d, b, r, MAX_NEW);
    }
    const struct json *const r =
        run(d, arena_printf(d->arena, "\"%s\",\"%s\",\"%s\"", prompts[0], prompts[1], prompts[2]),
            MAX_NEW, 0);
    CHECK(SAY("answers a batch"), json_len(json_get(r, "output_ids")) == COUNT_OF(prompts), "%s",
          driver_reason(r));
    int64_t sum = 0;
    bool same = true;
    for (size_t i = 0; i < COUNT_OF(prompts); i++) {
        (void)read_ids(json_at(json_get(r, "output_ids"), i), together, MAX_NEW);
        sum += json_i64(json_at(json_get(r, "prompt_tokens"), i), 0);
        same &= memcmp(together, ids[i], sizeof together) == 0;
    }
    CHECK(SAY("padding is no prompt token"),
          sum == prompt_tokens && whole(r, "padding_tokens") >= 0, "%lld in the batch, %lld alone",
          (long long)sum, (long long)prompt_tokens);
    if (exact)
        CHECK(SAY("a batch gives the tokens of its prompts alone"), same, "tokens differ");
    check_stamps(d, b, r, MAX_NEW);
    if (compare && known->from)
        CHECK(SAY("the same greedy tokens as the others"), memcmp(ids, known->ids, sizeof ids) == 0,
              "differ from %s", known->from);
    if (compare && !known->from) {
        memcpy(known->ids, ids, sizeof ids);
        known->from = b->name;
    }
}

static void check_sampled(struct driver *d, const struct backend *b)
{
    int64_t first[MAX_NEW] = {}, second[MAX_NEW] = {};
    const struct json *r = run(d, "\"The cat\"", MAX_NEW, 0.7);
    (void)read_ids(json_at(json_get(r, "output_ids"), 0), first, MAX_NEW);
    r = run(d, "\"The cat\"", MAX_NEW, 0.7);
    const size_t n = read_ids(json_at(json_get(r, "output_ids"), 0), second, MAX_NEW);
    CHECK(SAY("one seed, one text"), n == MAX_NEW && memcmp(first, second, sizeof first) == 0, "%s",
          driver_reason(r));
}

static void check_refusals(struct driver *d, const struct backend *b)
{
    static const struct {
        const char *why, *line;
    } rows[] = {
        {"an empty prompt", "{\"op\":\"run\",\"id\":9,\"prompts\":[\"\"],\"max_tokens\":3}"},
        {"no prompt", "{\"op\":\"run\",\"id\":9,\"prompts\":[],\"max_tokens\":3}"},
        {"max_tokens 0", "{\"op\":\"run\",\"id\":9,\"prompts\":[\"a\"],\"max_tokens\":0}"},
        {"an unknown op", "{\"op\":\"sing\",\"id\":9}"},
        {"no op", "{}"},
        {"no JSON", "this is no JSON"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct json *const r = driver_ask_text(d, rows[i].line);
        CHECK(arena_printf(d->arena, "%s: refuses %s", b->name, rows[i].why),
              driver_is(r, "error") && strcmp(json_str(json_get(r, "status"), ""), "error") == 0 &&
                  *json_str(json_get(r, "reason"), ""),
              "%s", json_str(json_get(r, "event"), "no reply"));
    }
    const struct json *const r = run(d, "\"still here\"", 1, 0);
    CHECK(SAY("lives on after a refusal"), driver_is(r, "sample"), "%s", driver_reason(r));
}

static void check_backend(const struct backend *b, const char *precision,
                          const struct model_facts *m, struct answers *known)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct driver driver = {.arena = a, .patience = 240 * DRIVER_SECOND}, *const d = &driver;
    const bool synthetic = strcmp(b->name, "synthetic") == 0, fp32 = strcmp(precision, "fp32") == 0;
    struct answers own = {};
    if (!start(b, d)) {
        CHECK(SAY("starts"), false, "the worker did not start");
        return;
    }
    const struct json *r = load(d, b, precision, m);
    CHECK(arena_printf(a, "%s: loads %s", b->name, precision), driver_is(r, "loaded"), "%s",
          driver_reason(r));
    if (driver_is(r, "loaded")) {
        CHECK(SAY("is what its label says"), json_bool(json_get(r, "label_ok"), true), "%s",
              json_str(json_get(r, "label_reason"), ""));
        check_tokens(d, b, synthetic ? &own : known);
        check_greedy(d, b, synthetic ? &own : known, fp32 && !synthetic, fp32);
        check_sampled(d, b);
        check_refusals(d, b);
    }
    const int code = driver_end(d);
    CHECK(SAY("ends with its input"), code == (driver_is(r, "loaded") ? 0 : 1), "exit %d", code);
}

/* A label that the engine cannot honour is refused in words, before anything is loaded. */
static void check_incompatible(const struct backend *b, const struct model_facts *m)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    struct driver driver = {.arena = a, .patience = 60 * DRIVER_SECOND}, *const d = &driver;
    if (!start(b, d))
        return;
    const struct json *const r = load(d, b, "int3", m);
    CHECK(SAY("says incompatible to a precision that it has not"),
          driver_is(r, "error") && strcmp(json_str(json_get(r, "status"), ""), "incompatible") == 0,
          "%s", driver_reason(r));
    (void)driver_end(d);
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct model_facts facts = {};
    struct answers known = {};
    struct err e = {};
    if (argc != 2)
        return 2;
    chimera = argv[1];
    if (resolve_model(model, nullptr, true, a, &facts, &e)) {
        CHECK("the model is made", false, "%s", e.msg);
        return test_done();
    }
    const struct backend *b;
    for (size_t i = 0; (b = backend_at(i)); i++) {
        struct backend_found found;
        if (b->available(&found, &e)) {
            CHECK(arena_printf(a, "%s # SKIP %s", b->name, e.msg), strlen(e.msg) > 20, "%s", e.msg);
            continue;
        }
        check_backend(b, "fp32", &facts, &known);
        if (strncmp(b->name, "onnxruntime", 11) == 0)
            check_backend(b, "int8", &facts, &known);
        if (strncmp(b->name, "llamacpp", 8) == 0)
            check_backend(b, "fp16", &facts, &known);
        if (b->worker == BACKEND_WORKER_NATIVE && strcmp(b->artefact, "none") != 0)
            check_incompatible(b, &facts);
    }
    return test_done();
}
