"""What kerasgen is to Hydra: application, launcher, task."""
