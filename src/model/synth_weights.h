/* synth_weights.h - the weights of a synth model. */
#pragma once

#include "model/synth.h"

/* Writes folder/model.safetensors; memory does not grow with the model. */
[[nodiscard]] enum err_code synth_weights_write(const struct synth_spec *s, const char *folder,
                                                struct arena *a, struct err *e);
