#include "import/labelled.h"

#include "base/arena.h"
#include "base/defs.h"
#include "domain/precision.h"

#include <stdio.h>
#include <string.h>

constexpr size_t MOST_PIECES = 12;
constexpr size_t MOST_COLUMNS = 1000; /* that are looked at: nobody has as many backends */

/* Engines and devices, as they stand in names of columns. */
static const char *const engines[] = {
    "ort",         "onnx",     "onnxruntime", "torch",     "pytorch", "transformers", "hf",
    "llamacpp",    "llama",    "cpp",         "gguf",      "ggml",    "vllm",         "sglang",
    "tgi",         "tensorrt", "trt",         "trtllm",    "llm",     "ollama",       "openvino",
    "ctranslate2", "mlx",      "exllama",     "exllamav2", "openai",  "synthetic",    "cpu",
    "gpu",         "cuda",     "rocm",        "metal",     "vulkan",  "compile",      "compiled",
    "eager",       "inductor", "tensorflow",  "tf",        "jax",     "deepspeed",    "lmdeploy"};

/* Pieces that say which part or figure of a measurement it is, and never whose. */
static const char *const figures[] = {
    "diff",   "delta",  "ratio",     "mean",    "avg",      "average", "median",   "min",
    "max",    "std",    "sd",        "total",   "first",    "last",    "prefill",  "decode",
    "prompt", "input",  "output",    "client",  "server",   "queue",   "per",      "time",
    "wall",   "load",   "generated", "speedup", "expected", "warmup",  "measured", "warm",
    "cold",   "steady", "timings",   "timing",  "stats",    "equiv",   "kv",       "e2e"};

static bool is_in(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

struct pieces {
    char text[MOST_PIECES][FIELD_LONGEST];
    size_t n;
};

static bool cut(const char *column, struct pieces *ret)
{
    char plain[FIELD_LONGEST];
    field_plain_name(column, plain);
    ret->n = 0;
    for (char *rest = plain, *piece; (piece = strsep(&rest, "_"));) {
        if (ret->n == MOST_PIECES)
            return false;
        (void)snprintf(ret->text[ret->n++], FIELD_LONGEST, "%s", piece);
    }
    return ret->n > 1;
}

/* Pieces from..to, or all but those, as one name. */
static void join(const struct pieces *p, size_t from, size_t to, bool inside,
                 char out[static FIELD_LONGEST])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->n; i++)
        if ((i >= from && i < to) == inside)
            n += (size_t)snprintf(out + n, FIELD_LONGEST - n, "%s%s", n ? "_" : "", p->text[i]);
}

static bool may_be_labelled(enum field f)
{
    return (f >= FIELD_LATENCY_MS && f <= FIELD_COST_PER_HOUR) ||
           (f >= FIELD_N_SAMPLES && f <= FIELD_COST_PER_MILLION) || f == FIELD_STATUS;
}

static bool names_field(const char *rest, struct labelled *ret)
{
    const char *unit;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (may_be_labelled((enum field)f) &&
            (field_matches((enum field)f, rest) || field_matches_figure((enum field)f, rest))) {
            ret->field = (enum field)f;
            ret->unit = nullptr;
            return true;
        }
    const enum field f = field_in_other_unit(rest, &unit);
    if (f == FIELD_COUNT || !may_be_labelled(f))
        return false;
    ret->field = f;
    ret->unit = field_unit_find(f, unit);
    return true;
}

static bool is_figure(const struct pieces *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const char *const piece = p->text[i];
        if (is_in(figures, COUNT_OF(figures), piece) ||
            (piece[0] == 'p' && piece[1] >= '0' && piece[1] <= '9'))
            return true;
    }
    return false;
}

static enum field meaning(const char *label)
{
    if (precision_find(label))
        return FIELD_PRECISION;
    char plain[FIELD_LONGEST];
    bool engine = false;
    (void)snprintf(plain, sizeof plain, "%s", label);
    for (char *rest = plain, *piece; (piece = strsep(&rest, "_"));) {
        const bool one = is_in(engines, COUNT_OF(engines), piece);
        if (!one && !precision_find(piece))
            return FIELD_COUNT;
        engine = engine || one;
    }
    return engine ? FIELD_BACKEND : FIELD_COUNT;
}

