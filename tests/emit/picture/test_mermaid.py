import re

import pytest

from kerasgen.emit.picture.mermaid import to_mermaid
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]

MLP = """\
flowchart TD
  n_input(["input<br/>input"])
  n_flatten["flatten<br/>Flatten"]
  n_input -->|"(None, 28, 28, 1)"| n_flatten
  n_hidden1["hidden1<br/>Dense 128, relu"]
  n_flatten -->|"(None, 784)"| n_hidden1
  n_drop1["drop1<br/>Dropout 0.2"]
  n_hidden1 -->|"(None, 128)"| n_drop1
  n_scores["scores<br/>Dense 10, softmax"]
  n_drop1 -->|"(None, 128)"| n_scores
  output_n_scores(["scores<br/>output"])
  n_scores -->|"(None, 10)"| output_n_scores
"""

NESTED = """\
flowchart TD
  n_left(["left<br/>input"])
  n_right(["right<br/>input"])
  subgraph n_tower["tower<br/>Functional"]
    n_tower_2finput(["input<br/>input"])
    n_tower_2fconv["conv<br/>Conv2D 8, 3x3, relu"]
    n_tower_2finput -->|"(None, 28, 28, 1)"| n_tower_2fconv
    n_tower_2fpool["pool<br/>GlobalAveragePooling2D"]
    n_tower_2fconv -->|"(None, 26, 26, 8)"| n_tower_2fpool
    subgraph n_tower_2fhead["head<br/>Sequential"]
      n_tower_2fhead_2finput(["input<br/>input"])
      n_tower_2fhead_2fwide["wide<br/>Dense 32, gelu"]
      n_tower_2fhead_2finput -->|"(None, 8)"| n_tower_2fhead_2fwide
      n_tower_2fhead_2fnarrow["narrow<br/>Dense 8"]
      n_tower_2fhead_2fwide -->|"(None, 32)"| n_tower_2fhead_2fnarrow
    end
    n_tower_2fpool -->|"(None, 8)"| n_tower_2fhead
    n_tower_2fmix["mix<br/>Add"]
    n_tower_2fhead -->|"(None, 8)"| n_tower_2fmix
    n_tower_2fpool -->|"(None, 8)"| n_tower_2fmix
  end
  n_left -->|"(None, 28, 28, 1)"| n_tower
  n_tower__right[["tower_right<br/>Functional<br/>same layer as tower"]]
  n_right -->|"(None, 28, 28, 1)"| n_tower__right
  n_joined["joined<br/>Concatenate"]
  n_tower -->|"(None, 8)"| n_joined
  n_tower__right -->|"(None, 8)"| n_joined
  n_scores["scores<br/>Dense 2"]
  n_joined -->|"(None, 16)"| n_scores
  output_n_scores(["scores<br/>output"])
  n_scores -->|"(None, 2)"| output_n_scores
"""


def test_a_chain_is_written_as_mermaid(mlp: Drawn) -> None:
    assert to_mermaid(*mlp) == MLP


def test_nested_models_and_repeated_calls_are_written_as_mermaid(nested: Drawn) -> None:
    assert to_mermaid(*nested) == NESTED


def test_mermaid_edges_name_the_argument_and_the_output(translation: Drawn) -> None:
    text = to_mermaid(*translation)
    assert 'n_encoder -->|"initial_state .2 (None, 64)"| n_decoder' in text
    assert 'n_source -->|"(None, None) int32"| n_tokens' in text


def test_every_mermaid_edge_has_both_ends(drawn: Drawn) -> None:
    text = to_mermaid(*drawn)
    nodes = set(re.findall(r"^\s*(?:subgraph )?(\w+)[\[(]", text, re.MULTILINE))
    edges = re.findall(r"^\s*(\w+) -->(?:\|\"[^\"]*\"\|)? (\w+)$", text, re.MULTILINE)
    assert edges
    assert {end for edge in edges for end in edge} <= nodes


def test_a_new_layer_leaves_the_other_lines_of_the_mermaid_text_as_they_are(mlp: Drawn) -> None:
    graph, specs = mlp
    grown = to_mermaid(graph, specs | {"hidden1": specs["flatten"]}).splitlines()
    changed = [line for line in grown if line not in MLP.splitlines()]
    assert changed == ['  n_hidden1 -->|"(None, 784)"| n_drop1']


@pytest.mark.parametrize("name", ["end", "a-b", "a_b", "a_2db", "a__b", "a b", "ä", "<script>"])
def test_a_mermaid_id_is_plain_and_its_own(name: str, builder: type) -> None:
    made = builder("names")
    made.input("x", 4)
    others = [other for other in ("end", "a-b", "a_b", "a_2db", "a__b") if other != name]
    last = made.add(name, "Dense", "x", (4,))
    for other in others:
        last = made.add(other, "Dense", last, (4,))
    ids = re.findall(r"^  (\w+)\[", to_mermaid(made.graph(last), made.specs), re.MULTILINE)
    assert len(set(ids)) == len(others) + 1


def test_hostile_names_stay_text_in_mermaid(builder: type) -> None:
    made = builder("hostile")
    made.input("x", 4)
    made.add('a"b', "`%%{init: 1}%%`<script>$$x$$#quot;", "x", (4,))
    text = to_mermaid(made.graph('a"b'), made.specs)
    assert '["a#34;b<br/>' in text
    assert not re.search(r"script>|%%|`|\$|\{", text)
    assert all(line.count('"') in (0, 2) for line in text.splitlines())
