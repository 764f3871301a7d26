"""LLVM IR text -> object code -> a function to call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from spikeloom.engines.cpu.host import Host
from spikeloom.errors import EngineError

Native = Callable[[int, int, int, int], None]
"""A kernel: address of its slots, first column, end column, address of its scratch memory."""


@lru_cache(maxsize=4)
def _machine(host: Host) -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=host.cpu, features=host.features, opt=2, reloc="pic", codemodel="small"
    )


def compile_text(text: str, host: Host) -> bytes:
    """Optimise a module and give its object code.

    The IR is already in vectors and in the order we want, so the passes are few: tidy up, take
    what does not change out of the loops, share repeated work.

    Raises:
        EngineError: LLVM refuses the text, which is a fault of this engine.
    """
    import llvmlite.binding as llvm

    machine = _machine(host)
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise EngineError(
            f"cpu engine: LLVM refuses a kernel: {error}",
            hint="this is a fault of spikeloom; please report it with the model",
        ) from error
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    passes.add_dead_code_elimination_pass()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    passes.run(module, llvm.create_pass_builder(machine, tuning))
    return machine.emit_object(module)


class Loaded:
    """Object code in memory. Its functions live as long as it does."""

    def __init__(self, code: bytes, host: Host) -> None:
        import llvmlite.binding as llvm

        empty = llvm.parse_assembly("")
        # The machine is handed over to the just-in-time loader, so it cannot be the shared one.
        _machine(host)
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=host.cpu, features=host.features, opt=0, reloc="pic", codemodel="small"
        )
        self._engine = llvm.create_mcjit_compiler(empty, machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def function(self, name: str) -> Native:
        """One of its functions; a call lets other Python threads run."""
        address = self._engine.get_function_address(name)
        if not address:
            raise EngineError(f"cpu engine: the object code has no function {name!r}.")
        kind = ctypes.CFUNCTYPE(
            None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
        )
        native = kind(address)
        native.owner = self  # type: ignore[attr-defined]  # keeps the code in memory
        return native
