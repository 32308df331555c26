"""What a first recipe says: of files in folders of classes, and of the model."""
