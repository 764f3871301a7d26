#!/usr/bin/env bash
# Builds the three environments that the benchmarks compare against, beside the project's own .venv:
#   .venv-peers-train   torch (CPU build) with snnTorch, SpikingJelly, Norse, sinabs and NeuroBench
#   .venv-peers-sim     Brian2 2.9 (wants NumPy below 2.4) with Cython, NEST 3.10 and Numba
#   .venv-peers-neuron  NEURON 9.0 with CoreNEURON, which brings its own interpreter's libraries
# Run it again at any time: a finished environment of the same recipe is left alone. Versions that a
# figure may depend on are pinned.
#
# Why --no-deps: SpikingJelly and Norse ask for torchvision, which would bring the CUDA build of
# torch (about 6 GB). Their neuron modules never import it (only data sets and ready-made image
# models do), and sinabs imports its chip SDK only to talk to a chip. So the five packages go in
# alone, followed by the few small packages that their neuron modules do import. pip then lists
# what is missing; each import is tried below, and that is the test that counts.
#
# Numba comes from its wheel, whose LLVM is built without Intel's vector maths: `numba -s` says so,
# and installing the SVML package beside it changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
torch=torch==2.13.0 # exactly this spec gives the CPU build
train_alone=(snntorch==1.0.0 spikingjelly==2.0.0 norse==1.1.0 sinabs==3.1.3 neurobench==2.3.0)
train_small=(numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.2 packaging tqdm loguru lazy-loader==0.6
    nir==1.0.8 nirtorch==2.6 pbr)
cells=(neuron==9.0.2 numpy==2.4.6)
sim=(brian2==2.9.0 nest-simulator==3.10.0 numpy==2.3.5 cython==3.3.1 numba==0.68.1 sympy==1.14.0
    setuptools)

build() { # build DIR RECIPE-TEXT FUNCTION IMPORT...
    local dir=$1 recipe=$2 install=$3
    shift 3
    if [[ -f $dir/recipe.txt && $(<"$dir/recipe.txt") == "$recipe" ]]; then
        echo "bench-peers: $dir is ready"
    else
        echo "bench-peers: building $dir"
        rm -rf "$dir"
        "$python" -m venv "$dir"
        "$install" "$dir/bin/python"
    fi
    for module in "$@"; do
        "$dir/bin/python" -c "import $module" || {
            echo "bench-peers: $dir cannot import $module; remove $dir and run this again" >&2
            exit 1
        }
    done
    echo "$recipe" >"$dir/recipe.txt"
    echo "bench-peers: $dir imports $*"
}

pip_install() { "$1" -m pip install --quiet --disable-pip-version-check "${@:2}"; }

install_train() {
    pip_install "$1" "$torch" # first and alone, so that nothing can pull in another build
    pip_install "$1" "$torch" "${train_small[@]}"
    pip_install "$1" --no-deps "${train_alone[@]}"
}

install_cells() { pip_install "$1" "${cells[@]}"; }

install_sim() { pip_install "$1" "${sim[@]}"; }

build .venv-peers-train "$torch ${train_small[*]} | ${train_alone[*]}" install_train \
    torch snntorch spikingjelly.activation_based.neuron norse.torch sinabs.layers neurobench.models
build .venv-peers-sim "${sim[*]}" install_sim numpy numba Cython brian2 nest
build .venv-peers-neuron "${cells[*]}" install_cells numpy neuron
command -v g++ >/dev/null ||
    echo "bench-peers: no g++ here: Brian2 standalone and torch.compile rows will be left out" >&2
