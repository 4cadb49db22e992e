#include "base/arena.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "store/results_folder.h"
#include "store/sample_log.h"
#include "test.h"

#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static const struct sample_log_record base = {
    .scenario = "short",
    .backend = "synthetic",
    .precision = "fp32",
    .model = "synth:gpt2/L=2",
    .invocation = 1,
    .segment = 2,
    .repetition = 3,
    .prompt_index = 4,
    .agents = 1,
    .seq = 5,
    .phase = PHASE_MEASURED,
    .status = STATUS_OK,
    .submitted = 1'000'000'000,
    .tokenized = 1'000'100'000,
    .first_token = 1'005'000'000,
    .finished = 1'009'500'000,
    .detokenized = 1'009'600'000,
    .prefill_begin = 1'000'100'000,
    .prefill_end = 1'004'900'000,
    .cpu = 8'000'000,
    .peak_rss_bytes = 12'000'000,
    .prompt_tokens = 7,
    .generated_tokens = 2,
    .padding_tokens = 0,
    .batch_size = 1,
    .n_prompts = 1,
    .seed = 9007199254740991,
    .overlap_ms = NOT_MEASURED,
    .started_at = "2026-01-31T12:00:00.123Z",
};

/* Expected numbers by hand from the stamps above. */
static void try_line(struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    struct err e;
    const struct json *given, *v;
    const char text[] = "{\"t\":[1005000000,1009500000],\"stop\":[\"length\"],\"o\":[\"a\\\"\\n\"],"
                        "\"i\":[[3,4]]}";
    CHECK("reply", !json_parse(text, sizeof text - 1, "reply", a, &given, &e), "%s", e.msg);
    struct sample_log_record r = base;
    r.token_ns = json_get(given, "t");
    r.stop = json_get(given, "stop");
    r.outputs = json_get(given, "o");
    r.output_ids = json_get(given, "i");
    sample_log_format(&r, &out);
    CHECK("it is one line", strchr(out.text, '\n') == out.text + out.n - 1, "%s", out.text);
    CHECK("it is JSON", !json_parse(out.text, out.n, "line", a, &v, &e), "%s", e.msg);
    CHECK_NEAR("latency", json_f64(json_get(v, "latency_ms"), 0), 9.5, 1e-15);
    CHECK_NEAR("ttft", json_f64(json_get(v, "ttft_ms"), 0), 5, 1e-15);
    CHECK_NEAR("prefill", json_f64(json_get(v, "prefill_ms"), 0), 4.8, 1e-15);
    CHECK_NEAR("decode", json_f64(json_get(v, "decode_ms"), 0), 4.5, 1e-15);
    CHECK_NEAR("the second token's offset", json_f64(json_at(json_get(v, "token_ns"), 1), 0),
               8.5e6 + 1e6, 1e-15);
    CHECK("the seed is exact", json_i64(json_get(v, "seed"), 0) == 9007199254740991, "no");
    CHECK("no overlap is null", json_is_null(json_get(v, "overlap_ms")), "no");
    CHECK("text survives", strcmp(json_str(json_at(json_get(v, "outputs"), 0), ""), "a\"\n") == 0,
          "no");

    str_clear(&out);
    r = base;
    r.status = STATUS_CRASHED;
    r.tokenized = r.first_token = r.finished = r.detokenized = r.prefill_begin = r.prefill_end = -1;
    r.cpu = r.peak_rss_bytes = r.prompt_tokens = r.generated_tokens = r.padding_tokens = -1;
    sample_log_format(&r, &out);
    CHECK("a crashed one is JSON", !json_parse(out.text, out.n, "line", a, &v, &e), "%s", e.msg);
    static const char *const unknown[] = {"latency_ms", "ttft_ms",          "prefill_ms",
                                          "decode_ms",  "token_ns",         "finished_ns",
                                          "outputs",    "generated_tokens", "cpu_ms"};
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        CHECK(unknown[i], json_is_null(json_get(v, unknown[i])), "is not null");
}

/* What stands in the file before it is opened, and how many samples are there after; whole lines
 * are 'L', halves of a pair 'A' (agent 0) and 'B' (agent 1), 't' is the beginning of a line. */
