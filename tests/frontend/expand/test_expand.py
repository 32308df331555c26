"""Expansion: parameters, copies, conditions and blocks, on plain data."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from kerasgen.diagnostics import Diagnostic, Sink, SourceLocation
from kerasgen.frontend.expand.whole_model import expand_config, expand_model


def expanded(text: str, inputs: Sequence[str] = ("input",)) -> Any:
    sink = Sink()
    section = expand_model(yaml.safe_load(text), "model", sink, inputs=inputs).section
    assert [d.message for d in sink.diagnostics] == []
    return section


def refused(text: str) -> list[Diagnostic]:
    sink = Sink()
    assert expand_model(yaml.safe_load(text), "model", sink).section is None
    return sink.diagnostics


def messages(text: str) -> list[str]:
    return [f"{d.code}: {d.message}" for d in refused(text)]


def plain(text: str) -> Any:
    return yaml.safe_load(text)


def test_a_model_without_anything_to_expand_is_given_back_as_it_is() -> None:
    section = plain("layers: {a: {class: Dense, units: 4}, b: {class: Add, from: [a, input]}}")
    assert expand_model(section, "model", Sink()).section is section


def test_parameters_are_put_in_with_their_kinds() -> None:
    section = expanded("""
    parameters: {width: 4, twice: $width * 2, init: {class: HeNormal, seed: 1}, sizes: [2, 3]}
    layers:
      a: {class: Dense, units: $width, kernel_initializer: $init}
      b: {class: Reshape, target_shape: $sizes}
      c: {class: Dense, units: "$twice"}
    """)
    assert section == plain("""
    layers:
      a: {class: Dense, units: 4, kernel_initializer: {class: HeNormal, seed: 1}}
      b: {class: Reshape, target_shape: [2, 3]}
      c: {class: Dense, units: 8}
    """)


def test_repeat_chains_copies_and_counts_them() -> None:
    section = expanded("""
    parameters: {widths: [8, 4]}
    layers:
      hidden: {class: Dense, units: "$widths[$index]", repeat: len($widths)}
      out: {class: Dense, units: 1}
    """)
    assert section == plain("""
    layers:
      hidden_0: {class: Dense, units: 8}
      hidden_1: {class: Dense, units: 4}
      out: {class: Dense, units: 1}
    """)


def test_a_repeated_entry_takes_from_once_and_then_its_copy() -> None:
    section = expanded("""
    layers:
      a: {class: Dense, units: 2}
      b: {class: Dense, units: 2}
      c: {class: Dense, units: 2, from: a, repeat: 2}
      d: {class: Add, from: [b, c]}
    """)
    assert section["layers"]["c_0"] == {"class": "Dense", "units": 2, "from": "a"}
    assert section["layers"]["c_1"] == {"class": "Dense", "units": 2}
    assert section["layers"]["d"]["from"] == ["b", "c_1"]


def test_no_copies_are_as_no_entry() -> None:
    section = expanded("layers: {a: Flatten, b: {class: Dense, units: 1, repeat: 0}, c: ReLU}")
    assert section == plain("layers: {a: Flatten, c: ReLU}")


def test_who_takes_an_entry_that_is_left_out_takes_its_input() -> None:
    section = expanded("""
    parameters: {wide: false}
    layers:
      a: Flatten
      b: {class: Dense, units: 2, from: a}
      c: {class: Dense, units: 2, if: $wide, from: a}
      d: {class: Add, from: [b, c]}
      e: {class: ReLU, if: not $wide}
    """)
    assert list(section["layers"]) == ["a", "b", "d", "e"]
    assert section["layers"]["d"]["from"] == ["b", "a"]
    assert section["layers"]["e"] == {"class": "ReLU"}


def test_of_several_tensors_the_first_stands_for_an_entry_that_is_left_out() -> None:
    section = expanded("""
    layers:
      a: {class: Dense, units: 2}
      b: {class: Dense, units: 3}
      sum: {class: Add, from: [b, a], if: 2 == 3}
      out: {class: Concatenate, from: [sum, a]}
    """)
    assert section["layers"]["out"]["from"] == ["b", "a"]


def test_the_first_entry_may_be_left_out() -> None:
    section = expanded(
        """
    layers:
      noise: {class: GaussianNoise, stddev: 0.1, if: false}
      a: {class: Dense, units: 2}
      b: {class: Concatenate, from: [a, noise]}
    """,
        inputs=("pixels",),
    )
    assert section == plain("""
    layers:
      a: {class: Dense, units: 2}
      b: {class: Concatenate, from: [a, pixels]}
    """)


def test_after_puts_an_entry_behind_another_one() -> None:
    section = expanded("""
    layers:
      flatten: Flatten
      hidden: {class: Dense, units: 2}
      side: {class: Dense, units: 2, from: flatten}
      out: {class: Add, from: [hidden, side]}
      noise: {class: GaussianNoise, stddev: 0.1, after: flatten}
      more: {class: ReLU, after: noise}
    """)
    assert list(section["layers"]) == ["flatten", "noise", "more", "hidden", "side", "out"]
    assert section["layers"]["side"]["from"] == "flatten"
    assert "from" not in section["layers"]["hidden"]


RESIDUAL = """
blocks:
  residual:
    parameters: {filters: "???", strides: 1}
    layers:
      conv1: {class: Conv2D, filters: $filters, kernel_size: 3, strides: $strides, padding: same}
      conv2: {class: Conv2D, filters: $filters, kernel_size: 3, padding: same}
      project: {if: $strides != 1, class: Conv2D, filters: $filters, kernel_size: 1,
                strides: $strides, from: input}
      sum: {class: Add, from: [conv2, project]}
