/* csv.h - tables of RFC 4180, read strictly, in one pass and in bounded memory, whatever their
 * size.
 *
 * Fields in quotes may hold delimiters, line ends and doubled quotes; lines end in LF or CRLF; a
 * UTF-8 byte order mark is skipped; empty lines are skipped, but in a table of one column. The
 * first line names the columns, and every row must have as many fields. A quote inside a field that
 * does not begin with one is malformed: a table that was read wrong looks like that.
 */
#pragma once

#include "base/err.h"
#include "io/digest.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct csv;
struct str;

constexpr size_t CSV_MOST_ROW = (size_t)16 << 20; /* bytes */
constexpr size_t CSV_MOST_COLUMNS = 4096;

struct csv_field {
    char *text; /* ends in a NUL; borrowed until the next csv_next() */
    size_t n;
    bool quoted; /* internal: holds doubled quotes until the row is whole */
};

struct csv_row {
    uint64_t line; /* of its first character, from 1 */
    const struct csv_field *fields;
    size_t n;
};

enum csv_result : uint8_t {
    CSV_ROW,
    CSV_END,
    CSV_BAD,    /* this row is malformed: e says where and why; the next call goes on behind it */
    CSV_FAILED, /* nothing more can be read: e says why */
};

/* path "-" is standard input. delimiter 0: the one of , ; TAB | that is most frequent in the first
 * line; ERR_PARSE where two are equally so. name is for messages. Belongs to a but for its file:
 * csv_closep(). */
[[nodiscard]] enum err_code csv_open(const char *path, char delimiter, struct arena *a,
                                     struct csv **ret, struct err *e);
void csv_closep(struct csv **c); /* for CLEANUP() */

const char *const *csv_names(const struct csv *c, size_t *ret_n);
char csv_delimiter(const struct csv *c);
uint64_t csv_bytes(const struct csv *c); /* read so far */

[[nodiscard]] enum csv_result csv_next(struct csv *c, struct csv_row *ret, struct err *e);

/* SHA-256 of the whole file, after CSV_END. */
void csv_digest(struct csv *c, char hex[static DIGEST_HEX]);

/* Append text as a field, in quotes where it needs them. */
void csv_put(struct str *out, const char *text);