static const struct {
    const char *why, *content;
    size_t want;
} torn[] = {
    {"nothing there", "", 0},
    {"whole lines stay", "LLL", 3},
    {"a torn line is dropped", "LLt", 2},
    {"only a torn line", "t", 0},
    {"a whole pair stays", "LAB", 3},
    {"half a pair is dropped", "LABA", 3},
    {"half a pair and a torn other half", "LABAt", 3},
};

static void try_torn(struct arena *a, const char *folder)
{
    for (size_t i = 0; i < COUNT_OF(torn); i++) {
        CLEANUP(str_done) struct str text = {}, line = {};
        struct err e = {};
        for (const char *c = torn[i].content; *c; c++) {
            struct sample_log_record r = base;
            r.agents = *c == 'A' || *c == 'B' ? 2 : 1;
            r.agent = *c == 'B';
            str_clear(&line);
            sample_log_format(&r, &line);
            str_add(&text, line.text, *c == 't' ? 40 : line.n);
        }
        const char *const path = arena_printf(a, "%s/torn_%zu.jsonl", folder, i);
        CHECK(torn[i].why, !file_write(path, str_text(&text), text.n, &e), "%s", e.msg);
        struct sample_log_entry *x;
        size_t n = 99;
        CHECK(torn[i].why, !sample_log_read(path, a, &x, &n, &e) && n == torn[i].want, "%zu %s", n,
              e.msg);
        CLEANUP(sample_log_done) struct sample_log log = {.fd = -1};
        int64_t dropped = -1;
        CHECK(torn[i].why, !sample_log_open(&log, path, &dropped, &e), "%s", e.msg);
        CHECK(torn[i].why, !sample_log_append(&log, line.text ? line.text : "{}\n", line.n, &e),
              "%s", e.msg);
        CHECK(torn[i].why, !sample_log_read(path, a, &x, &n, &e), "%s", e.msg);
        CHECK(torn[i].why,
              !line.n || strchr("A", torn[i].content[strlen(torn[i].content) - 1]) ||
                  n == torn[i].want + 1,
              "%zu", n);
    }
}

/* A file system of 64 kB: lines are written until it is full. */
static void try_full_disk(struct arena *a, const char *folder)
{
    const char *const disk = arena_printf(a, "%s/disk", folder);
    struct err e = {};
    if (file_make_folders(disk, &e) || mount("tmpfs", disk, "tmpfs", 0, "size=65536") != 0) {
        printf("ok %d - a full disk # SKIP mounting needs root\n", ++test_count);
        return;
    }
    CLEANUP(str_done) struct str line = {};
    sample_log_format(&base, &line);
    struct sample_log log = {.fd = -1};
    size_t written = 0, n = 0;
    const char *const path = file_join(a, disk, "samples.jsonl");
    CHECK("opens", !sample_log_open(&log, path, nullptr, &e), "%s", e.msg);
    while (written < 1000 && !sample_log_append(&log, line.text, line.n, &e))
        written++;
    CHECK("a full disk is said", strstr(e.msg, "No space left") && strstr(e.msg, "samples.jsonl"),
          "%s", e.msg);
    struct sample_log_entry *x;
    CHECK("what was acknowledged is there, and nothing else",
          !sample_log_read(path, a, &x, &n, &e) && n == written && written > 10, "%zu of %zu", n,
          written);
    sample_log_done(&log);
    (void)umount(disk);
}

static void try_folder(struct arena *a)
{
    CHECK("a model's name in a path",
          strcmp(results_folder_cell(a, "out", "micro", "llamacpp-cpu", "q8_0",
                                     "synth:gpt2/L=8,d=512"),
                 "out/runs/micro/llamacpp-cpu/q8_0/synth_gpt2_L=8,d=512") == 0,
          "no");
    CHECK("no way out of the folder", strcmp(results_folder_part(a, ".."), "_.") == 0, "no");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    char folder[] = "/tmp/chimera-test-XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    try_line(a);
    try_torn(a, folder);
    try_full_disk(a, folder);
    try_folder(a);
    const char *const rm = arena_printf(a, "rm -rf '%s'", folder);
    return system(rm) != 0 || test_done();
}
