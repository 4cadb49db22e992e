/* audit.c, audit_run.c and audit_line.c: what is added is kept, counted and ordered; the line
 * through the nine points of TR118; what names and printed digits tell. */
#include "analysis/audit.h"
#include "analysis/audit_claim.h"
#include "analysis/audit_device.h"
#include "analysis/audit_line.h"
#include "analysis/audit_run.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/folder.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(struct audit *x, const char *check, enum audit_severity s)
{
    char message[] = "copied";
    const struct audit_fact facts[] = {audit_number("a", 1), audit_word("b", "text")};
    audit_add(x, &(struct audit_finding){.check = check,
                                         .severity = s,
                                         .subject = {.backend = "ort", .replicate = -1},
                                         .facts = facts,
                                         .n_facts = 2,
                                         .message = message,
                                         .blocks = AUDIT_MEAN | AUDIT_P99});
    memset(message, 'x', 6);
}

static void test_findings(struct arena *a)
{
    struct audit *const one = audit_new(a), *const two = audit_new(a);
    add(one, "info-first", AUDIT_INFO);
    add(one, "warn", AUDIT_WARN);
    add(two, "fail", AUDIT_FAIL);
    add(two, "warn-later", AUDIT_WARN);
    audit_append(one, two);
    audit_sort(one);
    CHECK("all of them", audit_count(one) == 4, "%zu", audit_count(one));
    static const char *const order[] = {"fail", "warn", "warn-later", "info-first"};
    for (size_t i = 0; i < COUNT_OF(order); i++)
        CHECK(order[i], strcmp(audit_at(one, i)->check, order[i]) == 0, "got %s",
              audit_at(one, i)->check);
    CHECK("text is copied", strcmp(audit_at(one, 0)->message, "copied") == 0, "got %s",
          audit_at(one, 0)->message);
    CHECK("facts too", strcmp(audit_at(one, 0)->facts[1].text, "text") == 0, "other");
    CHECK("counts", audit_count_of(one, AUDIT_WARN) == 2 && audit_count_of(one, AUDIT_FAIL) == 1,
          "other");
    CHECK("claims have names",
          strcmp(audit_claim_name(3), "p99") == 0 &&
              strcmp(audit_claim_name(AUDIT_CLAIMS - 1), "quality") == 0,
          "got %s", audit_claim_name(3));
}

static void test_absences(struct arena *a)
{
    struct audit *const one = audit_new(a), *const two = audit_new(a);
    audit_called(one, "x");
    audit_not_run(one, "x", nullptr, "no column");
    audit_called(two, "x");
    audit_not_run(two, "x", nullptr, "no column");
    audit_called(two, "x");
    audit_not_run(two, "x", nullptr, "another reason");
    audit_called(two, "x");
    audit_append(one, two);
    CHECK("one reason is told once", audit_absences(one) == 2, "%zu", audit_absences(one));
    CHECK("with how often", audit_absence_at(one, 0)->n == 2, "%zu", audit_absence_at(one, 0)->n);
    const char *const name = "x";
    struct audit_look look;
    audit_looks(one, &name, 1, &look);
    CHECK("looks are counted", look.calls == 4 && look.absent == 3, "%zu %zu", look.calls,
          look.absent);
}

static void test_choice(void)
{
    struct audit_choice choice;
    struct err e = {};
    const char *const good = "label-mismatch", *const bad = "labl-mismatch";
    CHECK("a check by name", !audit_run_choice(&good, 1, &choice, &e), "%s", e.msg);
    CHECK("an unknown one", audit_run_choice(&bad, 1, &choice, &e) == ERR_USAGE, "accepted");
    CHECK("names the nearest", strstr(e.msg, "'label-mismatch'"), "%s", e.msg);
}

