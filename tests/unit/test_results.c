/* Samples as columns of a cell, and as rows of a file. want: by hand. */
#include "store/results.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "folder.h"
#include "io/file.h"
#include "store/outputs.h"
#include "store/results_export.h"
#include "store/results_folder.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;
static const char *folder;

static void add(struct str *s, const char *model, const char *keys)
{
    str_printf(s,
               "{\"scenario\":\"s\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"%s\","
               "\"phase\":\"measured\",\"status\":\"ok\",%s}\n",
               model, keys);
}

static const char *put(const char *root, const char *model, const struct str *text)
{
    struct err e = {};
    const char *const cell = results_folder_cell(a, root, "s", "b", "p", model);
    CHECK("written",
          !file_make_folders(cell, &e) &&
              !file_write(file_join(a, cell, "samples.jsonl"), text->text, text->n, &e),
          "%s", e.msg);
    return cell;
}

/* latency_ms in the order in which the columns come, as digits. */
static const char *order_of(const struct results_samples *s)
{
    CLEANUP(str_done) struct str out = {};
    for (size_t i = 0; i < s->n; i++)
        str_printf(&out, "%g ", s->latency_ms[i]);
    return arena_strdup(a, str_text(&out));
}

static const struct {
    const char *why;
    const char *lines[8];
    const char *want;
    uint64_t twice;
} orders[] = {
    {"in order",
     {"\"invocation\":0,\"submitted_ns\":1,\"latency_ms\":1",
      "\"invocation\":0,\"submitted_ns\":2,\"latency_ms\":2",
      "\"invocation\":1,\"submitted_ns\":1,\"latency_ms\":3"},
     "1 2 3 ",
     0},
    {"invocation, segment, submitted; unknown ones last",
     {"\"invocation\":1,\"segment\":0,\"submitted_ns\":1,\"latency_ms\":5",
      "\"invocation\":0,\"submitted_ns\":1,\"latency_ms\":4",
      "\"invocation\":0,\"segment\":1,\"submitted_ns\":1,\"latency_ms\":3",
      "\"invocation\":0,\"segment\":0,\"latency_ms\":2",
      "\"invocation\":0,\"segment\":0,\"submitted_ns\":9,\"latency_ms\":1"},
     "1 2 3 4 5 ",
     0},
    {"two agents at once",
     {"\"invocation\":0,\"submitted_ns\":1,\"agent\":1,\"latency_ms\":2",
      "\"invocation\":0,\"submitted_ns\":1,\"agent\":0,\"latency_ms\":1"},
     "1 2 ",
     0},
    {"a line twice, and thrice",
     {"\"invocation\":0,\"submitted_ns\":1,\"seq\":0,\"latency_ms\":1",
      "\"invocation\":0,\"submitted_ns\":2,\"seq\":1,\"latency_ms\":2",
      "\"invocation\":0,\"submitted_ns\":1,\"seq\":0,\"latency_ms\":1",
      "\"invocation\":0,\"submitted_ns\":2,\"seq\":1,\"latency_ms\":7",
      "\"invocation\":0,\"submitted_ns\":2,\"seq\":1,\"latency_ms\":8"},
     "1 2 ",
     3},
    {"nothing says which is which: they stay, as they came",
     {"\"invocation\":0,\"latency_ms\":3", "\"invocation\":0,\"latency_ms\":1",
      "\"invocation\":0,\"latency_ms\":1", "\"invocation\":0,\"latency_ms\":2"},
     "3 1 1 2 ",
     0},
    {"seq alone does",
     {"\"invocation\":0,\"seq\":1,\"latency_ms\":2", "\"invocation\":0,\"seq\":0,\"latency_ms\":1",
      "\"invocation\":0,\"seq\":1,\"latency_ms\":2"},
     "1 2 ",
     1},
};

static void columns(void)
{
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        CLEANUP(str_done) struct str text = {};
        CLEANUP(results_done) struct results r = {};
        struct results_samples s = {}, again = {};
        struct err e = {};
        const char *const root = arena_printf(a, "%s/order_%zu", folder, i);
        for (size_t k = 0; orders[i].lines[k]; k++)
            add(&text, "m", orders[i].lines[k]);
        put(root, "m", &text);
        CHECK(orders[i].why,
              !results_read(&root, 1, a, &r, &e) && r.n_cells == 1 &&
                  !results_load(&r, 0, a, &s, &e) && !results_load(&r, 0, a, &again, &e) &&
                  !results_finish(&r, a, &e),
              "%s", e.msg);
        CHECK("their order", strcmp(order_of(&s), orders[i].want) == 0, "%s", order_of(&s));
        CHECK("the same again", strcmp(order_of(&again), orders[i].want) == 0, "%s",
              order_of(&again));
        const uint64_t twice = r.n_problems ? r.problems[0].count : 0;
        CHECK("told once", r.n_problems == (orders[i].twice > 0) && twice == orders[i].twice,
              "%zu, %llu", r.n_problems, (unsigned long long)twice);
    }
}

