"""Kernels of vectorbt that numba would compile at every start are kept on the disk like all others."""

from typing import Any

UNNAMED = "_MemoMixin__uuid"  # where numba keeps a function's name in its memory, None until somebody asks for it


def keep(*kernels: Any) -> None:
    """Let numba keep these, which vectorbt does not ask it to. Call before their first use."""
    for kernel in kernels:
        kernel.enable_caching()


def keep_reductions(kernel: Any) -> None:
    """Keep ``kernel``, a reduction that is compiled for each function that it is given.

    Numba finds a kept one again by the names of those functions, which are random in each process unless they are given.
    A name holds vectorbt's version, for its functions may change with it.
    """
    import vectorbt
    from numba.core.dispatcher import Dispatcher
    from vectorbt.generic import nb

    members: dict[str, Any] = vars(nb)
    for name, reduction in members.items():
        named = getattr(reduction, UNNAMED, "") is not None
        if "reduce" in name and isinstance(reduction, Dispatcher) and not named:
            members[name]._set_uuid(f"vectorbt {vectorbt.__version__} {name}")
    kernel.enable_caching()
