/* sensor.h - what tells of power and heat: RAPL, hwmon, and NVIDIA's GPUs through NVML. */
#pragma once

struct facts;

void sensor_facts(const char *root, struct facts *f); /* RAPL and hwmon; root: see cpu.h */
void sensor_gpu_facts(struct facts *f);               /* loads libnvidia-ml where it is there */
