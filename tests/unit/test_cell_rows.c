#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "folder.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "store/cell_rows.h"
#include "store/results.h"
#include "test.h"

#include <stdlib.h>

static enum err_code put(const char *path, const char *text, struct err *e)
{
    return file_write(path, text, strlen(text), e);
}

/* What is written is what is read, and what is not known stays unknown. */
static void round_trip(struct arena *a, const char *path)
{
    struct results_row row = cell_rows_none();
    row.key = (struct folder_key){"s", "b", "fp16", "m/1"};
    row.mean_ms = 0.1 + 0.2;
    row.d_model = 768;
    CLEANUP(str_done) struct str text = {};
    cell_rows_write(&row, &(struct jsonw){.out = &text});
    CHECK("unknown figures have no key",
          strcmp(text.text,
                 "{\"scenario\":\"s\",\"backend\":\"b\",\"precision\":\"fp16\",\"model\":"
                 "\"m/1\",\"status\":\"ok\",\"mean_ms\":0.30000000000000004,"
                 "\"d_model\":768.0}") == 0,
          "%s", text.text);
    struct results_row *rows = nullptr;
    size_t n = 0;
    struct cell_rows_fault bad;
    struct err e = {};
    CHECK("reads", !put(path, text.text, &e) && !cell_rows_read(path, 3, a, &rows, &n, &bad, &e),
          "%s", e.msg);
    CHECK("one row of that replicate", n == 1 && rows[0].replicate == 3, "%zu", n);
    CHECK("the same mean", n == 1 && rows[0].mean_ms == 0.1 + 0.2, "%.17g", rows[0].mean_ms);
    CHECK("an unknown median", n == 1 && isnan(rows[0].median_ms) && rows[0].invocation == -1, "-");
}

static void broken(struct arena *a, const char *path)
{
    static const char *const texts[] = {
        "{\"scenario\":\"s\"}\n",
        ("{\"scenario\":\"s\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"m\","
         "\"status\":\"x\"}\n"),
        "\n{\"scenario\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct results_row *rows;
        size_t n;
        struct err e = {};
        struct cell_rows_fault bad = {};
        const bool read =
            !put(path, texts[i], &e) && !cell_rows_read(path, 0, a, &rows, &n, &bad, &e);
        char place[64];
        (void)snprintf(place, sizeof place, "cells.jsonl:%d: ", i == 2 ? 2 : 1);
        CHECK("a broken line is left out and named",
              read && n == 0 && bad.lines == 1 && strstr(bad.why, place), "%s", bad.why);
    }
}

/* Two rows of one cell, one of another: keyed to the cells and in their order. */
static void in_results(struct arena *a, const char *folder, const char *path)
{
    struct err e = {};
    CLEANUP(results_done) struct results r = {};
    CHECK("written",
          !put(path,
               "{\"scenario\":\"t\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"m\","
               "\"invocation\":1,\"mean_ms\":2}\n"
               "{\"scenario\":\"s\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"m\","
               "\"status\":\"oom\"}\n"
               "{\"scenario\":\"t\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"m\","
               "\"invocation\":0,\"mean_ms\":1}\n",
               &e),
          "%s", e.msg);
    if (results_read(&folder, 1, a, &r, &e)) {
        printf("ok %d - results # SKIP %s\n", ++test_count, e.msg);
        return;
    }
    CHECK("two cells", r.n_cells == 2 && r.n_rows == 3, "%zu %zu", r.n_cells, r.n_rows);
    CHECK("a row's status is its cell's",
          r.cells[0].has_row && r.cells[0].status == STATUS_OOM && r.cells[0].n_rows == 1, "%d",
          r.cells[0].status);
    CHECK("rows of a cell by invocation",
          r.cells[1].first_row == 1 && r.cells[1].n_rows == 2 && r.rows[1].mean_ms == 1, "%g",
          r.rows[1].mean_ms);
}

int main(void)
{
    char folder[] = "/tmp/test_cell_rows_XXXXXX";
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    if (!mkdtemp(folder))
        return 1;
    const char *const path = file_join(a, folder, "cells.jsonl");
    round_trip(a, path);
    broken(a, path);
    in_results(a, folder, path);
    folder_remove(folder);
    return test_done();
}
