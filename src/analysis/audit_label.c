#include "analysis/audit_label.h"

#include "analysis/audit_device.h"
#include "analysis/cell.h"
#include "base/defs.h"
#include "domain/precision.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_SHARE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_SHARE] = {"least_share", 0.5,
                     "a label names what most of the work is: a few operators on the CPU, or "
                     "embeddings, norms and heads in a wider type, stand in honest recipes too"},
};

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- label-mismatch ---- */

/* What one invocation's record says against the label. */
struct contradiction {
    bool known, found; /* known: the record speaks of it at all */
    struct audit_fact facts[5];
    size_t n_facts;
    const char *message, *advice;
};

static struct contradiction compilation(const struct audit_cell *c, const struct evidence *v,
                                        struct audit *out)
{
    const struct evidence_compile *const k = &v->compile;
    struct contradiction r = {.known = k->happened != EVIDENCE_UNKNOWN || !isnan(k->graphs)};
    const bool labelled = ends_in(c->key->backend, "-compile");
    const bool fell_back = k->fallback && *k->fallback;
    const bool compiled = k->happened != EVIDENCE_NO && !(k->graphs == 0) && !fell_back;
    r.found = r.known && (labelled ? !compiled : k->happened == EVIDENCE_YES);
    if (!r.found)
        return r;
    const char *const why = k->reason   ? k->reason
                            : fell_back ? k->fallback
                                        : "no graph was compiled";
    r.facts[r.n_facts++] = (struct audit_fact){"compile_happened", NOT_MEASURED,
                                               k->happened == EVIDENCE_NO ? "no" : "yes"};
    r.facts[r.n_facts++] = (struct audit_fact){"graphs", k->graphs, nullptr};
    r.facts[r.n_facts++] = (struct audit_fact){"breaks", k->breaks, nullptr};
    r.facts[r.n_facts++] = (struct audit_fact){"reason", NOT_MEASURED, why};
    r.message = labelled ? audit_text(out, "%s never ran compiled code: %s", c->key->backend, why)
                         : audit_text(out, "%s ran compiled code, which its label does not say",
                                      c->key->backend);
    r.advice = "do not compare it under this label; repair the compilation and run again";
    return r;
}

static struct contradiction providers(const struct audit_cell *c, const struct evidence *v,
                                      struct audit *out)
{
    double gpu = 0, all = 0;
    const char *most = nullptr;
    for (size_t i = 0; i < v->providers.n; i++) {
        const struct evidence_share *const p = &v->providers.items[i];
        all += p->value;
        gpu += audit_device_is_gpu(p->name) ? p->value : 0;
        most = !most || p->value > evidence_share(&v->providers, most) ? p->name : most;
    }
    struct contradiction r = {.known = all > 0 &&
                                       (audit_device_label_gpu(c) || audit_device_label_cpu(c))};
    const double share = gpu / all;
    r.found = r.known && (audit_device_label_gpu(c) ? share < limits[LEAST_SHARE].value : gpu > 0);
    if (!r.found)
        return r;
    r.facts[r.n_facts++] = (struct audit_fact){"nodes", all, nullptr};
    r.facts[r.n_facts++] = (struct audit_fact){"nodes_on_gpu", gpu, nullptr};
    r.facts[r.n_facts++] = (struct audit_fact){"share_on_gpu", share, nullptr};
    r.facts[r.n_facts++] = (struct audit_fact){"provider_of_most", NOT_MEASURED, most};
    r.message = audit_text(out, "%s ran %.0f of %.0f nodes on a GPU (most on %s)", c->key->backend,
                           gpu, all, most);
    r.advice = "the execution provider is not the label's: a missing library or an operator that "
               "it does not know makes the engine fall back; repair it and run again";
    return r;
}

static struct contradiction device(const struct audit_cell *c, const struct evidence *v,
                                   struct audit *out)
{
    struct contradiction r = {
        .known = v->device && (audit_device_label_gpu(c) || audit_device_label_cpu(c)) &&
                 (audit_device_is_gpu(v->device) || audit_device_is_cpu(v->device))};
    r.found = r.known && audit_device_label_gpu(c) != audit_device_is_gpu(v->device);
    if (!r.found)
        return r;
    r.facts[r.n_facts++] = (struct audit_fact){"device", NOT_MEASURED, v->device};
    r.message = audit_text(out, "%s ran on the device '%s'", c->key->backend, v->device);
    r.advice = "the device is not the label's; repair it and run again";
    return r;
}

