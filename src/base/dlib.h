/* dlib.h - libraries that are found at run time, so that chimera starts where they are not.
 *
 * An engine's or a store's library is opened by the first call that needs it; where it is absent,
 * the part that needs it is `unavailable` with the reason and the rest works.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct dlib_symbol {
    const char *name;
    void **slot; /* set to the symbol's address; its type is the caller's typeof(function) * */
};

/* A row whose slot has the type that the library's own header declares. */
#define DLIB_SYMBOL(fn, variable)                                                                  \
    {.name = #fn, .slot = (void **)&(variable) + 0 * sizeof(struct {                               \
                                                     static_assert(__builtin_types_compatible_p(   \
                                                         typeof(variable), typeof(fn) *));         \
                                                     int unused;                                   \
                                                 })}

/* Open the first of names[] (nullptr-terminated) that loads and fill every slot.
 * ERR_UNAVAILABLE says which names were tried and what the loader said. Never closed: the engines
 * keep threads and static state. *ret_path (may be nullptr) is the path of the file that was
 * loaded, valid as long as the process. */
[[nodiscard]] enum err_code dlib_open(const char *const *names, const struct dlib_symbol *symbols,
                                      size_t n_symbols, const char **ret_path, struct err *e);
