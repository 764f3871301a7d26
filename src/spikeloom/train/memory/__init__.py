"""The memory of training: predicted, planned, printed."""

from spikeloom.train.memory.plan import Budget as Budget
from spikeloom.train.memory.plan import MemoryPlan as MemoryPlan
from spikeloom.train.memory.plan import memory_plan as memory_plan

__all__ = ["Budget", "MemoryPlan", "memory_plan"]
