"""The TensorFlow Lite runtimes: finding one, and running a network from checked bytes."""

import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module, metadata
from types import ModuleType
from typing import Any, TypedDict

import numpy as np

from ..errors import DamagedModelError, NoRuntimeError, UsageError

LAST_PYTHON = {"tflite-runtime": (3, 11)}
"""The newest Python for which a runtime has wheels; for others every one that we support."""
RUNTIMES = {"ai-edge-litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}
"""Distribution and package of each runtime, the faster first."""

KERNELS = {"default": "AUTO", "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}
"""Kernel sets: the runtime's choice; without delegates; the reference kernels, equal on every processor."""

HEAD = "head"
"""The signature by which the output of a page model can be had of the features of its leads (`convert/head.py`)."""


@dataclass(frozen=True)
class Runtime:
    """A runtime that can be used: its distribution, version and `interpreter` module."""

    name: str
    version: str
    interpreter: ModuleType


class Quantisation(TypedDict):
    """How a tensor's numbers are stored; `scale` is 0.0 where they are not quantised."""

    dtype: str
    scale: float
    zero_point: int


def find_runtime(name: str | None = None) -> Runtime:
    """The `Runtime` called `name`, or the fastest that works where None.

    Raises
    ------
    UsageError : there is no runtime of that name.
    NoRuntimeError : it is not installed or does not work; the message says what to do.
    """
    if name is not None and name not in RUNTIMES:
        raise UsageError(f"no runtime {name!r}: there are {', '.join(RUNTIMES)}")
    problems = []
    for candidate in [name] if name else RUNTIMES:
        try:
            return _load(candidate)
        except NoRuntimeError as error:
            problems.append(str(error))
    raise NoRuntimeError("No TensorFlow Lite runtime can be used. " + " ".join(problems))


def usable_runtimes() -> list[Runtime]:
    """All `Runtime`s that can be used here, the fastest first; empty where there is none."""
    found = []
    for name in RUNTIMES:
        with suppress(NoRuntimeError):
            found.append(_load(name))
    return found


def has_wheels(name: str) -> bool:
    """Whether a runtime can be installed for this Python at all."""
    return name not in LAST_PYTHON or sys.version_info[:2] <= LAST_PYTHON[name]


def _load(name: str) -> Runtime:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        missing = f"pip install {name}" if has_wheels(name) else "there is none for this Python"
        raise NoRuntimeError(f"{name} is not installed ({missing}).") from None
    if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        # Its import succeeds all the same, and constructing an interpreter ends in a SystemError.
        raise NoRuntimeError(
            f"{name} {version} needs NumPy 1, and NumPy {np.__version__} is installed"
            " (pip install 'numpy<2', or pip install ai-edge-litert)."
        )
    try:
        module = import_module(f"{RUNTIMES[name]}.interpreter")
    except Exception as error:
        raise NoRuntimeError(
            f"{name} {version} is installed and cannot be loaded ({type(error).__name__}: {error})."
        ) from error
    return Runtime(name, version, module)


class Network:
    """One model in one interpreter; not to be shared between threads.

    Parameters
    ----------
    data : bytes of a .tflite file, checked by the caller: damaged ones can crash the process
    runtime : `Runtime`
    threads : int ≥ 1
    kernels : a key of `KERNELS`
    """

    def __init__(self, data: bytes, runtime: Runtime, threads: int = 1, kernels: str = "default") -> None:
        if not isinstance(threads, int) or threads < 1:
            raise UsageError(f"threads must be a whole number of at least 1, not {threads}")
        resolver = getattr(runtime.interpreter.OpResolverType, KERNELS[kernels])
        self.runtime = runtime
        self.threads = threads
        try:
            self._interpreter = runtime.interpreter.Interpreter(
                model_content=data, num_threads=threads, experimental_op_resolver_type=resolver
            )
            self._input = self._interpreter.get_input_details()[0]
            self._output, *self._features = self._interpreter.get_output_details()
        except (ValueError, RuntimeError, SystemError, ImportError) as error:
            problem = " ".join(str(error).split())
            raise DamagedModelError(f"{runtime.name} {runtime.version} cannot load the model: {problem}") from error
        self._levels = _levels_of(self._input)
        self._batch: int | None = None
        self._one_by_one = kernels != "reference" and self._crashes_on_batches()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input, without the batch."""
        return tuple(int(side) for side in self._input["shape_signature"][1:])

    def quantisation(self) -> dict[str, Quantisation]:
        """{"input", "output"}: the `Quantisation` of both tensors."""
        return {
            end: {
                "dtype": np.dtype(detail["dtype"]).name,
                "scale": float(detail["quantization"][0]),
                "zero_point": int(detail["quantization"][1]),
            }
            for end, detail in (("input", self._input), ("output", self._output))
        }

    def quantise(self, images: np.ndarray) -> np.ndarray:
        """(N, h, w) uint8 leads as the network's input tensor (N, h, w, channels); 255 stands for 1.0."""
        channels = self.input_shape[-1]
        return np.repeat(self._levels[images][..., None], channels, axis=-1)

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """The network's output (N, classes), as float32, of an input tensor (N, h, w, channels)."""
        if self._one_by_one and len(tensor) > 1:
            return np.concatenate([self.run(tensor[i : i + 1]) for i in range(len(tensor))])
        self._resize(len(tensor))
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        return self._in_floats(self._interpreter.get_tensor(self._output["index"]))

    def run_with_features(self, tensor: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """What `run` gives, and the features of the leads by each member of the network, (N, features) each as they are stored; none where the file has no head."""
        output = self.run(tensor)
        return output, [self._interpreter.get_tensor(detail["index"]) for detail in self._features]

    def run_head(self, features: list[np.ndarray]) -> np.ndarray:
        """What `run` gives for N inputs, (N, classes) float32, of their features as `run_with_features` gives them."""
        # Asked for anew each time: while somebody holds the runner, both runtimes refuse another batch (findings/signature_runner_held.sh).
        head = self._interpreter.get_signature_runner(HEAD)
        names = {f"member{number}": values for number, values in enumerate(features)}
        return self._in_floats(head(**names)["logits"].copy())

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """(N, classes) float32 of (N, h, w) uint8 leads; int8 steps, so a row's sum is 1 but for rounding."""
        return self.run(self.quantise(images))

    def _in_floats(self, output: np.ndarray) -> np.ndarray:
        """The output (N, classes) as float32, of how it is stored."""
        if output.dtype == np.float32:
            return output
        scale, zero_point = self._output["quantization"]
        return ((output.astype(np.int32) - zero_point) * np.float32(scale)).astype(np.float32)

    def _crashes_on_batches(self) -> bool:
        """Whether the process would end in a segmentation fault with more than one input at once.

        tflite-runtime 2.14 does so on arm64 with networks that hold int16 tensors (`crnn`), by its optimised kernels alone; one input after the other gives
        the same numbers. Found by `make test-arm64`, on emulated Cortex-A53 and A72.
        """
        if self.runtime.name != "tflite-runtime" or platform.machine() != "aarch64":
            return False
        return any(detail["dtype"] == np.int16 for detail in self._interpreter.get_tensor_details())

    def _resize(self, batch: int) -> None:
        if batch == self._batch:
            return
        self._interpreter.resize_tensor_input(self._input["index"], [batch, *self.input_shape])
        self._interpreter.allocate_tensors()
        self._batch = batch


def _levels_of(detail: dict[str, Any]) -> np.ndarray:
    """(256,) values of the network's input type for the gray levels 0..255, which stand for 0..1."""
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    if detail["dtype"] == np.float32:
        return levels
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(levels / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])
