"""The words of a config, and of the environment, that nothing may record."""

from omegaconf import OmegaConf

from kerasgen.frontend.compose.resolvers import secret_values


def test_secrets_of_a_config_and_of_the_environment_are_known() -> None:
    config = OmegaConf.create(
        {
            "fit": {
                "callbacks": {
                    "a": {"token": "${oc.env:ONE}", "headers": {"x": ["typed-word", 3]}},
                    "b": {"password": "\\${oc.env:TWO}", "path": "no-secret"},
                }
            },
            "data": {"source": {"api_key": "${oc.env:GONE}", "auth": "short"}},
            "seed": "${oc.env:SEED}",
        }
    )
    environment = {"ONE": "first-word", "TWO": "second-word", "MY_API_KEY": "third-word"}
    environment |= {"TOKENIZERS_PARALLELISM": "no-secret", "PWD": "/no/secret", "SEED": "no-secret"}
    assert set(secret_values(config, environment)) == {
        "first-word",
        "second-word",
        "third-word",
        "typed-word",
    }
