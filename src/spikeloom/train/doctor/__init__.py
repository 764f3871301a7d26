"""The training doctor: what keeps a network from learning, and what to change."""

from spikeloom.train.doctor.callback import Doctor as Doctor
from spikeloom.train.doctor.callback import DoctorWarning as DoctorWarning
from spikeloom.train.doctor.examine import examine as examine
from spikeloom.train.doctor.finding import Diagnosis as Diagnosis
from spikeloom.train.doctor.finding import Finding as Finding
from spikeloom.train.doctor.finding import Reading as Reading

__all__ = ["Diagnosis", "Doctor", "DoctorWarning", "Finding", "Reading", "examine"]
