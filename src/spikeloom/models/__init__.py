"""The models: each in one file, each stated once.

``__init__.pyi`` beside this file lists them. A model is loaded when its name is first used: reading
the equations of the whole library takes longer than running a small network.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
