"""What this Python has for the transformers engine, as one JSON object. With the argument `deep` torch is
imported (seconds); without it only the packages' records are read."""

import importlib.metadata as metadata
import importlib.util as util
import json
import os
import re
import shutil
import sys
import sysconfig


def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def torch_cuda(folder):
    """The CUDA version that torch was built for: a line of torch/version.py."""
    try:
        with open(os.path.join(folder, "version.py"), encoding="utf-8") as f:
            found = re.search(r"^cuda\b[^=]*=\s*['\"]([^'\"]+)", f.read(), re.M)
    except OSError:
        return None
    return found and found.group(1)


def blas():
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as f:
        paths = sorted({line.split(maxsplit=5)[5].strip() for line in f if ".so" in line and "/" in line})
    for kind in ("mkl", "openblas", "blis", "libblas"):
        for path in paths:
            name = os.path.basename(path)
            if kind in name or (kind == "openblas" and kind in path and "blas" in name):
                return {"kind": "reference" if kind == "libblas" else kind, "path": path}
    return None


spec = util.find_spec("torch")
torch_path = os.path.dirname(spec.origin) if spec and spec.origin else None
found = {"executable": sys.executable, "python": sys.version.split()[0], "torch_path": torch_path}
for package in ("torch", "transformers", "numpy", "tokenizers", "safetensors"):
    found[package] = version(package)
found["cuda"] = torch_cuda(torch_path) if torch_path else None
found["cxx"] = shutil.which(os.environ.get("CXX") or "g++")
found["python_h"] = os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
if sys.argv[1:] == ["deep"]:
    try:
        import torch
    except Exception as error:  # a broken installation is an answer too
        found["import_error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    else:
        torch.ones(64, 64) @ torch.ones(64, 64)  # a BLAS may be loaded by the first product only
        found["blas"] = blas()
        found["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
        found["cuda_devices"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
json.dump(found, sys.stdout)
