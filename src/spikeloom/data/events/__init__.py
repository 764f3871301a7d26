"""Streams of an event camera: what an event is, and ways to turn streams into frames.

>>> import numpy as np
>>> from spikeloom.data.events import Events, FramesByTime
>>> stream = Events(t=[0, 5, 10], x=[0, 1, 1], y=[0, 0, 0], p=[1, 0, 1], shape=(1, 2))
>>> FramesByTime(2)(stream).sum(axis=(1, 2, 3)).tolist()
[1.0, 2.0]
"""

from spikeloom.data.events.atis import read_atis as read_atis
from spikeloom.data.events.denoise import Denoise as Denoise
from spikeloom.data.events.events import Events as Events
from spikeloom.data.events.frames import FramesByCount as FramesByCount
from spikeloom.data.events.frames import FramesByTime as FramesByTime
from spikeloom.data.events.slices import slices_by_count as slices_by_count
from spikeloom.data.events.slices import slices_by_time as slices_by_time
from spikeloom.data.events.surface import TimeSurface as TimeSurface
from spikeloom.data.events.transform import Transform as Transform
from spikeloom.data.events.voxel import VoxelGrid as VoxelGrid
