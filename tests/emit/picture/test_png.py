import struct

import pytest

from kerasgen.emit.picture.png import paint_png, to_png
from kerasgen.emit.picture.scene import draw_scene
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]


def png_size(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_the_png_has_the_size_of_the_scene_twice(mlp: Drawn) -> None:
    scene = draw_scene(*mlp)
    width, height = png_size(paint_png(scene))
    assert abs(width - 2 * scene.width) <= 2
    assert abs(height - 2 * scene.height) <= 2


def test_the_same_model_gives_the_same_png(siamese: Drawn) -> None:
    assert to_png(*siamese) == paint_png(draw_scene(*siamese))


def test_text_that_looks_like_mathematics_or_lacks_a_glyph_does_not_stop_the_png(
    builder: type,
) -> None:
    made = builder("$\\frac{$")
    made.input("日本", 4)
    made.add("$x^$", "Dense", "日本", (4,), units="$\\undefined$\n\x07")
    assert png_size(paint_png(draw_scene(made.graph("$x^$"), made.specs)))[0] > 100


@pytest.mark.slow
def test_a_very_large_scene_is_painted_smaller(builder: type) -> None:
    made = builder("deep")
    last = made.input("input", 4)
    for index in range(600):
        last = made.add(f"layer{index}", "Dense", last, (4,), units=4)
    scene = draw_scene(made.graph(last), made.specs)
    width, height = png_size(paint_png(scene))
    assert scene.height * 2 > 60_000
    assert height <= 60_001
    assert width * height <= 48_100_000
