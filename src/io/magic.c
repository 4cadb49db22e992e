#include "io/magic.h"

#include "base/defs.h"

#include <string.h>

const char *magic_of(const char *bytes, size_t n)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *what;
    } kinds[] = {
        {"\xff\xfe", 2, "UTF-16 text; convert it to UTF-8"},
        {"\xfe\xff", 2, "UTF-16 text; convert it to UTF-8"},
        {"\x1f\x8b", 2, "compressed with gzip; unpack it first"},
        {"\x28\xb5\x2f\xfd", 4, "compressed with zstd; unpack it first"},
        {"\xfd"
         "7zXZ",
         5, "compressed with xz; unpack it first"},
        {"BZh", 3, "compressed with bzip2; unpack it first"},
        {"PK\x03\x04", 4, "a zip archive or a spreadsheet; save it as CSV"},
        {"PAR1", 4, "Parquet; write it as CSV"},
        {"SQLite format 3", 15, "a database of SQLite; write the table as CSV"},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (n >= kinds[i].n && memcmp(bytes, kinds[i].magic, kinds[i].n) == 0)
            return kinds[i].what;
    return nullptr;
}
