#include "report/number.h"

#include "base/arena.h"

#include <math.h>

const char *number_short(struct arena *a, double x)
{
    if (!isfinite(x))
        return nullptr;
    const double size = fabs(x);
    if (size >= 1e6)
        return arena_printf(a, "%.0f %03d %03d", trunc(x / 1e6), (int)fmod(trunc(size / 1e3), 1e3),
                            (int)fmod(size, 1e3));
    if (size >= 1e4)
        return arena_printf(a, "%.0f %03d", trunc(x / 1e3), (int)fmod(size, 1e3));
    if (size > 0 && size < 0.001) /* "0.000" would say that it is nothing */
        return arena_printf(a, "%.2g", x);
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    return arena_printf(a, "%.*f", decimals, x);
}
