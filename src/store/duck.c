#include "store/duck.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/dlib.h"

#include <duckdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duck {
    duckdb_database db;
    duckdb_connection connection;
    typeof(duckdb_open_ext) *open_ext;
    typeof(duckdb_close) *close;
    typeof(duckdb_connect) *connect;
    typeof(duckdb_disconnect) *disconnect;
    typeof(duckdb_create_config) *create_config;
    typeof(duckdb_set_config) *set_config;
    typeof(duckdb_destroy_config) *destroy_config;
    typeof(duckdb_free) *free;
    typeof(duckdb_query) *query;
    typeof(duckdb_destroy_result) *destroy_result;
    typeof(duckdb_result_error) *result_error;
    typeof(duckdb_row_count) *row_count;
    typeof(duckdb_column_count) *column_count;
    typeof(duckdb_column_type) *column_type;
    typeof(duckdb_fetch_chunk) *fetch_chunk;
    typeof(duckdb_destroy_data_chunk) *destroy_chunk;
    typeof(duckdb_data_chunk_get_size) *chunk_size;
    typeof(duckdb_data_chunk_get_vector) *chunk_vector;
    typeof(duckdb_vector_get_data) *vector_data;
    typeof(duckdb_vector_get_validity) *vector_validity;
    typeof(duckdb_string_t_length) *string_length;
    typeof(duckdb_string_t_data) *string_data;
};

static const char *const names[] = {"libduckdb.so.2.0", "libduckdb.so", nullptr};

static enum err_code bind(struct duck *d, struct err *e)
{
    const struct dlib_symbol symbols[] = {
        DLIB_SYMBOL(duckdb_open_ext, d->open_ext),
        DLIB_SYMBOL(duckdb_close, d->close),
        DLIB_SYMBOL(duckdb_connect, d->connect),
        DLIB_SYMBOL(duckdb_disconnect, d->disconnect),
        DLIB_SYMBOL(duckdb_create_config, d->create_config),
        DLIB_SYMBOL(duckdb_set_config, d->set_config),
        DLIB_SYMBOL(duckdb_destroy_config, d->destroy_config),
        DLIB_SYMBOL(duckdb_free, d->free),
        DLIB_SYMBOL(duckdb_query, d->query),
        DLIB_SYMBOL(duckdb_destroy_result, d->destroy_result),
        DLIB_SYMBOL(duckdb_result_error, d->result_error),
        DLIB_SYMBOL(duckdb_row_count, d->row_count),
        DLIB_SYMBOL(duckdb_column_count, d->column_count),
        DLIB_SYMBOL(duckdb_column_type, d->column_type),
        DLIB_SYMBOL(duckdb_fetch_chunk, d->fetch_chunk),
        DLIB_SYMBOL(duckdb_destroy_data_chunk, d->destroy_chunk),
        DLIB_SYMBOL(duckdb_data_chunk_get_size, d->chunk_size),
        DLIB_SYMBOL(duckdb_data_chunk_get_vector, d->chunk_vector),
        DLIB_SYMBOL(duckdb_vector_get_data, d->vector_data),
        DLIB_SYMBOL(duckdb_vector_get_validity, d->vector_validity),
        DLIB_SYMBOL(duckdb_string_t_length, d->string_length),
        DLIB_SYMBOL(duckdb_string_t_data, d->string_data),
    };
    if (dlib_open(names, symbols, COUNT_OF(symbols), nullptr, e))
        return err_wrap(e, "tables need DuckDB (Debian: libduckdb2.0, else libduckdb.so from "
                           "duckdb.org in LD_LIBRARY_PATH)");
    return ERR_OK;
}

void duck_closep(struct duck **p)
{
    struct duck *const d = *p;
    if (d && d->connection)
        d->disconnect(&d->connection);
    if (d && d->db)
        d->close(&d->db);
    free(d);
    *p = nullptr;
}

/* Half a workstation's memory is not ours to take; nothing is fetched from the network, ever. */
static enum err_code configure(struct duck *d, duckdb_config config, struct err *e)
{
    const char *const temp = getenv("TMPDIR");
    char folder[400];
    (void)snprintf(folder, sizeof folder, "%s/chimera-duckdb", temp && *temp ? temp : "/tmp");
    const char *const settings[][2] = {
        {"memory_limit", "4GB"},
        {"threads", "2"},
        {"temp_directory", folder},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"TimeZone", "UTC"},
    };
    for (size_t i = 0; i + 1 < COUNT_OF(settings); i++)
        if (d->set_config(config, settings[i][0], settings[i][1]) == DuckDBError)
            return err_set(e, ERR_UNAVAILABLE, "DuckDB does not know the setting '%s'",
                           settings[i][0]);
    char *why = nullptr;
    if (d->open_ext(nullptr, &d->db, config, &why) == DuckDBError) {
        const enum err_code code =
            err_set(e, ERR_UNAVAILABLE, "DuckDB does not open: %s", why ? why : "no reason given");
        d->free(why);
        return code;
    }
    if (d->connect(d->db, &d->connection) == DuckDBError)
        return err_set(e, ERR_UNAVAILABLE, "DuckDB does not connect");
    return ERR_OK;
}

