#include "model/export_onnx.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "model/checkpoint.h"
#include "model/onnx_decoder.h"
#include "model/onnx_form.h"
#include "model/onnx_weights.h"

constexpr char DATA[] = "model.onnx.data";

enum err_code export_onnx(const struct checkpoint *m, const char *precision,
                          const struct onnx_ranges *ranges, const char *folder, struct arena *a,
                          struct export_report *r, struct err *e)
{
    const struct onnx_form *const form = onnx_form_find(precision);
    if (!form)
        return err_set(e, ERR_UNSUPPORTED, "the ONNX export has %s, not %s", onnx_form_names(),
                       precision);
    if (m->config.activation == HF_ACTIVATION_OTHER)
        return err_set(e, ERR_UNSUPPORTED, "'%s': the activation '%s' cannot be exported to ONNX",
                       m->folder, m->config.activation_name ? m->config.activation_name : "(none)");
    struct onnx_write *const graph = onnx_write_new(a, m->config.architecture, DATA);
    CLEANUP(onnx_weights_freep) struct onnx_weights *w = nullptr;
    if (onnx_weights_open(m->file, graph, file_join(a, folder, DATA), r, a, &w, e))
        return e->code;
    onnx_weights_calibrate(w, ranges);
    onnx_decoder_graph(m, form, w, a);
    if (onnx_weights_close(w, e))
        return e->code;
    return onnx_write_save(graph, file_join(a, folder, "model.onnx"), e);
}
