"""Data sets and pictures: what goes into a network, checked at the door.

>>> from spikeloom.data import load_digits
>>> load_digits().test
digits test: 359 examples of 8 × 8, 10 classes (CC BY 4.0)
"""

from __future__ import annotations

from spikeloom.data.cochlea import Gammatone as Gammatone
from spikeloom.data.dataset import Dataset as Dataset
from spikeloom.data.dataset import Splits as Splits
from spikeloom.data.digits import load_digits as load_digits
from spikeloom.data.events import Denoise as Denoise
from spikeloom.data.events import Events as Events
from spikeloom.data.events import FramesByCount as FramesByCount
from spikeloom.data.events import FramesByTime as FramesByTime
from spikeloom.data.events import TimeSurface as TimeSurface
from spikeloom.data.events import VoxelGrid as VoxelGrid
from spikeloom.data.events import read_atis as read_atis
from spikeloom.data.events import slices_by_count as slices_by_count
from spikeloom.data.events import slices_by_time as slices_by_time
from spikeloom.data.fashion import load_fashion_mnist as load_fashion_mnist
from spikeloom.data.folds import k_fold as k_fold
from spikeloom.data.folds import leave_one_group_out as leave_one_group_out
from spikeloom.data.fsdd import Front as Front
from spikeloom.data.fsdd import load_fsdd as load_fsdd
from spikeloom.data.home import Home as Home
from spikeloom.data.home import Remote as Remote
from spikeloom.data.idx import read_idx as read_idx
from spikeloom.data.images import looks_inverted as looks_inverted
from spikeloom.data.images import read_image as read_image
from spikeloom.data.levels import Scale as Scale
from spikeloom.data.mel import LogMel as LogMel
from spikeloom.data.mitbih import load_mitbih as load_mitbih
from spikeloom.data.mnist import load_mnist as load_mnist
from spikeloom.data.nmnist import Recordings as Recordings
from spikeloom.data.nmnist import load_nmnist as load_nmnist
from spikeloom.data.nmnist import read_nmnist as read_nmnist
from spikeloom.data.silence import Trimmed as Trimmed
from spikeloom.data.sound_codes import Coded as Coded
from spikeloom.data.sound_codes import LIFBands as LIFBands
from spikeloom.data.split import stratified as stratified
from spikeloom.data.stretch import stretched as stretched
from spikeloom.data.usual_beat import beside_usual as beside_usual
from spikeloom.data.wav import read_wav as read_wav
from spikeloom.data.wav import resampled as resampled
from spikeloom.data.yin_yang import load_yin_yang as load_yin_yang
