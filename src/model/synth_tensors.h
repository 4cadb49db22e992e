/* synth_tensors.h - the weights of a synth model: names, shapes, and how they are drawn. */
#pragma once

#include "model/safetensors.h"
#include "model/synth_spec.h"

struct synth_tensor {
    struct safetensors_tensor shape;
    double centre, std;
    bool paired; /* each odd row is the negative of the row before it */
};

/* In the order of the file. s is complete. */
size_t synth_tensors_list(const struct synth_spec *s, struct arena *a, struct synth_tensor **ret);
