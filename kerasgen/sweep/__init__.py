"""The Hydra application: single runs, and sweeps whose jobs are processes of their own."""