/* A file is of the cell of its first line; one that nobody loaded is looked through all the same.
 */
static void other_cells(void)
{
    CLEANUP(str_done) struct str text = {};
    CLEANUP(results_done) struct results r = {};
    struct err e = {};
    const char *const root = file_join(a, folder, "others");
    str_puts(&text, "garbage\n");
    add(&text, "m", "\"invocation\":0,\"seq\":0,\"latency_ms\":1");
    add(&text, "n", "\"invocation\":0,\"seq\":0,\"latency_ms\":1");
    add(&text, "m", "\"invocation\":0,\"seq\":1,\"latency_ms\":1");
    put(root, "m", &text);
    str_clear(&text);
    str_puts(&text, "nothing\nbut\ngarbage");
    put(root, "z", &text);
    CHECK("reads", !results_read(&root, 1, a, &r, &e) && !results_finish(&r, a, &e), "%s", e.msg);
    CHECK("one cell", r.n_cells == 1 && strcmp(r.cells[0].key.model, "m") == 0, "%zu", r.n_cells);
    static const struct {
        uint64_t line, count;
        const char *why;
    } want[] = {{1, 1, "no JSON"},
                {3, 1, "it is of another cell than the file's first line"},
                {1, 2, "no JSON"},
                {3, 1, "the last line is torn"}};
    CHECK("what was left out", r.n_problems == COUNT_OF(want), "%zu", r.n_problems);
    for (size_t i = 0; i < COUNT_OF(want) && i < r.n_problems; i++)
        CHECK(want[i].why,
              r.problems[i].line == want[i].line && r.problems[i].count == want[i].count &&
                  strcmp(r.problems[i].why, want[i].why) == 0,
              "line %llu, %llu: %s", (unsigned long long)r.problems[i].line,
              (unsigned long long)r.problems[i].count, r.problems[i].why);
    for (size_t i = 0; i < r.n_inputs; i++)
        CHECK("a digest", strlen(r.inputs[i].sha256) == 64, "%s", r.inputs[i].sha256);
}

/* Two runs of an experiment: replicate after replicate. */
static void replicates(void)
{
    const char *const roots[] = {file_join(a, folder, "first"), file_join(a, folder, "second")};
    static const char manifest[] = "{\"experiment_sha256\": \"aa\"}";
    CLEANUP(results_done) struct results r = {};
    struct results_samples s = {};
    struct err e = {};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(str_done) struct str text = {};
        add(&text, "m",
            i ? "\"invocation\":0,\"seq\":0,\"latency_ms\":3"
              : "\"invocation\":1,\"seq\":0,\"latency_ms\":2");
        add(&text, "m",
            i ? "\"invocation\":1,\"seq\":0,\"latency_ms\":4"
              : "\"invocation\":0,\"seq\":0,\"latency_ms\":1");
        put(roots[i], "m", &text);
        CHECK("manifest",
              !file_write(file_join(a, roots[i], "manifest.json"), manifest, strlen(manifest), &e),
              "%s", e.msg);
    }
    CHECK("both", !results_read(roots, 2, a, &r, &e) && !results_load(&r, 0, a, &s, &e), "%s",
          e.msg);
    CHECK("their order", strcmp(order_of(&s), "1 2 3 4 ") == 0, "%s", order_of(&s));
    CHECK("replicates", s.n == 4 && s.replicate[1] == 0 && s.replicate[2] == 1, "%zu", s.n);
}

