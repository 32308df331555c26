"""Packs chosen model files of a folder into `models.zip`, which the tests read.

Usage: `python pack.py FOLDER`, after the scripts `make_*.py` have filled the folder.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

CHOSEN = """
k107_mlp.h5 k107_gru.h5 k107_lstm.json k107_conv2d_tf.h5 k107_conv3d.h5 k107_branches.h5
k110_conv1d.h5 k110_deconvolution.h5 k110_shared.yaml k122_nested_graph.h5 k122_bidirectional.h5
k122_merges.h5 k122_conv2d_th.h5 k122_shapes.h5 k208_lstm.h5 k208_conv2d_first.h5 k208_nested.h5
k208_time_distributed.h5 k224_gru_after.h5 k224_separable.h5 k224_frames.h5 k224_states.h5
k231_mlp.h5 k231_nested.h5 k231_bidirectional.h5 k231_conv2d_first.h5 k231_conv2d_last.h5
k231_flatten_plain.h5 k231_stateful.h5 k231_cells.h5 k231_many.h5 k231_lstm.yaml
k231_shared.json k231_conv1d.h5 k231_conv3d.h5 k231_merges.h5 k231_simple_rnn.h5
k231tf_conv2d_last.h5 tf115_gru.h5 tf115_bidirectional.h5 tfk_mlp.h5 tfk_cudnn.h5
tfk_frozen.keras tfk_shared_nested.keras tfk_attention.keras tfk_mapping.saved
tfk_normalization.saved tfk_operations.h5 tfk_norms.json tfk_keras_rnn.h5 tfk_text.h5
tfk_mixed.keras tfk_newer.h5 tfjs_tfj_mlp_uint8.tfjs tfjs_tfj_gru_after_float16.tfjs
tfjs_tfj_nested.tfjs k3_branches.keras k3_nested.h5 k3_recurrent.keras k3_images.json
"""


def main():
    folder, target = Path(sys.argv[1]), Path(__file__).with_name("models.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in CHOSEN.split():
            stem, _, ending = name.rpartition(".")
            chosen = [folder / f"{stem}.npz", folder / name]
            if ending in ("json", "yaml"):
                chosen.append(folder / f"{stem}.weights.h5")
            if ending in ("saved", "tfjs"):
                chosen = [chosen[0], *(path for path in chosen[1].rglob("*") if path.is_file())]
            for path in chosen:
                archive.write(path, path.relative_to(folder))
    print(f"{len(CHOSEN.split())} models, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
