/* opt.h - options as data.
 *
 * One row is everything there is to know about one option. The same row parses it, bounds it,
 * prints --help, the man page and the shell completions. An option that is not a row does not
 * exist. Options and operands may come in any order; `--` ends the options; `--name=value`,
 * `--name value`, `-nVALUE` and `-n VALUE` are the same.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"

struct arena;

enum opt_type : uint8_t {
    OPT_END,
    OPT_FLAG,
    OPT_STR,
    OPT_LIST,
    OPT_U32,
    OPT_U64,
    OPT_F64,
    OPT_CHOICE
};

struct opt_list { /* a repeatable option, or the operands, in the order given */
    const char **items;
    size_t n;
};

struct opt {
    enum opt_type type;
    char letter;      /* 0: none */
    const char *name; /* without the dashes */
    const char *arg;  /* "N", "FILE", "DIR"; nullptr for a flag. FILE and DIR complete paths */
    const char *def;  /* text, parsed like any other value; nullptr leaves zero */
    const char *help; /* one line, no full stop */
    size_t offset;    /* into the command's argument struct; from FIELD_OF() */
    double min, max;  /* min < max: a bound */
    const char *const *choice; /* OPT_CHOICE: ends in nullptr */
};

struct opt_set { /* a table and the struct that it fills */
    const struct opt *table;
    void *args;
};

/* Fill every set from its defaults, then from argv[0..argc); operands go to *ret_operands. Sets are
 * searched in order. What is stored is borrowed from argv; lists belong to a.
 * ERR_USAGE names the option, the value, the bound, and the nearest right option.
 */
[[nodiscard]] enum err_code opt_parse(const struct opt_set *sets, size_t n_sets, int argc,
                                      char **argv, struct opt_list *ret_operands, struct arena *a,
                                      struct err *e);
