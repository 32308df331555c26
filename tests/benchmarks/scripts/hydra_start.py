"""The smallest Hydra application over the shipped configs: what Hydra's own start costs.

python hydra_start.py hydra/launcher=basic hydra.run.dir=FOLDER
"""

import hydra
from omegaconf import DictConfig, OmegaConf


@hydra.main(version_base="1.3", config_path="../../../conf", config_name="config")
def main(config: DictConfig) -> None:
    print(OmegaConf.to_yaml(config))


main()
