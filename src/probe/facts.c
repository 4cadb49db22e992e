#include "probe/facts.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

constexpr size_t FILE_ROOM = 1 << 20;

static struct fact *add(struct facts *f, const char *name, enum fact_kind kind)
{
    if (f->n == f->room) {
        const size_t room = f->room ? 2 * f->room : 64;
        struct fact *const more = ARENA_ARRAY(f->arena, struct fact, room);
        if (f->n > 0)
            memcpy(more, f->items, f->n * sizeof *more);
        f->items = more;
        f->room = room;
    }
    f->items[f->n] = (struct fact){.group = f->group, .name = name, .kind = kind};
    return &f->items[f->n++];
}

void facts_text(struct facts *f, const char *name, const char *text)
{
    add(f, name, FACT_TEXT)->text = arena_strdup(f->arena, text);
}

void facts_printf(struct facts *f, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(f, name, FACT_TEXT)->text = arena_vprintf(f->arena, fmt, ap);
    va_end(ap);
}

void facts_number(struct facts *f, const char *name, double x)
{
    add(f, name, FACT_NUMBER)->number = x;
}

void facts_yes_no(struct facts *f, const char *name, bool x)
{
    add(f, name, FACT_YES_NO)->number = x;
}

void facts_unknown(struct facts *f, const char *name, const char *why, ...)
{
    va_list ap;
    va_start(ap, why);
    add(f, name, FACT_UNKNOWN)->text = arena_vprintf(f->arena, why, ap);
    va_end(ap);
}

const struct fact *facts_find(const struct facts *f, const char *group, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->items[i].group, group) == 0 && strcmp(f->items[i].name, name) == 0)
            return &f->items[i];
    return nullptr;
}

static void write_fact(const struct facts *f, const struct fact *x, struct jsonw *w)
{
    jsonw_key(w, x->name);
    switch (x->kind) {
    case FACT_TEXT:
        jsonw_str(w, x->text);
        return;
    case FACT_NUMBER:
        jsonw_f64(w, x->number);
        return;
    case FACT_YES_NO:
        jsonw_bool(w, x->number > 0);
        return;
    case FACT_UNKNOWN:
        jsonw_null(w);
        jsonw_kstr(w, arena_printf(f->arena, "%s_why", x->name), x->text);
        return;
    }
}

void facts_json(const struct facts *f, struct jsonw *w)
{
    const char *group = nullptr;
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *const x = &f->items[i];
        if (!group || strcmp(group, x->group) != 0) {
            if (group)
                jsonw_end_object(w);
            jsonw_kobject(w, x->group);
            group = x->group;
        }
        write_fact(f, x, w);
    }
    if (group)
        jsonw_end_object(w);
}

static char *trimmed(const struct facts *f, const char *text, size_t n)
{
    while (n > 0 && strchr(" \t\n\r", text[n - 1]))
        n--;
    while (n > 0 && strchr(" \t\n\r", *text)) {
        text++;
        n--;
    }
    return arena_strndup(f->arena, text, n);
}

char *facts_file(const struct facts *f, const char *root, const char *path)
{
    /* Not file_read(): the files of /proc and /sys say that they are empty. */
    CLEANUP(file_closep) FILE *in = fopen(arena_printf(f->arena, "%s%s", root, path), "re");
    char part[4096];
    char *text = arena_strdup(f->arena, "");
    size_t n = 0, got;
    while (in && n < FILE_ROOM && (got = fread(part, 1, sizeof part, in)) > 0) {
        text = arena_printf(f->arena, "%s%.*s", text, (int)got, part);
        n += got;
    }
    return in && !ferror(in) ? trimmed(f, text, strlen(text)) : nullptr;
}

char *facts_line(const struct facts *f, const char *text, const char *key)
{
    const size_t n = strlen(key);
    for (const char *at = text; at && *at;) {
        const size_t line = strcspn(at, "\n");
        if (line >= n && strncmp(at, key, n) == 0 && (at[n] == '\0' || strchr(" \t:=\n", at[n]))) {
            const char *const value = at + n + strspn(at + n, " \t:=");
            return value <= at + line ? trimmed(f, value, (size_t)(at + line - value))
                                      : arena_strdup(f->arena, "");
        }
        at += line + (at[line] == '\n');
    }
    return nullptr;
}
