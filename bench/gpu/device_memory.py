# SPDX-License-Identifier: Apache-2.0
"""How much memory of a GPU is in use, and how much a process has used at its peak."""
import contextlib
import ctypes
import os
import pathlib
import re
import threading

SAMPLING_SECONDS = 0.02


class MemoryInfo(ctypes.Structure):
    """nvmlMemory_t"""
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Nvml:
    """The GPU that CUDA programs see first, through the driver's management library. Raises OSError without one."""

    def __init__(self):
        self.library = ctypes.CDLL("libnvidia-ml.so.1")
        self.check("nvmlInit_v2", self.library.nvmlInit_v2())
        self.handle = ctypes.c_void_p()
        first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
        if first.startswith(("GPU-", "MIG-")):
            status = self.library.nvmlDeviceGetHandleByUUID(first.encode(), ctypes.byref(self.handle))
        else:
            index = ctypes.c_uint(int(first) if first.isdigit() else 0)
            status = self.library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(self.handle))
        self.check("nvmlDeviceGetHandle", status)

    @staticmethod
    def check(function, status):
        if status != 0:
            raise OSError(f"{function}: NVML error {status}")

    def used_bytes(self):
        """Of all processes together, and of the driver."""
        memory = MemoryInfo()
        self.check("nvmlDeviceGetMemoryInfo", self.library.nvmlDeviceGetMemoryInfo(self.handle, ctypes.byref(memory)))
        return memory.used

    def is_exclusive(self):
        """Whether only one process at a time may compute there. A slice of a GPU (MIG) has no such mode."""
        mode = ctypes.c_int()
        status = self.library.nvmlDeviceGetComputeMode(self.handle, ctypes.byref(mode))
        return status == 0 and mode.value != 0


class GpuPeak:
    """Memory that is added while a contender starts and warms up. Nothing else may allocate meanwhile; peaks shorter than
    SAMPLING_SECONDS are missed, but both sides keep what they have released."""
    measure = "NVML, of the whole device, beyond what was in use before the start"

    def __init__(self, nvml):
        self.nvml = nvml

    @contextlib.contextmanager
    def watch(self, row):
        before = peak = self.nvml.used_bytes()
        over = threading.Event()

        def sample():
            nonlocal peak
            while not over.wait(SAMPLING_SECONDS):
                peak = max(peak, self.nvml.used_bytes())

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        try:
            yield
            row["memory_bytes"] = max(peak, self.nvml.used_bytes()) - before
        finally:
            over.set()
            sampler.join()

    @staticmethod
    def take(_pid, _row):
        """What counts was seen while it started."""


class ProcessPeak:
    """Memory of the process on the host, as Linux counts it: a rehearsal of the figure above."""
    measure = "host memory of the process (VmHWM)"

    @staticmethod
    def watch(_row):
        return contextlib.nullcontext()

    @staticmethod
    def take(pid, row):
        with contextlib.suppress(OSError):
            found = re.search(r"^VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
            row["memory_bytes"] = 1024 * int(found.group(1)) if found else None


class NoPeak(ProcessPeak):
    """There is no NVML."""

    def __init__(self, reason):
        self.measure = f"not measured: {reason}"

    @staticmethod
    def take(_pid, _row):
        """There is nothing to be had."""
