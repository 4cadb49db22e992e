/* session.h - one import under way: what the readers of the formats share. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "import/import.h"
#include "import/numbering.h"

constexpr size_t SESSION_MODES = 256; /* names of scenario and mode that are kept once */

struct session {
    const struct import_request *q;
    struct arena *a;
    struct target *target;
    struct mapping map;
    uint64_t rows, bad;
    struct str complaints;               /* the first bad rows, a line each */
    struct str row_why;                  /* of the row in hand */
    bool second_rows;                    /* of one cell: what the complaints are of */
    struct str joined[FIELD_INVOCATION]; /* names of several columns, of the row in hand */
    struct record *parts;             /* of the row in hand of a wide table, one for each label */
    struct leftover *leftover;        /* nullptr: every column is a field */
    uint64_t empty;                   /* places of a wide table that hold nothing */
    uint64_t not_that[FIELD_COUNT];   /* values of guessed columns that are none of the field's */
    const char *modes[SESSION_MODES]; /* scenarios with their mode behind them */
    size_t n_modes;
    bool phase_is_mode; /* the column "phase" holds parts of the work */
    const char **notes;
    size_t n_notes, room_notes;
    struct target_source source;
    uint64_t source_bytes;
    const char *delimiter;   /* csv: to be shown; else nullptr */
    bool phases_known;       /* the format says it itself */
    const char *environment; /* env.json; nullptr: the source says nothing of the machine */
    struct numbering labels; /* of session_times_before() */
    uint32_t *times;
    size_t room_times;
};

void session_done(struct session *s); /* for CLEANUP() too */

/* The target, once the mapping stands: nothing is made before. */
[[nodiscard]] enum err_code session_begin(struct session *s, struct err *e);
/* A row of a table into the folder, one for each label where it is wide. take: the value of a
 * column into r, from the reader's row; false: it is none of the field's, for the reason in `why`.
 */
[[nodiscard]] enum err_code session_row(struct session *s, const void *row, uint64_t place,
                                        bool (*take)(const struct mapping_column *c,
                                                     const void *row, struct record *r,
                                                     struct str *why),
                                        struct err *e);
/* A row: into the folder, or among the bad ones. */
[[nodiscard]] enum err_code session_take(struct session *s, const struct record *r, struct err *e);
/* A row that cannot be read; place: its line or number. ERR_PARSE where there are too many. */
[[nodiscard]] enum err_code session_bad(struct session *s, uint64_t place, const char *why,
                                        struct err *e);
/* The same with a whole message, file and line in it. */
[[nodiscard]] enum err_code session_complain(struct session *s, const char *message, struct err *e);
[[gnu::format(printf, 2, 3)]] void session_note(struct session *s, const char *fmt, ...);
/* ---- for tools' own formats ---- */

struct json;
/* What a load generator's latency holds. */
extern const char session_timed_at_client[];
/* Does the source begin like JSON? A table does not. */
[[nodiscard]] enum err_code session_is_json(const struct session *s, bool *ret, struct err *e);
/* The source, whole, as one JSON value: *ret belongs to a. A source of several values, a line each,
 * is an array of them. */
[[nodiscard]] enum err_code session_document(struct session *s, struct arena *a,
                                             const struct json **ret, struct err *e);
/* The constants, and the target: --const is all that such a format takes. */
[[nodiscard]] enum err_code session_fixed(struct session *s, struct err *e);
/* A row that the reader filled, with the constants over it; as_cell: a whole cell's. */
[[nodiscard]] enum err_code session_emit(struct session *s, struct record *r, bool as_cell,
                                         struct err *e);
/* How often the label was given before: the second run of one test is its second invocation. */
[[nodiscard]] uint32_t session_times_before(struct session *s, const char *label);

/* Bad rows that nobody allowed: ERR_PARSE. */
[[nodiscard]] enum err_code session_check(const struct session *s, struct err *e);
