#include "analysis/audit_label.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { LEAST_SHARE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_SHARE] = {"least_share", 0.5,
                     "a precision names the type of most weights: embeddings, norms and heads stay "
                     "wider in honest recipes"},
};

static struct audit_subject of_invocation(const struct audit_cell *c, const struct evidence *v)
{
    struct audit_subject s = audit_subject_of(c);
    s.replicate = v->replicate;
    s.invocation = v->invocation;
    return s;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- label-mismatch ---- */

static void label_finding(struct audit *out, const struct audit_cell *c, const struct evidence *v,
                          const struct audit_fact *facts, size_t n, const char *message,
                          const char *advice)
{
    /* A cell that the lab has taken out of the tables carries no claim any more. */
    audit_add(out, &(struct audit_finding){.check = "label-mismatch",
                                           .severity = c->stats->n ? AUDIT_FAIL : AUDIT_WARN,
                                           .subject = of_invocation(c, v),
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = AUDIT_EVERYTHING});
}

static bool look_at_compilation(const struct audit_cell *c, const struct evidence *v,
                                struct audit *out)
{
    const struct evidence_compile *const k = &v->compile;
    if (k->happened == EVIDENCE_UNKNOWN && isnan(k->graphs) && !k->fallback)
        return false;
    const bool labelled = ends_in(c->key->backend, "-compile");
    const bool compiled =
        k->happened != EVIDENCE_NO && !(k->graphs == 0) && !(k->fallback && *k->fallback);
    if (labelled == compiled || (!labelled && k->happened != EVIDENCE_YES))
        return true;
    const struct audit_fact facts[] = {
        {"compile_happened", NOT_MEASURED, k->happened == EVIDENCE_NO ? "no" : "yes"},
        {"graphs", k->graphs, nullptr},
        {"breaks", k->breaks, nullptr},
        {"fallback", NOT_MEASURED, k->fallback ? k->fallback : "none recorded"},
        {"reason", NOT_MEASURED, k->reason ? k->reason : "none recorded"}};
    label_finding(out, c, v, facts, COUNT_OF(facts),
                  labelled ? audit_text(out, "%s never ran compiled code: %s", c->key->backend,
                                        k->reason     ? k->reason
                                        : k->fallback ? k->fallback
                                                      : "no graph was compiled")
                           : audit_text(out, "%s ran compiled code, which its label does not say",
                                        c->key->backend),
                  "do not compare it under this label; repair the compilation and run again");
    return true;
}

/* Does the name of an execution provider, or of a device, speak of a GPU? */
static bool is_gpu(const char *word)
{
    static const char *const words[] = {"CUDA", "cuda", "Tensorrt", "TensorRT", "ROCM", "NVIDIA",
                                        "gpu",  "GPU"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(word, words[i]))
            return true;
    return false;
}

static bool look_at_providers(const struct audit_cell *c, const struct evidence *v,
                              struct audit *out)
{
    double gpu = 0, all = 0;
    const char *most = nullptr;
    for (size_t i = 0; i < v->providers.n; i++) {
        const struct evidence_share *const p = &v->providers.items[i];
        all += p->value;
        gpu += is_gpu(p->name) ? p->value : 0;
        most = !most || p->value > evidence_share(&v->providers, most) ? p->name : most;
    }
    if (!(all > 0))
        return false;
    const bool wants = ends_in(c->key->backend, "-gpu") || strncmp(c->key->backend, "tensorrt", 8) == 0,
               forbids = ends_in(c->key->backend, "-cpu");
    const double share = gpu / all;
    if (!(wants && share < limits[LEAST_SHARE].value) && !(forbids && gpu > 0))
        return wants || forbids;
    const struct audit_fact facts[] = {{"nodes", all, nullptr},
                                       {"nodes_on_gpu", gpu, nullptr},
                                       {"share_on_gpu", share, nullptr},
                                       {"provider_of_most", NOT_MEASURED, most}};
    label_finding(out, c, v, facts, COUNT_OF(facts),
                  audit_text(out, "%s ran %.0f of %.0f nodes on a GPU (most on %s)", c->key->backend,
                             gpu, all, most),
                  "the execution provider is not the label's: a missing library or an operator "
                  "that it does not know makes the engine fall back; repair it and run again");
    return true;
}

static bool look_at_device(const struct audit_cell *c, const struct evidence *v, struct audit *out)
{
    const bool wants = strstr(c->key->backend, "-gpu") || strncmp(c->key->backend, "tensorrt", 8) == 0,
               forbids = strstr(c->key->backend, "-cpu") && !wants;
    if (!v->device || !(wants || forbids))
        return false;
    const bool on_cpu = strncmp(v->device, "cpu", 3) == 0;
    if (wants == !on_cpu)
        return true;
    const struct audit_fact facts[] = {{"device", NOT_MEASURED, v->device}};
    label_finding(out, c, v, facts, COUNT_OF(facts),
                  audit_text(out, "%s ran on the device '%s'", c->key->backend, v->device),
                  "the device is not the label's; repair it and run again");
    return true;
}

static void look_at_label(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = false;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct evidence *const v = c->evidence[i];
        looked = look_at_compilation(c, v, out) || looked;
        looked = look_at_providers(c, v, out) || looked;
        looked = look_at_device(c, v, out) || looked;
        looked = looked || v->label_ok != EVIDENCE_UNKNOWN;
        if (v->label_ok == EVIDENCE_NO) {
            const struct audit_fact facts[] = {
                {"label_reason", NOT_MEASURED, v->label_reason ? v->label_reason : "none given"}};
            label_finding(out, c, v, facts, COUNT_OF(facts),
                          audit_text(out, "the worker said that the label is not true: %s",
                                     v->label_reason ? v->label_reason : "no reason given"),
                          "no figure of it belongs beside the others; repair it and run again");
        }
    }
    if (!looked)
        audit_not_run(out, "label-mismatch", &subject,
                      "no record of what ran: no compilation, provider or device is recorded");
}

const struct audit_check audit_label_checks[] = {
    {.name = "label-mismatch",
     .rule = "fail: a backend named -compile that compiled nothing or fell back, or another that "
             "compiled; a backend named -gpu or tensorrt with less than least_share of its nodes "
             "on a GPU, or one named -cpu with any; a device that the name excludes; a worker "
             "that says so itself; warn where the cell was already taken out of the tables",
     .evidence = "compile_happened graphs breaks fallback reason nodes nodes_on_gpu share_on_gpu "
                 "provider_of_most device label_reason",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_label},
    {},
};