/* The first answer to each prompt by its place in the run, and how many there are. */
static void answers(void)
{
    CLEANUP(str_done) struct str text = {};
    CLEANUP(results_done) struct results r = {};
    struct err e = {};
    struct output *o = nullptr;
    size_t n = 0;
    const char *const root = file_join(a, folder, "answers");
    add(&text, "m",
        "\"invocation\":1,\"seq\":0,\"prompt_index\":4,\"latency_ms\":1,\"outputs\":[\"late\"],"
        "\"output_ids\":[[9]]");
    add(&text, "m",
        "\"invocation\":0,\"seq\":0,\"prompt_index\":3,\"latency_ms\":1,"
        "\"outputs\":[\"three\",\"four\"],\"output_ids\":[[1,2],[3,4,5]]");
    add(&text, "m",
        "\"invocation\":0,\"seq\":1,\"prompt_index\":3,\"latency_ms\":1,"
        "\"outputs\":[\"three\",null]");
    put(root, "m", &text);
    CHECK("reads", !results_read(&root, 1, a, &r, &e) && !outputs_read(&r, a, &o, &n, &e), "%s",
          e.msg);
    CHECK("two prompts", n == 2 && o[0].prompt == 3 && o[1].prompt == 4, "%zu", n);
    if (n != 2)
        return;
    CHECK("the same twice", o[0].n_samples == 2 && o[0].n_different == 1, "%lld",
          (long long)o[0].n_samples);
    CHECK("the first by invocation, not by line", strcmp(o[1].text, "four") == 0, "%s", o[1].text);
    CHECK("its ids", o[1].n_ids == 3 && o[1].ids[2] == 5, "%zu", o[1].n_ids);
    CHECK("two different", o[1].n_samples == 2 && o[1].n_different == 2, "%lld",
          (long long)o[1].n_different);
    CHECK_NEAR("(3 + 1) / 2", o[1].mean_tokens, 2, 0);
}

/* Whoever comes first, the file has the order of the cells; what waits does not stay in memory. */
static void export(void)
{
    enum { CELLS = 3, ROWS = 200'000 }; /* some 40 MB of a cell */
    const char *const root = file_join(a, folder, "export"), *const path =
                                                                 file_join(a, root, "samples.csv");
    CLEANUP(results_done) struct results r = {};
    CLEANUP(results_export_freep) struct results_export *x = nullptr;
    struct err e = {};
    CLEANUP(str_done) struct str text = {};
    for (size_t c = 0; c < CELLS; c++) {
        str_clear(&text);
        for (size_t i = 0; i < (c == 1 ? ROWS : 1); i++)
            add(&text, arena_printf(a, "m%zu", c),
                "\"invocation\":0,\"latency_ms\":12.5,\"reason\":\"a \\\"long\\\", long, long, "
                "long, long, long, long, long, long, long, long, long, long, long, long\"");
        put(root, arena_printf(a, "m%zu", c), &text);
    }
    CHECK("reads",
          !results_read(&root, 1, a, &r, &e) && r.n_cells == CELLS &&
              !results_export_open(&r, RESULTS_EXPORT_CSV, path, &x, &e),
          "%s", e.msg);
    for (size_t c = CELLS; x && c-- > 0;) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
        struct results_samples s = {};
        CHECK("loads", !results_load(&r, c, scratch, &s, &e), "%s", e.msg);
        results_export_cell(x, c, &s);
    }
    char *csv = nullptr;
    size_t n = 0;
    CHECK("not there before its end", !file_exists(path), "it is");
    CHECK("is written", x && !results_export_close(x, &e) && !file_read(path, a, &csv, &n, &e),
          "%s", e.msg);
    size_t rows = 0, out_of_order = 0;
    char last = '0';
    for (const char *line = csv, *end = csv + n; line && line < end; rows++) {
        const char *const next = memchr(line, '\n', (size_t)(end - line));
        const char *const row = line;
        line = next ? next + 1 : end;
        if (rows == 0)
            continue; /* its head */
        const char model = row[strlen("0,s,b,p,m")];
        out_of_order += model < last;
        last = model;
    }
    CHECK("a row for each", rows == 1 + ROWS + 2, "%zu", rows);
    CHECK("in their order", out_of_order == 0, "%zu", out_of_order);
    CHECK("a field with commas has quotes, what is not known is empty",
          csv && strstr(csv, "\n0,s,b,p,m0,0,,measured,,,,,ok,\"a \"\"long\"\", long, long,"),
          "%.200s", csv ? strchr(csv, '\n') : "");
}

int main(void)
{
    char made[] = "/tmp/chimera-results.XXXXXX";
    CLEANUP(arena_freep) struct arena *whole = arena_new((size_t)1 << 30);
    a = whole;
    folder = mkdtemp(made);
    if (!folder)
        return 1;
    columns();
    other_cells();
    replicates();
    answers();
    export();
    folder_remove(folder);
    return test_done();
}
