import re
import struct
import xml.etree.ElementTree as ET

from kerasgen.emit.picture.painting import paint_png, paint_svg
from kerasgen.emit.picture.scene import draw_scene
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]
SVG = "{http://www.w3.org/2000/svg}"


def png_size(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_the_svg_is_xml_and_has_every_box_and_line(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    root = ET.fromstring(paint_svg(scene))
    # One more rectangle is the background.
    assert len(root.findall(f".//{SVG}rect")) == len(scene.boxes) + len(scene.frames) + 1
    assert len(root.findall(f".//{SVG}path")) == len(scene.edges)


def test_every_text_of_the_scene_is_in_the_svg(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    shown = {element.text for element in ET.fromstring(paint_svg(scene)).iter(f"{SVG}text")}
    assert {line.text for box in scene.boxes for line in box.lines} <= shown
    assert {edge.label for edge in scene.edges if edge.label} <= shown


def test_the_svg_needs_nothing_from_elsewhere(drawn: Drawn) -> None:
    text = paint_svg(draw_scene(*drawn))
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<(script|style|image|use|foreignObject)|@import|url\(", text)


def test_hostile_names_stay_text(builder: type) -> None:
    made = builder('</title><script>alert("1")</script>')
    made.input("<script>", 4)
    made.add('a"b', "<Dense onload='x'>", "<script>", (4,), name="&amp;", units="\x00\x1b]]>")
    svg = paint_svg(draw_scene(made.graph('a"b'), made.specs))
    root = ET.fromstring(svg)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds == {"svg", "title", "rect", "text", "g", "path", "polygon"}
    assert 'a"b' in {element.text for element in root.iter(f"{SVG}text")}


def test_the_png_has_the_size_of_the_scene_twice(mlp: Drawn) -> None:
    scene = draw_scene(*mlp)
    width, height = png_size(paint_png(scene))
    assert abs(width - 2 * scene.width) <= 2
    assert abs(height - 2 * scene.height) <= 2


def test_the_same_scene_gives_the_same_png(siamese: Drawn) -> None:
    scene = draw_scene(*siamese)
    assert paint_png(scene) == paint_png(scene)


def test_text_that_looks_like_mathematics_or_lacks_a_glyph_does_not_stop_the_png(
    builder: type,
) -> None:
    made = builder("$\\frac{$")
    made.input("日本", 4)
    made.add("$x^$", "Dense", "日本", (4,), units="$\\undefined$\n\x07")
    assert png_size(paint_png(draw_scene(made.graph("$x^$"), made.specs)))[0] > 100


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
