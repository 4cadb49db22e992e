/* resolve.h - from a model's name in an experiment to where it lies and what it is. */
#pragma once

#include "base/err.h"
#include "domain/model_facts.h"

struct arena;

/* name: a Hugging Face folder, a .gguf, an ONNX folder, a tag (has ':' and is no path), or
 * synth:gpt2/L=8,d=512,h=8,... (model/synth_spec.h). A relative path is tried in folder
 * (nullptr: skipped), then in the working directory.
 *
 * make = false never writes: a synth model that is not in the cache has its facts from the formula
 * and the path where it would lie. make = true writes it there, once, whoever else asks at the same
 * time. Nothing found is no error: kind is MODEL_MISSING and why_missing says what was looked for.
 * A model that is there but broken is an error, and so is a synth name that makes no sense
 * (ERR_USAGE).
 */
[[nodiscard]] enum err_code resolve_model(const char *name, const char *folder, bool make,
                                          struct arena *a, struct model_facts *ret, struct err *e);