/* Least squares of logs in Python's floats, by the textbook sums; leverage 1/n + d^2/S. */
static void test_line(struct arena *a)
{
    static const double x[] = {102714,   5036720,  11180928, 25016064, 45171200,
                               51475968, 74824704, 96088320, 124439808};
    double law[9];
    for (size_t i = 0; i < 9; i++)
        law[i] = 3 * pow(x[i], -0.5);
    const struct audit_line exact = audit_line_of(x, law, 9, a);
    CHECK_NEAR("an exact law: exponent", exact.b, -0.5, 1e-12);
    CHECK_NEAR("an exact law: R2", exact.r2, 1, 1e-12);
    CHECK_NEAR("an exact law: it is 1 at 9", exact.crossover, 9, 1e-9);
    CHECK_NEAR("leverage of the smallest", exact.leverage, 0.8050959795427759, 1e-12);
    CHECK("which is the first", exact.most == 0, "%zu", exact.most);
    CHECK_NEAR("its interval is itself", exact.b_lo, -0.5, 1e-9);
    CHECK("two sizes are no line", audit_line_of((double[]){1, 1, 2, 2}, law, 4, a).n == 0,
          "a line");
    CHECK("three points are too few", audit_line_of(x, law, 3, a).n == 0, "a line");
}

/* By hand: half of one in the last place that is printed. */
static void test_rounding(void)
{
    static const struct {
        const char *printed;
        double half;
    } rows[] = {
        {"389.2", 0.05},
        {"3", 0.5},
        {"1200", 0.5},
        {"-0.25", 0.005},
        {"0.0000001", 5e-8},
        {"0", 0.5},
        {"1.234567", 5e-7},
        {"0.000000000123", 5e-13},
        {"1e-20", 0},
        {"1e-3", 5e-4},
        {"0.1234567890123", 5e-10},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const double got = audit_claim_rounding(strtod(rows[i].printed, nullptr));
        CHECK(rows[i].printed, fabs(got - rows[i].half) <= 1e-9 * rows[i].half, "%.17g", got);
    }
    CHECK("all digits of a double", audit_claim_rounding(298.51283571432367) < 1e-6, "-");
    CHECK("of nothing", isnan(audit_claim_rounding(NOT_MEASURED)), "-");
}

static void test_devices(void)
{
    static const struct {
        const char *name;
        bool gpu, cpu;
    } labels[] = {{"transformers-gpu-compile", true, false},
                  {"tensorrt", true, false},
                  {"ort_cuda", true, false},
                  {"TRT-LLM", true, false},
                  {"llamacpp-cpu,n_gpu_layers=0", false, true},
                  {"ORT CPU", false, true},
                  {"vllm-gpu-cpu-offload", true, false},
                  {"openai", false, false}},
      devices[] = {
          {"CUDAExecutionProvider", true, false},         {"NVIDIA GeForce RTX 4080", true, false},
          {"ROCMExecutionProvider", true, false},         {"cuda:0", true, false},
          {"Intel(R) Xeon(R) Processor", false, true},    {"CPUExecutionProvider", false, true},
          {"13th Gen Intel(R) Core(TM) i9", false, true}, {"TPU v4", false, false}};
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        const struct folder_key key = {.backend = labels[i].name};
        const struct audit_cell c = {.key = &key};
        CHECK(labels[i].name,
              audit_device_label_gpu(&c) == labels[i].gpu &&
                  audit_device_label_cpu(&c) == labels[i].cpu,
              "gpu %d, cpu %d", audit_device_label_gpu(&c), audit_device_label_cpu(&c));
    }
    for (size_t i = 0; i < COUNT_OF(devices); i++)
        CHECK(devices[i].name,
              audit_device_is_gpu(devices[i].name) == devices[i].gpu &&
                  audit_device_is_cpu(devices[i].name) == devices[i].cpu,
              "gpu %d, cpu %d", audit_device_is_gpu(devices[i].name),
              audit_device_is_cpu(devices[i].name));
}

int main(void)
{
    struct arena *const a = arena_new((size_t)64 << 20);
    test_findings(a);
    test_absences(a);
    test_choice();
    test_rounding();
    test_devices();
    test_line(a);
    arena_free(a);
    return test_done();
}