enum err_code duck_open(struct duck **ret, struct err *e)
{
    CLEANUP(duck_closep) struct duck *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(e, ERR_LIMIT, "out of memory");
    if (bind(d, e))
        return e->code;
    duckdb_config config = nullptr;
    if (d->create_config(&config) == DuckDBError)
        return err_set(e, ERR_UNAVAILABLE, "DuckDB does not make a configuration");
    const enum err_code code = configure(d, config, e);
    d->destroy_config(&config);
    if (code)
        return code;
    *ret = d;
    d = nullptr;
    return ERR_OK;
}

enum err_code duck_run(struct duck *d, const char *sql, struct err *e)
{
    duckdb_result r = {};
    const bool failed = d->query(d->connection, sql, &r) == DuckDBError;
    if (failed)
        (void)err_set(e, ERR_IO, "DuckDB: %s", d->result_error(&r));
    d->destroy_result(&r);
    return failed ? e->code : ERR_OK;
}

static const duckdb_type wanted[] = {
    [DUCK_I64] = DUCKDB_TYPE_BIGINT,
    [DUCK_I32] = DUCKDB_TYPE_INTEGER,
    [DUCK_F64] = DUCKDB_TYPE_DOUBLE,
    [DUCK_STR] = DUCKDB_TYPE_VARCHAR,
};
static const size_t sizes[] = {
    [DUCK_I64] = sizeof(int64_t),
    [DUCK_I32] = sizeof(int32_t),
    [DUCK_F64] = sizeof(double),
    [DUCK_STR] = sizeof(char *),
};

static bool valid(const uint64_t *mask, size_t i)
{
    return !mask || (mask[i / 64] >> (i % 64) & 1);
}

static void copy(const struct duck *d, duckdb_vector v, size_t n, const struct duck_column *to,
                 size_t at, struct arena *a)
{
    void *const from = d->vector_data(v);
    const uint64_t *const mask = d->vector_validity(v);
    switch (to->type) {
    case DUCK_I64:
        for (size_t i = 0; i < n; i++)
            ((int64_t *)to->data)[at + i] = valid(mask, i) ? ((int64_t *)from)[i] : INT64_MIN;
        return;
    case DUCK_I32:
        for (size_t i = 0; i < n; i++)
            ((int32_t *)to->data)[at + i] = valid(mask, i) ? ((int32_t *)from)[i] : INT32_MIN;
        return;
    case DUCK_F64:
        for (size_t i = 0; i < n; i++)
            ((double *)to->data)[at + i] = valid(mask, i) ? ((double *)from)[i] : NOT_MEASURED;
        return;
    case DUCK_STR:
        for (size_t i = 0; i < n; i++) {
            duckdb_string_t *const s = (duckdb_string_t *)from + i;
            ((const char **)to->data)[at + i] =
                valid(mask, i) ? arena_strndup(a, d->string_data(s), d->string_length(*s))
                               : nullptr;
        }
        return;
    }
    unreachable();
}

static enum err_code check_shape(const struct duck *d, duckdb_result *r, const char *sql,
                                 const struct duck_column *columns, size_t n, struct err *e)
{
    if (d->column_count(r) != n)
        return err_set(e, ERR_PARSE, "DuckDB gave %zu columns instead of %zu: %.80s",
                       (size_t)d->column_count(r), n, sql);
    for (size_t i = 0; i < n; i++)
        if (d->column_type(r, i) != wanted[columns[i].type])
            return err_set(e, ERR_PARSE, "column %zu has DuckDB's type %d: %.80s", i,
                           (int)d->column_type(r, i), sql);
    return ERR_OK;
}

enum err_code duck_query(struct duck *d, const char *sql, struct duck_column *columns,
                         size_t n_columns, struct arena *a, size_t *ret_rows, struct err *e)
{
    duckdb_result r = {};
    enum err_code code = ERR_OK;
    if (d->query(d->connection, sql, &r) == DuckDBError)
        code = err_set(e, ERR_IO, "DuckDB: %s", d->result_error(&r));
    else
        code = check_shape(d, &r, sql, columns, n_columns, e);
    const size_t rows = code ? 0 : (size_t)d->row_count(&r);
    for (size_t i = 0; i < n_columns; i++)
        columns[i].data = arena_alloc(a, rows, sizes[columns[i].type]);
    size_t at = 0;
    while (at < rows) {
        duckdb_data_chunk chunk = d->fetch_chunk(r);
        if (!chunk)
            break;
        const size_t n = (size_t)d->chunk_size(chunk);
        for (size_t i = 0; i < n_columns; i++)
            copy(d, d->chunk_vector(chunk, i), n, &columns[i], at, a);
        d->destroy_chunk(&chunk);
        at += n;
    }
    d->destroy_result(&r);
    if (code)
        return code;
    *ret_rows = at;
    return ERR_OK;
}