static struct contradiction own_words(const struct audit_cell *c, const struct evidence *v,
                                      struct audit *out)
{
    (void)c;
    const char *const why = v->label_reason ? v->label_reason : "no reason given";
    struct contradiction r = {.known = v->label_ok != EVIDENCE_UNKNOWN,
                              .found = v->label_ok == EVIDENCE_NO};
    r.facts[r.n_facts++] = (struct audit_fact){"label_reason", NOT_MEASURED, why};
    r.message = audit_text(out, "the worker itself said that the label is not true: %s", why);
    r.advice = "no figure of it belongs beside the others; repair it and run again";
    return r;
}

typedef struct contradiction look(const struct audit_cell *, const struct evidence *,
                                  struct audit *);

/* One finding for all invocations of the cell that contradict it in this way. */
static bool every_invocation(look *ask, const char *check, const struct audit_cell *c,
                             struct audit *out)
{
    struct contradiction first = {};
    struct audit_subject subject = audit_subject_of(c);
    size_t known = 0, found = 0;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct contradiction r = ask(c, c->evidence[i], out);
        known += r.known;
        if (r.found && found++ == 0) {
            first = r;
            subject.replicate = c->evidence[i]->replicate;
            subject.invocation = c->evidence[i]->invocation;
        }
    }
    if (found == 0)
        return known > 0;
    if (found > 1)
        subject.replicate = subject.invocation = -1;
    struct audit_fact facts[COUNT_OF(first.facts) + 2];
    memcpy(facts, first.facts, sizeof first.facts);
    facts[first.n_facts++] = (struct audit_fact){"invocations_affected", (double)found, nullptr};
    facts[first.n_facts++] = (struct audit_fact){"invocations", (double)c->n_evidence, nullptr};
    /* A cell that the lab has taken out of the tables carries no claim any more. */
    audit_add(out, &(struct audit_finding){.check = check,
                                           .severity = c->stats->n ? AUDIT_FAIL : AUDIT_WARN,
                                           .subject = subject,
                                           .facts = facts,
                                           .n_facts = first.n_facts,
                                           .message = first.message,
                                           .advice = first.advice,
                                           .blocks = AUDIT_EVERYTHING});
    return true;
}

/* ---- what an imported row says that really ran ---- */

