/* A table: what csv_next() gives must be in bounds and end, and what import makes of it a folder or
 * nothing. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "import/import.h"
#include "io/csv.h"
#include "io/file.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

/* The reader's fields and the target's tables are of fixed sizes, larger than a small file needs.
 */
constexpr size_t MEMORY = (size_t)64 << 20;

static int remove_one(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static void read_rows(const char *path, struct arena *a)
{
    CLEANUP(csv_closep) struct csv *table = nullptr;
    struct csv_row row;
    struct err e = {};
    size_t n, rows = 0;
    const enum err_code code = csv_open(path, '\0', a, &table, &e);
    fuzz_verdict(code, &e);
    if (code)
        return;
    (void)csv_names(table, &n);
    FUZZ_CHECK(n > 0 && n <= CSV_MOST_COLUMNS);
    for (;;) {
        const enum csv_result result = csv_next(table, &row, &e);
        if (result == CSV_END)
            return;
        if (result == CSV_FAILED || result == CSV_BAD)
            fuzz_verdict(e.code, &e);
        if (result == CSV_FAILED)
            return;
        FUZZ_CHECK(++rows <= FUZZ_MEMORY);
        for (size_t i = 0; result == CSV_ROW && i < row.n; i++)
            FUZZ_CHECK(row.n == n && strlen(row.fields[i].text) == row.fields[i].n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct err e = {};
    struct import_report report;
    const char *const path = fuzz_file("table.csv", data, n);
    const char *const out = file_join(a, fuzz_folder(), "out");
    read_rows(path, a);
    const struct import_request q = {
        .source = path, .out = out, .format = IMPORT_CSV, .skip_bad = n % 2};
    const enum err_code code = import_run(&q, a, &report, &e);
    for (char *p = e.msg; code && (p = strchr(p, '\n'));)
        *p = ' '; /* several bad rows are several lines, on purpose */
    fuzz_verdict(code, &e);
    FUZZ_CHECK(file_exists(out) == (code == ERR_OK));
    if (code == ERR_OK)
        FUZZ_CHECK(report.counts.samples + report.counts.rows + report.bad == report.rows);
    (void)nftw(out, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
