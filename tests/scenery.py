"""Parts of a landscape, painted one over the other with fractal noise, ridge lines and polygons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float32]
"""Colours are in [0, 1], shape (..., 3); masks and noise have shape (height, width)."""


@dataclass(frozen=True)
class Light:
    """Colours of a time of day or of a season, as RGB in hexadecimal.

    Attributes:
        zenith, middle, horizon: the sky from its top down.
        sun: colour of the sun or the moon and of its glow.
        glow: how far the glow reaches, 0 for none.
        cloud, shade: a cloud's lit and dark side.
        cover: part of the sky under clouds, in [0, 1].
        far, near: the most distant and the nearest hills.
        ground: grass, sand, or snow in the foreground.
        height: of the sun above the horizon, as a part of the sky's height.
        stars, lamps: how many stars are seen, and which part of the windows is lit.
        white: how much snow lies on what looks upward, in [0, 1].
        leaves: colours of trees.
        petals: colours of a field in bloom.
    """

    zenith: str
    middle: str
    horizon: str
    sun: str
    glow: float
    cloud: str
    shade: str
    cover: float
    far: str
    near: str
    ground: str
    height: float = 0.2
    stars: int = 0
    lamps: float = 0.05
    white: float = 0.0
    leaves: tuple[str, ...] = ("1f3326", "26402c", "18291f")
    petals: tuple[str, ...] = ("d8394a", "f0b429", "e86a92", "f4efe6", "8a4fbf")


class Canvas:
    """A picture in the making.

    Attributes:
        pixels: shape (height, width, 3).
        horizon: row of the horizon.
        sun: column and row of the sun's or the moon's centre.
    """

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], light: Light, horizon: float) -> None:
        self.rng, self.light = rng, light
        self.width, self.height = size
        self.horizon = round(horizon * self.height)
        self.sun = rng.uniform(0.15, 0.85) * self.width, self.horizon * (1 - light.height)
        self.x = np.arange(self.width, dtype=np.float32)[None, :]
        self.y = np.arange(self.height, dtype=np.float32)[:, None]
        self.pixels: Array = np.zeros((self.height, self.width, 3), np.float32)

    def noise(self, cell: tuple[float, float], octaves: int = 5, gain: float = 0.5) -> Array:
        """Fractal noise of about zero mean and unit deviation. `cell`: its largest features, in pixels."""
        total = np.zeros((self.height, self.width), np.float32)
        for octave in range(octaves):
            shape = [
                max(2, int(side * 2**octave / c) + 2)
                for side, c in zip((self.height, self.width), cell[::-1], strict=True)
            ]
            grid = Image.fromarray(self.rng.standard_normal(shape).astype(np.float32))
            total += gain**octave * np.asarray(
                grid.resize((self.width, self.height), Image.Resampling.BICUBIC)
            )
        return (total - total.mean()) / (total.std() + 1e-6)

    def line(self, wavelength: float, octaves: int = 6, gain: float = 0.5, ridged: bool = False) -> Array:
        """A curve over the width, in about [-1, 1]; `ridged` has sharp crests."""
        total = np.zeros(self.width, np.float32)
        for octave in range(octaves):
            step = wavelength / 2**octave
            values = self.rng.uniform(-1, 1, int(self.width / step) + 3)
            place = self.x[0] / step + self.rng.uniform()
            left, part = place.astype(int), place % 1
            smooth = part * part * (3 - 2 * part)
            wave = values[left] * (1 - smooth) + values[left + 1] * smooth
            total += gain**octave * (1 - 2 * np.abs(wave) if ridged else wave)
        return total * (1 - gain)

    def blend(self, colour: Array, mask: Array | float) -> None:
        """Lay a colour, or one for each pixel, over what is there."""
        weight = np.asarray(mask, np.float32)[..., None]
        self.pixels += (colour - self.pixels) * weight

    # Parts of a scene, from the back to the front.

    def sky(self) -> None:
        light = self.light
        height = np.clip(self.y / max(1, self.horizon), 0, 1)
        stops = np.array([rgb(light.zenith), rgb(light.middle), rgb(light.horizon)])
        ramp = np.stack([np.interp(height[:, 0], (0, 0.6, 1), stops[:, c]) for c in range(3)], axis=1)
        self.pixels[:] = ramp[:, None, :]
        if light.stars:
            self._stars(light.stars)
        distance = np.hypot(self.x - self.sun[0], (self.y - self.sun[1]) * 1.25)
        reach = 0.45 * max(self.width, self.height)
        self.blend(rgb(light.sun), np.clip(light.glow * 0.9 * np.exp(-distance / reach * 2.4), 0, 1))
        radius = self.width * (0.020 if light.height < 0.6 else 0.026)
        disc = np.clip(radius - np.hypot(self.x - self.sun[0], self.y - self.sun[1]) + 0.5, 0, 1)
        if light.stars or (light.height < 0.35 and light.glow >= 0.3):
            self.blend(rgb(light.sun), disc)
        self._clouds()

    def _stars(self, count: int) -> None:
        xs = self.rng.integers(0, self.width, count)
        ys = (self.rng.random(count) ** 1.3 * self.horizon).astype(int)
        self.pixels[ys, xs] += (self.rng.random((count, 1)) ** 3 * 0.9).astype(np.float32)

    def _clouds(self) -> None:
        light = self.light
        if not light.cover:
            return
        flat = self.rng.uniform(2.2, 5.0)
        cell = self.width / 3.2
        density = self.noise((cell, cell / flat), 6, 0.55)
        threshold = float(np.quantile(density[: self.horizon], 1 - light.cover))
        body = np.clip((density - threshold) * 0.9, 0, 1)
        body *= np.clip((self.horizon - self.y) / (0.12 * self.height), 0, 1)
        below = np.roll(density, (-6, 4 if self.sun[0] > self.width / 2 else -4), (0, 1)) - density
        lit = np.clip(0.55 - 0.9 * below - 0.12 * (density - threshold), 0, 1)[..., None]
        self.blend(rgb(light.shade) + (rgb(light.cloud) - rgb(light.shade)) * lit, body * 0.92)

    def mountains(self, layers: int, tall: float, *, ridged: bool = True) -> None:
        """Ranges one before the other, paler with distance; the last ends below the horizon."""
        light = self.light
        haze = (rgb(light.horizon) + rgb(light.far)) / 2
        for layer in range(layers):
            nearness = (layer + 1) / layers
            crest = self.line(self.width * (0.6 - 0.25 * nearness), 7, 0.48, ridged and nearness < 0.99)
            lift = tall * self.height * (1 - 0.72 * nearness)
            top = self.horizon - lift * (0.75 + 0.9 * crest) + 0.02 * self.height * nearness
            colour = rgb(light.far) + (rgb(light.near) - rgb(light.far)) * nearness**1.3
            self._range(top.astype(np.float32), colour, haze, nearness, lift)

    def _range(self, top: Array, colour: Array, haze: Array, nearness: float, lift: float) -> None:
        slope = np.sqrt(1 + np.gradient(top) ** 2)
        depth = self.y - top[None, :]
        mask = np.clip(depth / slope[None, :] + 0.5, 0, 1)
        relief = self.noise((self.width / (9 + 8 * nearness), self.width / (13 + 8 * nearness)), 5, 0.62)
        side = 3 if self.sun[0] > self.width / 2 else -3
        lit = np.clip(1 + (0.10 + 0.22 * nearness) * (relief - np.roll(relief, (2, side), (0, 1))), 0.4, 1.7)
        surface = colour * lit[..., None]
        if self.light.white:
            snow = np.clip(0.9 - depth / (lift + 1) * 1.1 + 0.35 * relief, 0, 1) * self.light.white
            surface = surface + (rgb("f4f8fd") * (0.55 + 0.45 * lit[..., None]) - surface) * snow[..., None]
        mist = np.clip(depth / (0.28 * self.height), 0, 1) * (1 - nearness) * 0.85
        self.blend(surface + (haze - surface) * mist[..., None], mask)

    def forest(self, base: float, tall: float, count: int, *, round_crowns: bool = False) -> None:
        """A row of trees on a rough line. `base` and `tall` are parts of the height."""
        mask = Image.new("RGBA", (2 * self.width, 2 * self.height))
        draw = ImageDraw.Draw(mask)
        floor = base * self.height + 0.02 * self.height * self.line(self.width / 3)
        shore = [(2 * k, 2 * float(floor[k])) for k in range(0, self.width, 4)]
        dark = rgb(self.light.leaves[0]) * 0.75
        bottom = 2 * self.height
        draw.polygon(
            [(0, bottom), *shore, (2 * self.width, shore[-1][1]), (2 * self.width, bottom)], _bytes(dark)
        )
        for _ in range(count):
            x = self.rng.uniform(-0.02, 1.02) * self.width
            foot = float(floor[int(np.clip(x, 0, self.width - 1))]) + self.rng.uniform(0, 0.03) * self.height
            high = tall * self.height * self.rng.uniform(0.55, 1.15)
            leaf = rgb(str(self.rng.choice(self.light.leaves))) * self.rng.uniform(0.8, 1.2)
            (self._crown if round_crowns else self._spruce)(draw, 2 * x, 2 * foot, 2 * high, leaf)
        layer = np.asarray(mask.resize((self.width, self.height), Image.Resampling.BOX), np.float32) / 255
        grain = 1 + 0.13 * self.noise((14, 10), 3, 0.7)
        self.blend(np.clip(layer[..., :3] / (layer[..., 3:] + 1e-6), 0, 1) * grain[..., None], layer[..., 3])

    def _spruce(self, draw: ImageDraw.ImageDraw, x: float, foot: float, high: float, leaf: Array) -> None:
        tiers = 7
        left, right = [], []
        for k in range(tiers + 1):
            y = foot - high * (1 - k / tiers)
            half = high * 0.17 * k / tiers
            for points, sign in ((left, -1), (right, 1)):
                jag = half * self.rng.uniform(0.85, 1.25)
                points += [(x + sign * jag, y), (x + sign * jag * 0.55, y - 0.01 * high)]
        draw.polygon([(x, foot - high), *left, *right[::-1]], _bytes(leaf))

    def _crown(self, draw: ImageDraw.ImageDraw, x: float, foot: float, high: float, leaf: Array) -> None:
        draw.line([(x, foot), (x, foot - high * 0.5)], _bytes(leaf * 0.35), max(2, int(high * 0.05)))
        for k in range(26):
            angle, away = self.rng.uniform(0, 2 * np.pi), np.sqrt(self.rng.uniform(0, 1)) * high * 0.3
            cx, cy = x + away * np.cos(angle), foot - high * 0.62 + 0.95 * away * np.sin(angle)
            radius = high * self.rng.uniform(0.06, 0.12)
            shine = 0.72 + 0.5 * (1 - k / 26 * 0.4) * (0.5 - 0.5 * np.sin(angle)) + 0.012 * k
            draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), _bytes(leaf * shine))

    def town(self, base: float, tall: float) -> None:
        """Three rows of buildings with windows."""
        light = self.light
        for row in range(3):
            nearness = (row + 1) / 3
            sheet = Image.new("RGBA", (2 * self.width, 2 * self.height))
            draw = ImageDraw.Draw(sheet)
            wall = rgb(light.far) * 0.9 + (rgb(light.near) - rgb(light.far) * 0.9) * nearness**1.2
            x = -self.rng.uniform(0, 60)
            while x < 2 * self.width:
                wide = self.rng.uniform(0.03, 0.075) * 2 * self.width
                middle = 1 - 0.55 * abs((x + wide / 2) / self.width - 1)
                high = (
                    2 * tall * self.height * self.rng.uniform(0.35, 1.0) * middle * (1.15 - 0.45 * nearness)
                )
                self._building(
                    draw, x, wide, 2 * base * self.height, high, wall * self.rng.uniform(0.85, 1.15)
                )
                x += wide * self.rng.uniform(0.75, 1.25)
            layer = (
                np.asarray(sheet.resize((self.width, self.height), Image.Resampling.BOX), np.float32) / 255
            )
            self.blend(np.clip(layer[..., :3] / (layer[..., 3:] + 1e-6), 0, 1), layer[..., 3])

    def _building(
        self, draw: ImageDraw.ImageDraw, x: float, wide: float, base: float, high: float, wall: Array
    ) -> None:
        draw.rectangle((x, base - high, x + wide, base), _bytes(wall))
        if self.rng.random() < 0.25:
            draw.line([(x + wide / 2, base - high * 1.22), (x + wide / 2, base - high)], _bytes(wall), 4)
        elif self.rng.random() < 0.3:
            draw.rectangle((x + wide * 0.25, base - high * 1.08, x + wide * 0.75, base - high), _bytes(wall))
        step = 13
        for wy in np.arange(base - high + 10, base - 8, step * 1.25):
            for wx in np.arange(x + 7, x + wide - 9, step):
                lit = self.rng.random() < self.light.lamps
                tone = rgb("ffd98a") * self.rng.uniform(0.7, 1.0) if lit else wall * 0.82
                draw.rectangle((wx, wy, wx + 5, wy + 7), _bytes(tone))

    def water(self, line: float, *, rough: float = 1.0) -> None:
        """Everything below `line` (a part of the height) mirrors what is above it."""
        top = round(line * self.height)
        rows = self.height - top
        near = (self.y[top:] - top) / rows
        wave = self.noise((self.width / 5, self.height / 70), 4, 0.6)[top:]
        source = top - 1 - (self.y[top:] - top) * 0.92 - rough * near * wave * 0.018 * self.height
        shifted = self.x + rough * (0.3 + near) * wave * 0.012 * self.width
        ys = np.clip(source, 0, top - 1).astype(int)
        xs = np.clip(shifted, 0, self.width - 1).astype(int)
        tint = rgb(self.light.zenith) * 0.8
        mirrored = self.pixels[ys, xs] * (0.88 - 0.08 * near[..., None])
        mirrored += (tint - mirrored) * (0.10 + 0.22 * near[..., None])
        mirrored *= 1 + 0.05 * rough * wave[..., None]
        column = np.exp(-(((self.x - self.sun[0]) / (self.width * (0.03 + 0.11 * near))) ** 2))
        sparkle = np.clip(wave - 0.5, 0, 1) * column * self.light.glow
        self.pixels[top:] = mirrored + (rgb(self.light.sun) - mirrored) * np.clip(sparkle, 0, 0.9)[..., None]

    def field(self, *, rows: int = 0) -> None:
        """The ground below the horizon: grass, or `rows` of flowers that run to the vanishing point."""
        top = self.horizon
        nearness = np.clip((self.y - top) / (self.height - top), 0, 1)
        fine, broad = self.noise((9, 5), 3, 0.8), self.noise((self.width / 3, self.height / 14), 4)
        lit = 1 + (0.06 + 0.16 * nearness) * fine + 0.10 * broad
        self.blend(rgb(self.light.ground) * lit[..., None], (self.y >= top).astype(np.float32))
        if rows:
            across = (self.x - self.width * self.rng.uniform(0.3, 0.7)) / np.maximum(self.y - top, 1)
            place = across * rows / 2 + 0.05 * fine
            petals = np.array([rgb(p) for p in self.light.petals])
            stripe = petals[(np.floor(place).astype(int) // 2) % len(petals)]
            bloom = np.clip(1.5 - 5.2 * np.abs(place % 1 - 0.5) + 0.25 * fine, 0, 1) * (self.y > top + 2)
            self.blend(
                stripe * np.clip(0.85 + 0.24 * fine, 0.3, 1.4)[..., None], bloom * (0.55 + 0.4 * nearness)
            )
        self._flowers(260 if rows else 420)

    def _flowers(self, count: int) -> None:
        """Single blossoms, larger the nearer they are."""
        sheet = Image.new("RGBA", (self.width, self.height))
        draw = ImageDraw.Draw(sheet)
        near = np.sort(self.rng.random(count) ** 0.7)
        for part in near:
            x, y = self.rng.uniform(0, self.width), self.horizon + part**1.6 * (self.height - self.horizon)
            radius = 0.4 + part**2 * 0.0075 * self.width
            petal = rgb(str(self.rng.choice(self.light.petals))) * self.rng.uniform(0.75, 1.15)
            for angle in np.arange(5) * 1.2566 + self.rng.uniform(0, 1):
                cx, cy = x + radius * np.cos(angle), y + 0.75 * radius * np.sin(angle)
                draw.ellipse((cx - radius, cy - 0.8 * radius, cx + radius, cy + 0.8 * radius), _bytes(petal))
            heart = radius * 0.5
            draw.ellipse((x - heart, y - heart, x + heart, y + heart), _bytes(rgb("f6d860")))
        layer = np.asarray(sheet, np.float32) / 255
        self.blend(layer[..., :3], layer[..., 3] * 0.9)

    def dunes(self, layers: int) -> None:
        """Sand, or snow, in smooth waves with a lit and a dark side."""
        ground = rgb(self.light.ground)
        for layer in range(layers):
            nearness = (layer + 1) / layers
            amplitude = (0.03 + 0.07 * nearness) * self.height
            start = self.horizon + (self.height - self.horizon) * (nearness - 1 / layers) * 0.9
            top = start - amplitude * (0.4 + self.line(self.width * (0.5 + 0.3 * nearness), 3, 0.3))
            depth = self.y - top[None, :]
            break_line = self.line(self.width * 0.35, 4, 0.45)[None, :] * amplitude * 0.8 + amplitude * 0.9
            dark = 1 / (1 + np.exp(-(depth - break_line) / (3 + 14 * nearness)))
            warp = depth + 9 * self.noise((self.width / 4, self.height / 6), 3)
            ripple = np.sin(warp / (1.2 + 2.2 * nearness)) * nearness
            tone = (1.08 - 0.36 * dark + 0.03 * ripple)[..., None]
            haze = rgb(self.light.horizon)
            colour = ground * tone + (haze - ground * tone) * (0.45 * (1 - nearness))
            self.blend(colour, np.clip(depth + 0.5, 0, 1))

    def developed(self) -> Image.Image:
        """The picture with what a lens and a film add to it."""
        across = (self.x / self.width - 0.5) ** 2 + (self.y / self.height - 0.5) ** 2
        grain = self.rng.standard_normal((self.height, self.width, 1)).astype(np.float32)
        shown = self.pixels * (1 - 0.34 * across)[..., None] + 0.008 * grain
        return Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))

    def saturate(self, saturation: float) -> None:
        """Multiply the colourfulness; 0 leaves black and white."""
        grey = (self.pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
        self.pixels = grey + (self.pixels - grey) * np.float32(saturation)


def rgb(colour: str) -> Array:
    """A colour from its hexadecimal digits."""
    return np.array([int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4)], np.float32)


def _bytes(colour: Array) -> tuple[int, int, int, int]:
    r, g, b = (int(255 * min(max(float(c), 0), 1)) for c in colour)
    return r, g, b, 255
