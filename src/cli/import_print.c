#include "cli/import_print.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "import/field.h"
#include "import/import.h"
#include "io/jsonw.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdio.h>

void import_print_json(const struct import_request *q, const struct import_report *r)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.import/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "source", q->source);
    jsonw_end_object(&w);
    jsonw_kbool(&w, "dry_run", q->dry);
    jsonw_kstr(&w, "output", q->dry ? nullptr : q->out);
    if (q->dry)
        jsonw_kstr(&w, "output_reason", "a dry run writes nothing");
    jsonw_ki64(&w, "rows", (int64_t)r->rows);
    jsonw_ki64(&w, "rows_left_out", (int64_t)r->bad);
    jsonw_kstr(&w, "rows_are",
               r->readings                  ? "readings of power"
               : r->form == MAPPING_SAMPLES ? "samples"
                                            : "cells");
    jsonw_ki64(&w, "cells", (int64_t)r->counts.cells);
    jsonw_ki64(&w, "samples", (int64_t)r->counts.samples);
    jsonw_ki64(&w, "samples_not_ok", (int64_t)r->counts.not_ok);
    jsonw_ki64(&w, "samples_repeated", (int64_t)r->counts.repeated);
    import_map_json(&r->map, &w);
    jsonw_karray(&w, "notes");
    for (size_t i = 0; i < r->n_notes; i++)
        jsonw_str(&w, r->notes[i]);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    puts(str_text(&text));
}

static void put_column(struct table *t, const struct mapping *m, const struct mapping_column *c,
                       const char *label)
{
    static const char *const whys[] = {[MAPPING_ASKED] = "asked for",
                                       [MAPPING_SAME_NAME] = "has its name",
                                       [MAPPING_SYNONYM] = "by its name"};
    const char *const times =
        c->times != 1 ? arena_printf(t->arena, "times %.15g", c->times) : nullptr;
    const struct table_cell cells[] = {
        {c->name},
        {field_table[c->field].name},
        {c->unit ? arena_printf(t->arena, "in %s", c->unit->name) : times},
        {label ? arena_printf(t->arena, "%s %s", field_table[m->label_field].name, label)
               : nullptr},
        {whys[c->why], TABLE_FAINT}};
    table_add(t, cells);
}

constexpr size_t MOST_UNUSED = 40; /* columns in the table; --json has all */

/* What each column is taken for. */
static void print_map(const struct cli *cli, const struct mapping *m)
{
    static const struct table_column columns[] = {{"column"}, {"field"}, {"unit"}, {"of"}, {"why"}};
    CLEANUP(str_done) struct str text = {};
    struct table t;
    table_init(&t, cli->arena, columns, COUNT_OF(columns));
    for (size_t i = 0; i < m->n; i++)
        put_column(&t, m, &m->columns[i], nullptr);
    for (size_t k = 0; k < m->n_labels; k++)
        for (size_t i = 0; i < m->labels[k].n; i++)
            put_column(&t, m, &m->labels[k].columns[i], m->labels[k].label);
    for (size_t i = 0; i < m->n_unused && i < MOST_UNUSED; i++)
        table_add(
            &t, (const struct table_cell[]){{m->unused[i]}, {}, {}, {}, {"not used", TABLE_FAINT}});
    if (m->n_unused > MOST_UNUSED)
        table_add(&t, (const struct table_cell[]){
                          {arena_printf(cli->arena, "and %zu more", m->n_unused - MOST_UNUSED)},
                          {},
                          {},
                          {},
                          {"not used", TABLE_FAINT}});
    table_print(&t, command_wants_colour(cli), &text);
    fputs(str_text(&text), stdout);
}

void import_print_text(const struct cli *cli, const struct import_request *q,
                       const struct import_report *r)
{
    const char *const out = q->dry ? "nothing was written" : q->out;
    if (q->dry && r->map.n + r->map.n_labels)
        print_map(cli, &r->map);
    if (r->form == MAPPING_CELLS)
        printf("%zu cell%s, no samples: %s\n", r->counts.cells, r->counts.cells == 1 ? "" : "s",
               out);
    else if (r->readings)
        printf("%" PRIu64 " readings of power in %zu cell%s: %s\n", r->counts.samples,
               r->counts.cells, r->counts.cells == 1 ? "" : "s", out);
    else
        printf("%" PRIu64 " sample%s of %zu cell%s%s: %s\n", r->counts.samples,
               r->counts.samples == 1 ? "" : "s", r->counts.cells, r->counts.cells == 1 ? "" : "s",
               r->counts.not_ok ? ", not all of them ok" : "", out);
}

/* As a table of docs/IMPORT.md, which is compared with it. */
void import_print_fields(void)
{
    static const char *const rows[] = {
        [FIELD_OF_SAMPLE] = "samples", [FIELD_OF_CELL] = "cells", [FIELD_OF_BOTH] = "both"};
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        const struct field_info *const i = &field_table[f];
        printf("| `%s` | %s | %s | %s | ", i->name, rows[i->rows], i->about,
               field_units((enum field)f));
        for (size_t k = 0; i->also[k]; k++)
            printf("%s%s", k ? ", " : "", i->also[k]);
        puts(" |");
    }
}
