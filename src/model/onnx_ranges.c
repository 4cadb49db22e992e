#include "model/onnx_ranges.h"

#include <math.h>
#include <string.h>

float onnx_ranges_of(const struct onnx_ranges *r, const char *name)
{
    for (size_t i = 0; r && i < r->n; i++)
        if (strcmp(r->ranges[i].name, name) == 0)
            return r->ranges[i].largest;
    return NAN;
}
