import re
import xml.etree.ElementTree as ET

from kerasgen.emit.picture.scene import draw_scene
from kerasgen.emit.picture.svg import paint_svg, to_svg
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]
SVG = "{http://www.w3.org/2000/svg}"


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


def test_a_model_is_drawn_with_the_names_of_its_calls(siamese: Drawn) -> None:
    svg = to_svg(*siamese)
    assert "tower_right" in {element.text for element in ET.fromstring(svg).iter(f"{SVG}text")}