bool labelled_is_backend(const char *column)
{
    char plain[FIELD_LONGEST];
    field_plain_name(column, plain);
    return *plain && meaning(plain) == FIELD_BACKEND;
}

/* "hf_gpu_ms": of an engine or a precision, and a unit of time alone. */
static bool is_bare_time(const char *rest, const char *label, struct labelled *ret)
{
    if (strcmp(rest, "ms") != 0 || meaning(label) == FIELD_COUNT)
        return false;
    ret->field = FIELD_LATENCY_MS;
    ret->unit = nullptr;
    return true;
}

/* The shortest label without which the name is a field's. */
static bool split(const char *column, struct arena *a, struct labelled *ret)
{
    struct pieces p;
    char text[FIELD_LONGEST];
    if (!cut(column, &p))
        return false;
    for (size_t length = 1; length < p.n; length++)
        for (size_t from = 0; from + length <= p.n; from++) {
            char label[FIELD_LONGEST];
            join(&p, from, from + length, false, text);
            join(&p, from, from + length, true, label);
            if (is_figure(&p, from, from + length) ||
                (!names_field(text, ret) && !is_bare_time(text, label, ret)))
                continue;
            ret->label = arena_strdup(a, label);
            return true;
        }
    return false;
}

bool labelled_is_engine(const char *word)
{
    static const char *const models_too[] = {"llama", "cpp", "llm", "hf", "openai"};
    char plain[FIELD_LONGEST];
    field_plain_name(word, plain);
    for (char *rest = plain, *piece; (piece = strsep(&rest, "_"));)
        if (is_in(engines, COUNT_OF(engines), piece) &&
            !is_in(models_too, COUNT_OF(models_too), piece))
            return true;
    return false;
}

/* Some field has two labels. */
static bool is_wide(const struct labelled *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (c[i].field == c[k].field && strcmp(c[i].label, c[k].label) != 0)
                return true;
    return false;
}

static bool is_there(const struct labelled *c, size_t n, const struct labelled *x)
{
    for (size_t i = 0; i < n; i++)
        if (c[i].field == x->field && strcmp(c[i].label, x->label) == 0)
            return true;
    return false;
}

/* Those whose labels mean `by`; FIELD_COUNT: all of them. */
static size_t choose(const struct labelled *all, size_t n, enum field by, struct labelled *out)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if ((by == FIELD_COUNT || meaning(all[i].label) == by) && !is_there(out, k, &all[i]))
            out[k++] = all[i];
    return is_wide(out, k) ? k : 0;
}

struct labelled_columns labelled_find(const char *const *names, size_t n, const bool *used,
                                      const bool taken[static FIELD_COUNT], enum field by,
                                      struct arena *a)
{
    struct labelled *const all = ARENA_ARRAY(a, struct labelled, n + 1);
    struct labelled_columns ret = {.by = by, .columns = ARENA_ARRAY(a, struct labelled, n + 1)};
    size_t n_all = 0;
    for (size_t i = 0; i < n && i < MOST_COLUMNS; i++) {
        struct labelled x = {.column = i};
        if (!used[i] && split(names[i], a, &x) && !taken[x.field])
            all[n_all++] = x;
    }
    static const enum field known[] = {FIELD_BACKEND, FIELD_PRECISION};
    for (size_t k = 0; by == FIELD_COUNT && ret.n == 0 && k < COUNT_OF(known); k++)
        if (!taken[known[k]]) {
            ret.n = choose(all, n_all, known[k], ret.columns);
            ret.by = ret.n ? known[k] : FIELD_COUNT;
        }
    if (ret.n == 0)
        ret.n = choose(all, n_all, FIELD_COUNT, ret.columns);
    return ret;
}