"""


def test_a_block_is_written_out_where_it_is_used() -> None:
    section = expanded(
        RESIDUAL
        + """
layers:
  stem: {class: Conv2D, filters: 4, kernel_size: 3}
  stage: {block: residual, filters: 4 * ($index + 1), strides: 1 + $index, repeat: 2}
  pool: GlobalAveragePooling2D
"""
    )
    assert section == plain("""
    layers:
      stem: {class: Conv2D, filters: 4, kernel_size: 3}
      stage_0_conv1: {class: Conv2D, filters: 4, kernel_size: 3, strides: 1, padding: same}
      stage_0_conv2: {class: Conv2D, filters: 4, kernel_size: 3, padding: same}
      stage_0_sum: {class: Add, from: [stage_0_conv2, stem]}
      stage_1_conv1: {class: Conv2D, filters: 8, kernel_size: 3, strides: 2, padding: same}
      stage_1_conv2: {class: Conv2D, filters: 8, kernel_size: 3, padding: same}
      stage_1_project: {class: Conv2D, filters: 8, kernel_size: 1, strides: 2, from: stage_0_sum}
      stage_1_sum: {class: Add, from: [stage_1_conv2, stage_1_project]}
      pool: GlobalAveragePooling2D
    """)


def test_a_block_with_several_inputs_and_outputs() -> None:
    section = expanded("""
    inputs: [left, right]
    blocks:
      pair:
        inputs: [a, b]
        layers: {sum: {class: Add, from: [a, b]}, gap: {class: Subtract, from: [a, b]}}
        outputs: {sum: sum, gap: gap}
    layers:
      both: {block: pair, from: {b: left, a: right}}
      other: {block: pair, from: [left, both.gap]}
      out: {class: Concatenate, from: [both.sum, other.0, other.1]}
    """)
    assert section["layers"]["both_sum"]["from"] == ["right", "left"]
    assert section["layers"]["other_gap"]["from"] == ["left", "both_gap"]
    assert section["layers"]["out"]["from"] == ["both_sum", "other_sum", "other_gap"]


def test_the_first_input_of_a_repeated_block_takes_the_copy_before() -> None:
    section = expanded("""
    inputs: [query, memory]
    blocks:
      decoder:
        inputs: [x, memory]
        layers: {look: {class: Attention, from: [x, memory]}}
    layers:
      decode: {block: decoder, from: {x: query, memory: memory}, repeat: 2}
    """)
    assert section["layers"]["decode_0_look"]["from"] == ["query", "memory"]
    assert section["layers"]["decode_1_look"]["from"] == ["decode_0_look", "memory"]


def test_outputs_that_are_inputs_of_the_block_go_on_by_name() -> None:
    section = expanded("""
    inputs: [sound, skips]
    blocks:
      step:
        inputs: [x, skips]
        outputs: {skips: sum, x: deeper}
        layers:
          deeper: {class: Dense, units: 2, from: x}
          sum: {class: Add, from: [skips, x]}
    layers:
      steps: {block: step, from: [sound, skips], repeat: 2}
      out: {class: ReLU, from: steps.skips}
    """)
    assert section == plain("""
    inputs: [sound, skips]
    layers:
      steps_0_deeper: {class: Dense, units: 2, from: sound}
      steps_0_sum: {class: Add, from: [skips, sound]}
      steps_1_sum: {class: Add, from: [steps_0_sum, steps_0_deeper]}
      out: {class: ReLU, from: steps_1_sum}
    """)


def test_blocks_use_blocks_and_see_the_parameters_around_their_definition() -> None:
    section = expanded("""
    parameters: {width: 3}
    blocks:
      outer:
        parameters: {depth: 2}
        layers: {inner: {block: inner, scale: $depth, repeat: $depth}}
      inner:
        parameters: {scale: 1}
        layers: {dense: {class: Dense, units: $width * $scale}}
    layers: {a: {block: outer}, b: {block: outer, depth: 1}}
    """)
    assert section == plain("""
    layers:
      a_inner_0_dense: {class: Dense, units: 6}
      a_inner_1_dense: {class: Dense, units: 6}
      b_inner_0_dense: {class: Dense, units: 3}
    """)


def test_a_block_called_again_shares_its_layers() -> None:
    section = expanded("""
    inputs: [left, right]
    blocks:
      tower: {layers: {conv: {class: Conv2D, filters: 2, kernel_size: 3}, size: {class: ops.abs}}}
    layers:
      first: {block: tower, from: left}
      second: {is: first, from: right}
      gap: {class: Subtract, from: [first, second]}
    """)
    assert section["layers"]["second_conv"] == {"is": "first_conv", "from": "right"}
    assert section["layers"]["second_size"] == {"class": "ops.abs"}
    assert section["layers"]["gap"]["from"] == ["first_size", "second_size"]


def test_a_nested_model_has_parameters_of_its_own_and_sees_those_around_it() -> None:
    section = expanded("""
    parameters: {width: 4}
    layers:
      tower:
        class: Sequential
        parameters: {depth: 2}
        layers: {dense: {class: Dense, units: $width * $depth, repeat: $depth}}
        repeat: 2
      wrapped: {class: TimeDistributed, layer: {layers: {d: {class: Dense, units: $width}}}}
    """)
    inner = plain(
        "{class: Sequential, layers: {dense_0: {class: Dense, units: 8}, "
        "dense_1: {class: Dense, units: 8}}}"
    )
    assert section["layers"]["tower_0"] == section["layers"]["tower_1"] == inner
    assert section["layers"]["wrapped"]["layer"]["layers"] == {"d": {"class": "Dense", "units": 4}}


def test_a_list_of_entries_is_expanded_with_the_names_that_keras_gives() -> None:
    section = expanded("layers: [Flatten, {class: Dense, units: 2, repeat: 2}, {class: ReLU}]")
    assert list(section["layers"]) == ["flatten", "dense_0", "dense_1", "re_lu"]


def test_outputs_keep_the_names_that_were_written() -> None:
    section = expanded("""
    blocks: {head: {layers: {dense: {class: Dense, units: 2}, out: Softmax}}}
    layers: {body: Flatten, a: {block: head, from: body}, b: {block: head, from: body}}
    outputs: [a, b]
    """)
    assert section["outputs"] == {"a": "a_out", "b": "b_out"}


def test_an_output_that_is_not_the_last_entry_is_named() -> None:
    section = expanded("""
    blocks: {twin: {layers: {a: ReLU, b: {class: Add, from: [a, input]}}, outputs: a}}
    layers: {x: Flatten, y: {block: twin}}
    """)
    assert section["outputs"] == "y_a"


def test_class_and_block_and_layers_may_be_parameters() -> None:
    section = expanded("""
    parameters: {act: {class: LeakyReLU, negative_slope: 0.1}, kind: Dense, which: b}
    blocks: {b: {layers: {x: Flatten}}}
    layers: {a: {class: $kind, units: 2}, act: $act, again: {class: $act}, c: {block: $which}}
    """)
    act = {"class": "LeakyReLU", "negative_slope": 0.1}
    assert section["layers"] == {
        "a": {"class": "Dense", "units": 2},
        "act": act,
        "again": act,
        "c_x": "Flatten",
    }


def test_what_is_expanded_is_a_config_again() -> None:
    text = RESIDUAL + "layers: {a: {block: residual, filters: 2}, b: {class: X, word: $$filters}}"
    once = expanded(text)
    assert once["layers"]["b"]["word"] == "$$filters"
    assert expand_model(once, "model", Sink()).section == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layers: {a: {class: Dense, units: $width}}", "KG309: there is no parameter `width`"),
        ("layers: {a: {class: Dense, units: $index}}", "KG309: there is no parameter `index`"),
        (
            "parameters: {w: 1}\nlayers: {a: {class: Dense, units: $w +}}",
            "KG308: `$w +`: it is no expression",
        ),
        ("layers: {a: {class: Dense, repeat: -1}}", "KG204: `repeat` is the number `-1`"),
        ("layers: {a: {class: Dense, repeat: 1000000}}", "KG204: `repeat` is the number"),
        ("layers: {a: {class: Dense, repeat: true}}", "KG204: `repeat` is the boolean"),
        ("layers: {a: {class: Dense, if: [1]}}", "KG204: `if` is a list"),
        ("layers: {a: {class: Dense, if: maybe}}", "KG308: `maybe`: `maybe` is no parameter"),
        ("layers: {a: {block: x}}", "KG201: there is no block `x`"),
        (
            "blocks: {x: {layers: {y: {block: x}}}}\nlayers: {a: {block: x}}",
            "KG310: the blocks use each other: `x` -> `x`",
        ),
        ("blocks: [1]\nlayers: {a: Flatten}", "KG204: `blocks` is a list"),
        ("blocks: {x: 3}\nlayers: {a: Flatten}", "KG204: the block `x` is the number"),
        ("blocks: {x: {}}\nlayers: {a: {block: x}}", "KG203: the block `x` has no layers"),
        (
            "blocks: {x: {layer: {a: Flatten}}}\nlayers: {a: {block: x}}",
            "KG107: `model.blocks.x` has no key `layer`",
        ),
        ("parameters: [1]\nlayers: {a: Flatten}", "KG204: `parameters` is a list"),
        ("parameters: {index: 1}\nlayers: {a: Flatten}", "KG305: `index` cannot be the name"),
        ("layers: {a: {class: ReLU, after: b}}", "KG301: there is no entry `b` to come after"),
        (
            "layers: {a: {class: ReLU, after: b}, b: {class: ReLU, after: a}}",
            "KG303: `a` and `b` come after each other",
        ),
        (
            "blocks: {x: {layers: {a: {class: Add, from: [input, y]}}}}\nlayers: {a: {block: x}}",
            "KG301: there is no entry or input `y`",
        ),
        (
            "blocks: {x: {inputs: [p, q], layers: {a: {class: Add, from: [p, q]}}}}\n"
            "layers: {a: {block: x}}",
            "KG307: the block `x` has 2 inputs and is given 1",
        ),
        (
            "blocks: {x: {layers: {a: ReLU, b: ReLU}, outputs: [a, b]}}\n"
            "layers: {a: {block: x}, c: Flatten}",
            "KG306: `c` takes one of 2 outputs",
        ),
        (
            "layers: {a: {class: Dense, units: 1, repeat: 2}, a_0: Flatten}",
            "KG305: `a_0` is the name of another entry",
        ),
        (
            "layers: {b: {class: Add, from: [c, c]}, c: {class: ReLU, repeat: 2}}",
            "KG302: `c` comes later",
        ),
        (
            "layers: {c: {class: ReLU, repeat: 2}, d: {is: c}}",
            "KG307: `c` stands for 2 layers",
        ),
    ],
)
def test_what_cannot_be_expanded_is_refused(text: str, expected: str) -> None:
    assert messages(text)[0].startswith(expected)


def test_a_mistake_in_a_block_is_told_once_with_its_uses() -> None:
    found = refused("""
    parameters: {width: 1}
    blocks: {x: {layers: {a: {class: Dense, units: $widht}}}}
    layers: {a: {block: x, repeat: 3}, b: {block: x}}
    """)
    assert [d.code for d in found] == ["KG309"]
    assert found[0].location == SourceLocation(key="model.blocks.x.layers.a.units")
    assert found[0].help == "did you mean `$width`?"
    assert [note.message for note in found[0].notes] == ["`a_0` uses the block `x`"]


def test_an_unknown_argument_silences_the_missing_one() -> None:
    text = RESIDUAL + "layers: {a: {block: residual, filtrs: 2}}"
    assert messages(text) == ["KG202: the block `residual` has no parameter `filtrs`"]


def test_later_stages_find_what_was_written() -> None:
    sink = Sink()
    text = RESIDUAL + "layers: {a: {block: residual, filters: -2, repeat: 2}}"
    sink = sink.over(expand_config({"model": yaml.safe_load(text)}, sink).source_map)
    for name in ("a_0_conv1", "a_1_conv1"):
        sink.report("KG206", f"`{name}` refuses", key=f"model.layers.{name}.filters")
    (found,) = sink.diagnostics
    assert found.location == SourceLocation(key="model.blocks.residual.layers.conv1.filters")
    assert [(n.message, n.location) for n in found.notes] == [
        ("`filters` is given here", SourceLocation(key="model.layers.a.filters")),
        ("`a_0` uses the block `residual`", SourceLocation(key="model.layers.a")),
    ]


def test_a_block_use_must_name_a_block() -> None:
    assert messages("""
    blocks: {b: {layers: {d: {class: Dense, units: 3}}}}
    layers: {f: Flatten, x: {block: null, class: Dense, units: 3}, y: {block: [b]}}
    """) == [
        "KG204: `block` is null, expected the name of a block",
        "KG204: `block` is a list, expected the name of a block",
    ]
    assert messages("""
    parameters: {p: null}
    layers: {f: Flatten, x: {block: $p}}
    """) == ["KG204: `block` is null, expected the name of a block"]
    assert messages("layers: {f: Flatten, x: {block: $p, repeat: 2}}") == [
        "KG309: there is no parameter `p`"
    ]


def test_a_repeated_block_is_not_used_again_by_its_first_copy_alone() -> None:
    assert messages("""
    blocks: {b: {layers: {d: {class: Dense, units: 3}}}}
    layers: {x: {block: b, repeat: 2}, y: {is: x}}
    """) == ["KG307: `x` stands for 2 layers, expected one"]


def test_a_block_used_again_takes_no_parameters() -> None:
    assert messages("""
    blocks: {b: {parameters: {u: 3}, layers: {d: {class: Dense, units: $u}}}}
    layers: {x: {block: b}, y: {is: x, u: 4}}
    """) == ["KG307: `y` uses `x` again and cannot have `u`"]


def test_a_misspelt_section_is_told_beside_what_it_breaks() -> None:
    assert "KG107: `model` has no key `paramaters`" in messages("""
    paramaters: {w: 8}
    layers: {x: {class: Dense, units: $w}}
    """)


def test_blocks_that_come_to_nothing_are_not_repeated_without_end() -> None:
    found = messages("""
    blocks:
      a: {layers: {d: {if: false, class: Dense, units: 3}}}
      b: {layers: {d: {block: a, repeat: 10000}}}
      c: {layers: {d: {block: b, repeat: 10000}}}
    layers: {x: {block: c, repeat: 10000}}
    """)
    assert "KG902: expansion looked at more than 50,000 copies of entries" in found


def test_a_copy_of_a_repeated_block_can_be_named() -> None:
    section = expanded("""
    blocks: {b: {layers: {x: ReLU, y: Flatten}}}
    layers: {a: {block: b, repeat: 2}, sum: {class: Concatenate, from: [a_0, a]}}
    """)
    assert section["layers"]["sum"]["from"] == ["a_0_y", "a_1_y"]


@pytest.mark.parametrize("entry", ["b", "{class: b}"])
def test_a_block_that_is_written_as_a_class_is_told(entry: str) -> None:
    found = refused(f"blocks: {{b: {{layers: {{x: Flatten}}}}}}\nlayers: {{a: {entry}}}")
    assert [(d.code, d.help) for d in found] == [("KG307", "write `{block: b}`")]


def test_a_parameter_that_is_defined_below_is_told() -> None:
    found = refused("parameters: {c: $d, d: 3}\nlayers: {a: {class: Dense, units: $c}}")
    assert found[0].help == "`d` is defined below: put it above"


def test_text_beside_a_parameter_is_told() -> None:
    found = refused("parameters: {n: 3}\nlayers: {a: {class: Dense, name: hi_$n}}")
    assert found[0].message == "`hi_$n`: text and a parameter stand side by side"


def test_a_block_that_no_entry_uses_is_told() -> None:
    sink = Sink()
    text = "blocks: {b: {layers: {x: Dens}}}\nlayers: {a: Flatten}"
    assert expand_model(yaml.safe_load(text), "model", sink).section == plain(
        "layers: {a: Flatten}"
    )
    assert [(d.code, d.severity, d.message) for d in sink.diagnostics] == [
        ("KG304", "warning", "no entry uses the block `b`")
    ]


def test_an_unknown_key_of_a_nested_model_is_told_before_what_it_brings_about() -> None:
    inside = "{class: Sequential, paramters: {n: 3}, layers: {a: {class: Dense, units: $n}}}"
    assert messages(f"layers: {{in: {inside}}}") == [
        "KG107: `model.layers.in` has no key `paramters`",
        "KG309: there is no parameter `n`",
    ]


def test_an_entry_behind_a_block_with_several_outputs_is_told_their_names() -> None:
    outputs = "outputs: {whole: d, half: e}"
    block = f"{{layers: {{d: Flatten, e: {{class: Flatten, from: input}}}}, {outputs}}}"
    layers = "{t: {block: two}, u: {class: Flatten, after: t}}"
    (found,) = refused(f"{{blocks: {{two: {block}}}, layers: {layers}, outputs: u}}")
    assert found.code == "KG306"
    assert found.help == "write `t.whole` or `t.half` under its `from`"


def test_too_many_entries_are_told_once_where_they_are_asked_for() -> None:
    inner = "{layers: {d: {class: Dense, units: 3, repeat: 100}}}"
    outer = "{layers: {i: {block: inner, repeat: $times}}, parameters: {times: 100}}"
    found = refused(
        f"{{parameters: {{depth: 100}}, blocks: {{inner: {inner}, outer: {outer}}}, "
        "layers: {a: Flatten, t: {block: outer, repeat: $depth}, z: Flatten}}"
    )
    assert [(d.code, d.location.key if d.location else "") for d in found] == [
        ("KG902", "model.layers.t.repeat")
    ]
    assert [note.message for note in found[0].notes] == ["`depth` is the number `100`"]
