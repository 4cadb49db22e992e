#include "import/imported_run.h"

#include "base/str.h"
#include "import/target.h"
#include "io/jsonw.h"
#include "store/folder.h"

/* What the lab writes of an invocation, as far as it is known of one that another tool ran. */
void imported_run_json(const struct folder_key *key, const struct imported_run *i,
                       const struct target_source *source, struct str *out)
{
    uint64_t ok = 0;
    enum status worst = STATUS_OK;
    for (size_t p = 0; p < PHASE_COUNT; p++)
        for (size_t s = 0; s < STATUS_COUNT; s++) {
            ok += s == STATUS_OK ? i->counts[p][s] : 0;
            worst = s != STATUS_OK && i->counts[p][s] ? (enum status)s : worst;
        }
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.run/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "source_sha256", source->sha256);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "imported_from", source->file);
    jsonw_kstr(&w, "format", source->format);
    jsonw_kstr(&w, "tool", source->tool);
    jsonw_kstr(&w, "scenario", key->scenario);
    jsonw_kstr(&w, "backend", key->backend);
    jsonw_kstr(&w, "precision", key->precision);
    jsonw_kstr(&w, "model", key->model);
    jsonw_ki64(&w, "invocation", i->number);
    jsonw_ki64(&w, "segment", 0);
    jsonw_kstr(&w, "status", status_name(ok ? STATUS_OK : worst));
    jsonw_kstr(&w, "reason", ok ? nullptr : i->reason);
    jsonw_kobject(&w, "counts");
    for (size_t p = 0; p < PHASE_COUNT; p++) {
        jsonw_kobject(&w, status_phase_name((enum phase)p));
        for (size_t s = 0; s < STATUS_COUNT; s++)
            if (s == STATUS_OK || i->counts[p][s])
                jsonw_ki64(&w, status_name((enum status)s), (int64_t)i->counts[p][s]);
        jsonw_end_object(&w);
    }
    jsonw_end_object(&w);
    jsonw_kstr(&w, "timed_region", i->timed_region);
    jsonw_key(&w, "evidence");
    jsonw_null(&w);
    jsonw_kobject(&w, "null_because");
    jsonw_kstr(&w, "reason", "at least one sample is ok");
    jsonw_kstr(&w, "tool", "the format does not say which tool wrote it");
    jsonw_kstr(&w, "timed_region", "the source does not say it (--map or --const timed_region)");
    jsonw_kstr(&w, "evidence", "imported: nothing proves what ran, or how it was timed");
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}
