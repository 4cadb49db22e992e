/* facts.h - what is known of a machine, and why the rest is not: one list, printed and written by
 * all.
 *
 * A fact is a group, a name (with its unit: available_bytes), and a value or a reason. Names are
 * literals; texts belong to the arena.
 */
#pragma once

#include <stddef.h>

struct arena;
struct jsonw;

enum fact_kind : unsigned char { FACT_UNKNOWN, FACT_TEXT, FACT_NUMBER, FACT_YES_NO };

struct fact {
    const char *group, *name;
    enum fact_kind kind;
    const char *text; /* the value, or the reason why it is unknown */
    double number;    /* FACT_NUMBER; 0 or 1 for FACT_YES_NO */
};

struct facts {
    struct arena *arena;
    const char *group; /* of what is added next */
    struct fact *items;
    size_t n, room;
};

void facts_text(struct facts *f, const char *name, const char *text);
[[gnu::format(printf, 3, 4)]] void facts_printf(struct facts *f, const char *name, const char *fmt,
                                                ...);
void facts_number(struct facts *f, const char *name, double x);
void facts_yes_no(struct facts *f, const char *name, bool x);
[[gnu::format(printf, 3, 4)]] void facts_unknown(struct facts *f, const char *name, const char *why,
                                                 ...);

const struct fact *facts_find(const struct facts *f, const char *group, const char *name);
/* {"group":{"name":value,...},...}'s inside; an unknown one is null with "<name>_why" beside it. */
void facts_json(const struct facts *f, struct jsonw *w);

/* The text of root/path (root "" is this machine), without blanks at its ends; nullptr: not
 * readable. For the small files of /proc and /sys, 1 MiB at most. */
char *facts_file(const struct facts *f, const char *root, const char *path);
/* The rest of the first line of text that begins with key, after blanks, ':' and '='; nullptr:
 * none. */
char *facts_line(const struct facts *f, const char *text, const char *key);
