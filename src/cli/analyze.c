#include "cli/analyze.h"

#include "analysis/audit_json.h"
#include "analysis/metrics.h"
#include "analysis/significance.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/audit_print.h"
#include "cli/command.h"
#include "cli/measured.h"
#include "cli/quality_table.h"
#include "cli/summary.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <stdio.h>
#include <unistd.h>

constexpr size_t MEMORY = (size_t)16 << 30;

struct outputs {
    const char *metrics, *samples, *statistics, *quality, *audit,
        *figure; /* figure: nullptr where none was drawn */
    const char *why_no_figure;
    bool wants_figure;
};

struct samples_file { /* written while the cells are read */
    const struct analyze_request *request;
    const char *out, *path;
    struct results_export *file;
};

static void samples_file_done(struct samples_file *s)
{
    results_export_freep(&s->file);
}

static enum err_code begin_samples(void *context, const struct results *r, struct err *e)
{
    struct samples_file *const s = context;
    if (s->request->out && file_make_folders(s->out, e))
        return e->code;
    return results_export_open(r, s->request->format, s->path, &s->file, e);
}

static void export_cell(void *context, const struct cell_view *v)
{
    const struct samples_file *const s = context;
    results_export_cell(s->file, v->cell, v->samples);
}

static enum err_code write_all(const struct results *r, const struct cell_stats *cells,
                               const struct quality *quality, const struct audit *found,
                               struct samples_file *samples, struct arena *a, struct outputs *ret,
                               struct significance_counts *counts, struct err *e)
{
    const struct analyze_request *const request = samples->request;
    const char *const out = samples->out;
    ret->metrics = file_join(a, out, "metrics.csv");
    ret->samples = samples->path;
    ret->statistics = file_join(a, out, "statistical_analysis.json");
    CLEANUP(str_done) struct str text = {};
    metrics_csv(cells, r->n_cells, &text);
    if (file_write(ret->metrics, str_text(&text), text.n, e) ||
        results_export_close(samples->file, e))
        return e->code;
    str_clear(&text);
    if (significance_json(r, cells, a, &text, counts, e) ||
        file_write(ret->statistics, str_text(&text), text.n, e))
        return e->code;
    ret->quality = file_join(a, out, "quality_analysis.json");
    str_clear(&text);
    quality_json(r, quality, &text);
    if (file_write(ret->quality, str_text(&text), text.n, e))
        return e->code;
    ret->audit = file_join(a, out, "audit.json");
    str_clear(&text);
    audit_json(r, &(struct audit_choice){}, found, &text);
    if (file_write(ret->audit, str_text(&text), text.n, e))
        return e->code;
    const char *const figure = file_join(a, out, "latency_by_backend.png");
    bool drawn = false;
    struct err why = {};
    ret->wants_figure = !request->no_figure;
    if (request->no_figure)
        ret->why_no_figure = "not asked for";
    else if (summary_figure(r, cells, figure, a, &drawn, &why))
        ret->why_no_figure = arena_strdup(a, why.msg);
    else if (drawn)
        ret->figure = figure;
    else
        ret->why_no_figure = "no cell has a sample";
    return ERR_OK;
}

static void print_json(const struct results *r, const struct cell_stats *cells,
                       const struct quality *quality, const struct audit *found,
                       const struct outputs *files, const struct significance_counts *counts)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.analyze/1", &w);
    jsonw_key(&w, "cells");
    metrics_json(cells, r->n_cells, &w);
    jsonw_ki64(&w, "comparisons", (int64_t)counts->comparisons);
    jsonw_ki64(&w, "significant", (int64_t)counts->significant);
    jsonw_ki64(&w, "mean_and_median_disagree", (int64_t)counts->ranks_differ);
    jsonw_ki64(&w, "unequal_work", (int64_t)counts->unequal_work);
    jsonw_kobject(&w, "gates");
    jsonw_ki64(&w, "passed", (int64_t)quality->gates_passed);
    jsonw_ki64(&w, "failed", (int64_t)quality->gates_failed);
    jsonw_ki64(&w, "cannot_tell", (int64_t)quality->gates_unsure);
    jsonw_end_object(&w);
    jsonw_key(&w, "audit");
    audit_json_counts(&w, found);
    jsonw_kobject(&w, "files");
    jsonw_kstr(&w, "metrics", files->metrics);
    jsonw_kstr(&w, "samples", files->samples);
    jsonw_kstr(&w, "statistical_analysis", files->statistics);
    jsonw_kstr(&w, "quality_analysis", files->quality);
    jsonw_kstr(&w, "audit", files->audit);
    jsonw_kstr(&w, "latency_by_backend", files->figure);
    if (!files->figure)
        jsonw_kstr(&w, "latency_by_backend_reason", files->why_no_figure);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    puts(str_text(&text));
}

/* Where nothing was scored there is no table of it. */
static void add_quality(const struct cli *cli, const struct quality *q, struct arena *a,
                        struct str *out)
{
    struct quality_table_row *const rows = ARENA_ARRAY(a, struct quality_table_row, q->n + 1);
    if (q->with_perplexity == 0)
        return;
    for (size_t i = 0; i < q->n; i++) {
        const struct quality_configuration *const c = &q->configurations[i];
        rows[i] = (struct quality_table_row){.backend = c->backend,
                                             .precision = c->precision,
                                             .model = c->model,
                                             .quality = &c->perplexity,
                                             .baseline = c->is_baseline};
    }
    str_putc(out, '\n');
    quality_table(rows, q->n, command_wants_colour(cli), a, out);
}

static void print_text(const struct cli *cli, const struct results *r,
                       const struct cell_stats *cells, const struct quality *quality,
                       const struct audit *found, const struct outputs *files,
                       const struct significance_counts *counts, struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    summary_table(r, cells, counts, command_wants_colour(cli), a, &text);
    add_quality(cli, quality, a, &text);
    str_puts(&text, "\naudit: ");
    audit_print_counts(found, &text);
    str_puts(&text, "; 'chimera audit' tells them\n");
    fputs(str_text(&text), stdout);
    printf("\n%s\n%s\n%s\n%s\n%s\n", files->metrics, files->samples, files->statistics,
           files->quality, files->audit);
    if (files->figure)
        puts(files->figure);
    else if (files->wants_figure)
        fprintf(stderr, "chimera: no latency_by_backend.png: %s\n", files->why_no_figure);
}

enum err_code analyze_run(const struct cli *cli, const struct analyze_request *request,
                          struct analyze_outcome *ret, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(measured_done) struct measured m = {};
    struct outputs files = {};
    struct significance_counts counts = {};
    const bool csv = request->format == RESULTS_EXPORT_CSV;
    CLEANUP(samples_file_done)
    struct samples_file samples = {.request = request,
                                   .out = request->out ? request->out : request->folders[0]};
    samples.path = file_join(a, samples.out, csv ? "samples.csv" : "samples.parquet");
    const struct cell_visitor export = {
        .visit = export_cell, .context = &samples, .begin = begin_samples};
    if (measured_read(request->folders, request->n_folders, &(struct audit_choice){}, &export, a,
                      &m, e) ||
        write_all(&m.results, m.cells, &m.quality, m.audit, &samples, a, &files, &counts, e))
        return e->code;
    measured_tell_problems(&m);
    if (cli->json)
        print_json(&m.results, m.cells, &m.quality, m.audit, &files, &counts);
    else
        print_text(cli, &m.results, m.cells, &m.quality, m.audit, &files, &counts, a);
    ret->gates_failed = m.quality.gates_failed;
    return ERR_OK;
}
