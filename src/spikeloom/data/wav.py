"""Sound from WAV files: whole numbers in, one channel of values in [-1, 1] out."""

from __future__ import annotations

import io
import math
import wave
from pathlib import Path

import numpy as np

from spikeloom.errors import DataError, ParameterError

AGAIN = "fetch the file again: it was probably cut off or altered on its way"


def read_wav(
    path: str | Path, *, rate: int | None = None, content: bytes | None = None
) -> tuple[np.ndarray, int]:
    """Read one WAV file of whole numbers (8, 16, 24 or 32 bits); channels are averaged.

    Arguments:
        path: The file; with `content`, only its name for messages.
        rate: Sampling rate in Hz to bring the sound to; None keeps the file's own.
        content: The bytes of the file where they are already at hand, as from an archive.
    Returns:
        float32 array (samples,) in [-1, 1], and its sampling rate in Hz.
    Raises:
        DataError: No such file, not WAV, cut short, or empty.

    >>> import tempfile, wave
    >>> name = Path(tempfile.mkdtemp()) / "tone.wav"
    >>> with wave.open(str(name), "wb") as file:
    ...     file.setparams((1, 2, 8000, 0, "NONE", ""))
    ...     file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    >>> sound, rate = read_wav(name)
    >>> sound.tolist(), rate
    ([0.0, 0.5, -1.0], 8000)
    """
    try:
        body = Path(path).read_bytes() if content is None else content
        with wave.open(io.BytesIO(body)) as file:
            form = file.getparams()
            frames = file.readframes(form.nframes)
    except FileNotFoundError as fault:
        raise DataError(f"{path}: there is no such file.", hint="check the path") from fault
    except (wave.Error, EOFError, RuntimeError) as fault:
        raise DataError(
            f"{path}: not a readable WAV file ({fault or 'it ends too early'}).",
            hint="save it as WAV with whole numbers (PCM), 8 to 32 bits",
        ) from fault
    except OSError as fault:
        raise DataError(
            f"{path}: cannot be read ({fault.strerror or fault}).",
            hint="check that it is a file and that you may read it",
        ) from fault
    if form.sampwidth > 4:
        raise DataError(
            f"{path}: numbers of {8 * form.sampwidth} bits are not understood.",
            hint="save it as WAV with whole numbers (PCM), 8 to 32 bits",
        )
    size = form.sampwidth * form.nchannels
    if len(frames) < form.nframes * size:
        raise DataError(
            f"{path}: cut short: its header announces {form.nframes:,} samples, "
            f"but only {len(frames) // size:,} are there.",
            hint=AGAIN,
        )
    if not form.nframes:
        raise DataError(f"{path}: an empty recording: it holds no samples.", hint=AGAIN)
    if form.framerate <= 0:
        raise DataError(f"{path}: its sampling rate is {form.framerate} Hz.", hint=AGAIN)
    sound = _numbers(frames, form.sampwidth).reshape(-1, form.nchannels).mean(1, dtype=np.float32)
    if rate is None or rate == form.framerate:
        return sound, form.framerate
    return resampled(sound, form.framerate, rate), rate


def resampled(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The same sound at another sampling rate, through a polyphase low-pass filter.

    Arguments:
        sound: float32 array (samples,) in [-1, 1].
        rate: Its sampling rate, Hz.
        wanted: The new one, Hz.
    Returns:
        float32 array (ceil(samples · wanted / rate),), clipped to [-1, 1].

    >>> resampled(np.ones(8, "f4"), 16000, 8000).shape
    (4,)
    """
    from scipy.signal import resample_poly

    if rate < 1 or wanted < 1:
        raise ParameterError(f"sampling rates must be positive, got {rate} and {wanted} Hz.")
    common = math.gcd(rate, wanted)
    new = resample_poly(sound, wanted // common, rate // common)
    return np.clip(new, -1.0, 1.0).astype(np.float32)


def _numbers(frames: bytes, width: int) -> np.ndarray:
    if width == 1:  # the only unsigned form
        return (np.frombuffer(frames, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if width == 3:
        parts = np.frombuffer(frames, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(parts), 4), np.uint8)
        whole[:, 1:] = parts  # as the upper bytes, so that the sign is in its place
        return (whole.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    return (np.frombuffer(frames, f"<i{width}") / 2.0 ** (8 * width - 1)).astype(np.float32)
