"""What lens, sensor and file add to a scene: blur, moiré, noise and JPEG."""

from io import BytesIO

import numpy as np

from . import scene_background


def blur(channel, sigma_px, motion_px, angle_deg):
    """(H, W) float32 after defocus of `sigma_px` and a straight movement of `motion_px`."""
    from scipy import ndimage

    if motion_px > 0.3:
        channel = _move(channel, motion_px, angle_deg)
    if sigma_px > 0.15:
        channel = ndimage.gaussian_filter(channel, sigma_px, mode="nearest", truncate=3.0)
    return channel


def _move(channel, length_px, angle_deg):
    """The mean of copies along a line, each between pixels."""
    angle, steps = np.deg2rad(angle_deg), int(np.ceil(length_px)) + 1
    reach = int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for part in np.linspace(-0.5, 0.5, 2 * steps + 1) * length_px:
        x, y = reach + part * np.cos(angle), reach + part * np.sin(angle)
        column, row = int(x), int(y)
        for dy, wy in ((0, 1 - (y - row)), (1, y - row)):
            for dx, wx in ((0, 1 - (x - column)), (1, x - column)):
                kernel[row + dy, column + dx] += wy * wx
    kernel /= kernel.sum()
    padded = np.pad(channel, reach, mode="edge")
    total = np.zeros_like(channel)
    for row, column in np.argwhere(kernel > 0):
        total += kernel[row, column] * padded[row : row + channel.shape[0], column : column + channel.shape[1]]
    return total


def sharpen(channel, strength):
    """(H, W) float32 with `strength` of what a Gaussian of 1 px takes from it: a telephone's unsharp mask."""
    from scipy import ndimage

    if strength <= 0:
        return channel
    return channel + np.float32(strength) * (channel - ndimage.gaussian_filter(channel, 1.0, truncate=3.0))


def moire(strength, shape, rng):
    """Three (h, w) float32 at a fourth of `shape`: coloured fringes of ± `strength` levels, in patches where screen and sensor beat."""
    rows, columns = (-(-n // 4) for n in shape)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * 4
    angle, period = rng.uniform(0, np.pi), rng.uniform(15, 80)
    bow = rng.uniform(-1.5, 1.5, 3) / max(shape) ** 2
    phase = (x * np.cos(angle) + y * np.sin(angle)) / period + (bow[0] * x * x + bow[1] * x * y + bow[2] * y * y) * 20
    patches = np.clip(0.5 + 0.5 * scene_background.noise(rng, (rows, columns), max(rows, columns) / 4), 0, 1)
    return [strength * patches * np.sin(2 * np.pi * phase + lag).astype(np.float32) for lag in rng.uniform(0, 2, 3)]


def sensor_noise(picture, sigma, rng):
    """Add noise of about `sigma` levels to three (H, W) float32 channels, in place: shot noise in the light, read noise everywhere.

    Most of it is grey; its colour is coarser, as cameras leave it.
    """
    from PIL import Image

    if sigma <= 0:
        return
    shape = picture[0].shape
    luma = rng.standard_normal(shape, np.float32)
    luma *= sigma * np.sqrt(0.3 + 0.7 * np.clip(picture[1], 0, 255) / 200)
    half = tuple(-(-n // 2) for n in shape)
    for channel in picture:
        tint = Image.fromarray(rng.standard_normal(half, np.float32) * np.float32(0.5 * sigma))
        channel += luma
        channel += np.asarray(tint.resize(shape[::-1], Image.Resampling.BILINEAR))


def through_jpeg(image, quality):
    """(the bytes of an RGB `PIL.Image` as a JPEG with halved colour, the (H, W, 3) uint8 that comes back from them)."""
    from PIL import Image

    held = BytesIO()
    image.save(held, "JPEG", quality=quality, subsampling="4:2:0")
    return held.getvalue(), np.asarray(Image.open(held).convert("RGB"))