static bool word_in(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

/* The engine that a name begins with or speaks of; nullptr: none that is known. */
static const char *engine_in(const char *name)
{
    static const char *const engines[] = {"transformers", "onnxruntime", "tensorrt", "ollama",
                                          "llamacpp",     "llama.cpp",   "vllm"};
    for (size_t i = 0; i < COUNT_OF(engines); i++)
        if (strcasestr(name, engines[i]))
            return engines[i];
    return nullptr;
}

/* Why what ran is not the label; nullptr: it may be. */
static const char *not_the_label(const struct audit_cell *c, const char *ran, struct audit *out)
{
    static const char *const compilers[] = {"compile", "inductor", "cudagraph", "tensorrt"};
    static const char *const eager[] = {"eager", "fallback"};
    const char *const label = c->key->backend;
    const char *const wanted = engine_in(label), *const got = engine_in(ran);
    const bool compiled = word_in(ran, compilers, COUNT_OF(compilers));
    if (strcmp(label, ran) == 0)
        return nullptr;
    if (strncmp(ran, "not compiled", strlen("not compiled")) == 0)
        return audit_text(out, "%s was %s: the label is all that changed", label, ran);
    if (word_in(ran, eager, COUNT_OF(eager)) ||
        (ends_in(label, "-compile") && !compiled && got && strncmp(label, ran, strlen(ran)) == 0))
        return audit_text(out, "%s ran as '%s': it fell back", label, ran);
    if ((audit_device_label_gpu(c) && audit_device_is_cpu(ran)) ||
        (audit_device_label_cpu(c) && audit_device_is_gpu(ran)))
        return audit_text(out, "%s ran on '%s'", label, ran);
    if (wanted && got && strcmp(wanted, got) != 0 && !strstr(ran, "ExecutionProvider"))
        return audit_text(out, "%s ran as '%s', which is another engine", label, ran);
    return nullptr;
}

/* Each of the words between " | ". */
static bool stated_words(const struct audit_cell *c, const char *list, const char *check,
                         const char *(*why)(const struct audit_cell *, const char *,
                                            struct audit *),
                         struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    for (const char *at = list; at && *at;) {
        const char *const bar = strstr(at, " | ");
        const char *const word =
            audit_text(out, "%.*s", (int)(bar ? (size_t)(bar - at) : strlen(at)), at);
        const char *const message = why(c, word, out);
        at = bar ? bar + 3 : nullptr;
        if (!message)
            continue;
        const struct audit_fact facts[] = {audit_word("stated", word)};
        audit_add(out, &(struct audit_finding){
                           .check = check,
                           .severity = AUDIT_FAIL,
                           .subject = subject,
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = message,
                           .advice = "no figure of it belongs under this label: name what ran",
                           .blocks = AUDIT_EVERYTHING});
        break;
    }
    return list;
}

static void look_at_label(const struct audit_cell *c, struct audit *out)
{
    static look *const looks[] = {compilation, providers, device, own_words};
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = false;
    for (size_t i = 0; i < COUNT_OF(looks); i++)
        looked = every_invocation(looks[i], "label-mismatch", c, out) || looked;
    for (size_t i = 0; i < c->n_stated; i++)
        looked = stated_words(c, c->stated[i].ran_backend, "label-mismatch", not_the_label, out) ||
                 looked;
    if (!looked)
        audit_not_run(out, "label-mismatch", &subject,
                      "no record of what ran: no compilation, provider or device is recorded");
}

/* ---- precision-mismatch ---- */

/* The words that engines use for the data types of one precision. */
static const struct {
    const char *precision, *types; /* the types: words, each with a space on both sides */
} precisions[] = {
    {"fp32", " f32 float32 fp32 float "},
    {"fp16", " f16 float16 fp16 half "},
    {"bf16", " bf16 bfloat16 "},
    {"int8", " int8 uint8 i8 u8 q8_0 q8_1 qint8 s8 "},
    {"int4", " int4 uint4 i4 u4 q4_0 q4_1 q4_k iq4_nl nf4 "},
};

static const char *lower(const char *text, char *room, size_t n)
{
    size_t i = 0;
    for (; text[i] && i + 1 < n; i++)
        room[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 'a' - 'A' : text[i]);
    room[i] = 0;
    return room;
}

enum belongs { BELONGS_UNKNOWN, BELONGS_NO, BELONGS_YES };

static enum belongs belongs(const char *precision, const char *type)
{
    char word[64], p[64], padded[80];
    (void)snprintf(padded, sizeof padded, " %s ", lower(type, word, sizeof word));
    lower(precision, p, sizeof p);
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        if (strcmp(precisions[i].precision, p) == 0)
            return strstr(precisions[i].types, padded) ? BELONGS_YES : BELONGS_NO;
    const struct precision *const recipe = precision_find(p);
    if (!recipe || !recipe->layers)
        return BELONGS_UNKNOWN;
    char types[256], heads[256];
    (void)snprintf(padded, sizeof padded, " %s ", word);
    (void)snprintf(types, sizeof types, " %s ", recipe->layers);
    (void)snprintf(heads, sizeof heads, " %s ", recipe->head ? recipe->head : "");
    char a[256], b[256];
    return strstr(lower(types, a, sizeof a), padded) || strstr(lower(heads, b, sizeof b), padded)
               ? BELONGS_YES
               : BELONGS_NO;
}

static struct contradiction precision(const struct audit_cell *c, const struct evidence *v,
                                      struct audit *out)
{
    const struct evidence_shares *const s = v->matmul.n ? &v->matmul : &v->weights;
    struct contradiction r = {};
    double own = 0;
    const char *most = nullptr;
    for (size_t i = 0; i < s->n; i++) {
        const enum belongs b = belongs(c->key->precision, s->items[i].name);
        r.known = r.known || b != BELONGS_UNKNOWN;
        own += b == BELONGS_YES ? s->items[i].value : 0;
        most = !most || s->items[i].value > evidence_share(s, most) ? s->items[i].name : most;
    }
    r.found = r.known && own < limits[LEAST_SHARE].value;
    if (!r.found)
        return r;
    const char *const what = v->matmul.n ? "the multiplications by weights" : "the weights";
    r.facts[r.n_facts++] = audit_number("share_of_label", own);
    r.facts[r.n_facts++] = audit_word("share_is_of", what);
    r.facts[r.n_facts++] = audit_word("type_of_most", most);
    r.facts[r.n_facts++] = audit_number("share_of_most", evidence_share(s, most));
    r.message = audit_text(out, "%.0f %% of %s are %s, %.0f %% are %s", 100 * own, what,
                           c->key->precision, 100 * evidence_share(s, most), most);
    r.advice = "the precision is a wish, not what ran: rebuild the engine and look at its types";
    return r;
}

/* "{Int64: 249, Float: 930}", "Half, Float": several types, with or without how many of each. Is
 * one of them the label's? Types of indices and words that name none are nobody's. */
static enum belongs belongs_in_list(const char *precision, const char *list)
{
    constexpr char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    char word[64], room[64], padded[80];
    size_t types = 0;
    for (const char *at = list + strcspn(list, LETTERS); *at; at += strcspn(at, LETTERS)) {
        const size_t n = strspn(at, LETTERS);
        (void)snprintf(word, sizeof word, "%.*s", (int)(n < 63 ? n : 63), at);
        at += n;
        (void)snprintf(padded, sizeof padded, " %s ", lower(word, room, sizeof room));
        bool is_type = false;
        for (size_t i = 0; i < COUNT_OF(precisions); i++)
            is_type = is_type || strstr(precisions[i].types, padded);
        types += is_type;
        if (is_type && belongs(precision, word) != BELONGS_NO)
            return belongs(precision, word);
    }
    return types ? BELONGS_NO : BELONGS_UNKNOWN;
}

static const char *not_the_type(const struct audit_cell *c, const char *ran, struct audit *out)
{
    if (strpbrk(ran, ":,;{[ ="))
        return belongs_in_list(c->key->precision, ran) == BELONGS_NO
                   ? audit_text(out, "none of the types of %s is in '%s'", c->key->precision, ran)
                   : nullptr;
    return belongs(c->key->precision, ran) == BELONGS_NO
               ? audit_text(out, "%s ran as '%s'", c->key->precision, ran)
               : nullptr;
}

static void look_at_precision(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = every_invocation(precision, "precision-mismatch", c, out);
    for (size_t i = 0; i < c->n_stated; i++)
        looked =
            stated_words(c, c->stated[i].ran_precision, "precision-mismatch", not_the_type, out) ||
            looked;
    if (!looked)
        audit_not_run(out, "precision-mismatch", &subject,
                      "no record of the data types of the weights, or a precision that names none");
}

const struct audit_check audit_label_checks[] = {
    {.name = "label-mismatch",
     .rule = "fail: a backend named -compile that compiled nothing or fell back, or another that "
             "compiled; a backend named -gpu or tensorrt with less than least_share of its nodes "
             "on a GPU, or one named -cpu with any; a device that the name excludes; a worker "
             "that says so itself; a source that states another backend, device or provider; warn "
             "where the cell was already taken out of the tables",
     .evidence = "compile_happened graphs breaks reason nodes nodes_on_gpu share_on_gpu "
                 "provider_of_most device label_reason invocations_affected invocations stated",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_label},
    {.name = "precision-mismatch",
     .rule =
         "fail: less than least_share of the multiplications by weights (where not recorded, of "
         "the weights) have a data type of the label's; warn where the cell was already taken "
         "out of the tables",
     .evidence = "share_of_label share_is_of type_of_most share_of_most invocations_affected "
                 "invocations",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_precision},
    {},
};
