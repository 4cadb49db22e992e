/* experiment_reader.h - maps of an experiment file into structs by a key table, with every mistake
 * kept.
 *
 * A mistake does not end the reading: it is kept with its place, and experiment_reader_done() tells
 * them all at once, in the order of the file.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct experiment_key;
struct yaml;

constexpr uint32_t EXPERIMENT_READER_TOLD = 10; /* mistakes that are told at once */
constexpr size_t EXPERIMENT_READER_LONGEST_NAME =
    200; /* with room for what a folder's name may have */

struct experiment_reader {
    const char *path; /* of the file that is being read: a scenario may have its own */
    struct arena *a;
    struct experiment_mistake {
        const char *text; /* "file:line:column: what" */
        uint32_t line;    /* 0: of another file than the experiment; told last */
    } mistakes[EXPERIMENT_READER_TOLD];
    uint32_t n_mistakes; /* all, also those that are not kept */
    const char
        *hinted[EXPERIMENT_READER_TOLD]; /* keys that a mistyped one was likely meant to be */
    uint32_t n_hinted;
    const char **notes;
    uint32_t n_notes, room_notes;
    bool inner; /* reading a scenario's own file */
};

[[gnu::format(printf, 3, 4)]]
void experiment_reader_mistake(struct experiment_reader *r, const struct yaml *at, const char *fmt,
                               ...);
[[gnu::format(printf, 3, 4)]]
void experiment_reader_note(struct experiment_reader *r, const struct yaml *at, const char *fmt,
                            ...);

/* The defaults of table into *ret, which the table's offsets are of. */
void experiment_reader_defaults(struct experiment_reader *r, const struct experiment_key *table,
                                void *ret);

/* The plain keys of map into *ret. what: "scenario", for the message about an unknown key. The
 * parts (EXPERIMENT_KEY_PART) are left to the caller. false where map is no map (told). */
bool experiment_reader_keys(struct experiment_reader *r, const struct experiment_key *table,
                            const char *what, const struct yaml *map, void *ret);

/* The text of a scalar; nullptr, and told, where v is anything else or empty. */
const char *experiment_reader_text(struct experiment_reader *r, const struct yaml *v,
                                   const char *key, const char *want);

/* A key that must be there is not. Not told where a mistyped key was answered with this one. */
void experiment_reader_missing(struct experiment_reader *r, const struct yaml *at, const char *what,
                               const char *key);

/* The value under key; false, and told, where it is absent or empty. */
bool experiment_reader_wanted(struct experiment_reader *r, const struct yaml *root, const char *key,
                              const struct yaml **ret);

/* The items of a list, or the one value where a list of one is meant. */
uint32_t experiment_reader_items(const struct yaml *const *v, const struct yaml *const **ret);

/* Names become folders in the results, with '/' and ':' as '_': two that meet there are a mistake.
 * names[i] may be nullptr. */
void experiment_reader_once(struct experiment_reader *r, const char *what, const char *const *names,
                            const struct yaml *const *at, uint32_t n);
const char *experiment_reader_unprintable(const char *text); /* the first such byte, or nullptr */

/* "; did you mean 'x'?" or "". Belongs to r->a. */
const char *experiment_reader_hint(struct experiment_reader *r, const char *near);

/* ERR_USAGE with all mistakes, or ERR_OK. */
[[nodiscard]] enum err_code experiment_reader_done(struct experiment_reader *r, struct err *e);
