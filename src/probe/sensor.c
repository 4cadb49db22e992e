#include "probe/sensor.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/dlib.h"
#include "probe/facts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr unsigned MOST_SENSORS = 32;

static void rapl(const char *root, struct facts *f)
{
    const char *const zone = "/sys/class/powercap/intel-rapl:0";
    const char *const name = facts_file(f, root, arena_printf(f->arena, "%s/name", zone));
    const char *const energy = facts_file(f, root, arena_printf(f->arena, "%s/energy_uj", zone));
    if (energy)
        facts_text(f, "rapl", name ? name : "package-0");
    else if (name)
        facts_unknown(f, "rapl", "%s%s/energy_uj may not be read; root may, or chmod a+r it", root,
                      zone);
    else
        facts_unknown(f, "rapl",
                      "no /sys/class/powercap/intel-rapl:0: a virtual machine, or a "
                      "processor without RAPL");
}

static void temperature(const char *root, struct facts *f)
{
    double hottest = NOT_MEASURED;
    const char *where = nullptr;
    for (unsigned i = 0; i < MOST_SENSORS; i++) {
        const char *const at = arena_printf(f->arena, "/sys/class/hwmon/hwmon%u", i);
        const char *const milli = facts_file(f, root, arena_printf(f->arena, "%s/temp1_input", at));
        if (!milli || !*milli)
            continue;
        const double celsius = strtod(milli, nullptr) / 1e3;
        if (!where || celsius > hottest) {
            hottest = celsius;
            where = facts_file(f, root, arena_printf(f->arena, "%s/name", at));
            where = where ? where : at;
        }
    }
    if (where) {
        facts_number(f, "temperature_celsius", hottest);
        facts_text(f, "temperature_sensor", where);
    } else {
        facts_unknown(f, "temperature_celsius", "no sensor in /sys/class/hwmon");
    }
}

void sensor_facts(const char *root, struct facts *f)
{
    f->group = "sensors";
    rapl(root, f);
    temperature(root, f);
}

/* NVML's interface, declared here because its header comes with CUDA and the library with the
 * driver. */
struct nvml_memory {
    unsigned long long total, free, used;
};
struct nvml_utilization {
    unsigned gpu, memory;
};
int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlSystemGetDriverVersion(char *text, unsigned room);
int nvmlDeviceGetCount_v2(unsigned *ret);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **ret);
int nvmlDeviceGetName(void *device, char *text, unsigned room);
int nvmlDeviceGetMemoryInfo(void *device, struct nvml_memory *ret);
int nvmlDeviceGetUtilizationRates(void *device, struct nvml_utilization *ret);
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *ret);
int nvmlDeviceGetPowerUsage(void *device, unsigned *ret_milliwatt);

struct nvml {
    typeof(nvmlInit_v2) *init;
    typeof(nvmlShutdown) *shutdown;
    typeof(nvmlSystemGetDriverVersion) *driver;
    typeof(nvmlDeviceGetCount_v2) *count;
    typeof(nvmlDeviceGetHandleByIndex_v2) *handle;
    typeof(nvmlDeviceGetName) *name;
    typeof(nvmlDeviceGetMemoryInfo) *memory;
    typeof(nvmlDeviceGetUtilizationRates) *utilization;
    typeof(nvmlDeviceGetTemperature) *temperature;
    typeof(nvmlDeviceGetPowerUsage) *power;
};

static enum err_code open_nvml(struct nvml *n, struct err *e)
{
    static const char *const names[] = {"libnvidia-ml.so.1", nullptr};
    const struct dlib_symbol symbols[] = {
        DLIB_SYMBOL(nvmlInit_v2, n->init),
        DLIB_SYMBOL(nvmlShutdown, n->shutdown),
        DLIB_SYMBOL(nvmlSystemGetDriverVersion, n->driver),
        DLIB_SYMBOL(nvmlDeviceGetCount_v2, n->count),
        DLIB_SYMBOL(nvmlDeviceGetHandleByIndex_v2, n->handle),
        DLIB_SYMBOL(nvmlDeviceGetName, n->name),
        DLIB_SYMBOL(nvmlDeviceGetMemoryInfo, n->memory),
        DLIB_SYMBOL(nvmlDeviceGetUtilizationRates, n->utilization),
        DLIB_SYMBOL(nvmlDeviceGetTemperature, n->temperature),
        DLIB_SYMBOL(nvmlDeviceGetPowerUsage, n->power),
    };
    return dlib_open(names, symbols, COUNT_OF(symbols), nullptr, e);
}

/* Each quantity by itself: a data-centre GPU gives all of them, another one may refuse some. */
static void first_device(const struct nvml *n, struct facts *f)
{
    void *device = nullptr;
    char text[128] = "";
    struct nvml_memory memory = {};
    struct nvml_utilization busy = {};
    unsigned celsius = 0, milliwatt = 0;
    if (n->handle(0, &device) != 0) {
        facts_unknown(f, "name", "NVML does not give device 0");
        return;
    }
    if (n->name(device, text, sizeof text) == 0)
        facts_text(f, "name", text);
    if (n->memory(device, &memory) == 0) {
        facts_number(f, "memory_total_bytes", (double)memory.total);
        facts_number(f, "memory_free_bytes", (double)memory.free);
    }
    if (n->utilization(device, &busy) == 0)
        facts_number(f, "utilisation_percent", busy.gpu);
    else
        facts_unknown(f, "utilisation_percent", "this GPU does not tell");
    if (n->temperature(device, 0, &celsius) == 0)
        facts_number(f, "temperature_celsius", celsius);
    else
        facts_unknown(f, "temperature_celsius", "this GPU does not tell");
    if (n->power(device, &milliwatt) == 0)
        facts_number(f, "power_w", milliwatt / 1e3);
    else
        facts_unknown(f, "power_w", "this GPU does not tell");
}

void sensor_gpu_facts(struct facts *f)
{
    f->group = "gpu";
    struct nvml n = {};
    struct err e = {};
    char driver[96] = "";
    unsigned devices = 0;
    if (open_nvml(&n, &e)) {
        facts_unknown(f, "devices", "no NVIDIA driver: libnvidia-ml.so.1 is not there");
        return;
    }
    if (n.init() != 0 || n.count(&devices) != 0) {
        facts_unknown(f, "devices", "libnvidia-ml is there, but the driver does not answer");
        return;
    }
    facts_number(f, "devices", devices);
    if (n.driver(driver, sizeof driver) == 0)
        facts_text(f, "driver", driver);
    if (devices > 0)
        first_device(&n, f);
    (void)n.shutdown();
}
