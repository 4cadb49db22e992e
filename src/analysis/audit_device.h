/* audit_device.h - which names speak of a GPU, which of a processor. Pure. */
#pragma once

#include "analysis/audit.h"

/* Of a device or an execution provider: "NVIDIA GeForce RTX 4080", "CUDAExecutionProvider". */
[[nodiscard]] bool audit_device_is_gpu(const char *name);
[[nodiscard]] bool audit_device_is_cpu(const char *name);

/* Does the backend's name, but for the settings behind a comma, say that it is on a GPU, on the
 * CPU? A name with both words (an engine for GPUs that offloads) is a GPU's. */
[[nodiscard]] bool audit_device_label_gpu(const struct audit_cell *c);
[[nodiscard]] bool audit_device_label_cpu(const struct audit_cell *c);
