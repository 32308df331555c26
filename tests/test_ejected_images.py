"""The script of images that are augmented trains as its run does.

It stands alone for the sake of the backend: what is compared are samples, which TensorFlow makes
in a fraction of the time of PyTorch.
"""

from pathlib import Path

from ejected_scripts import QUICK, Same
from test_shipped import small

AUGMENTED = "cifar10_augmented"


def test_the_script_of_the_augmented_images_trains_as_its_run_does(
    engine: str, tmp_path: Path, assert_trains_alike: Same
) -> None:
    overrides = [f"experiment={AUGMENTED}", *QUICK, *small(AUGMENTED, tmp_path)]
    assert_trains_alike(overrides, tmp_path / "both")
