"""A folder of images to batches with Keras alone: what it takes once everything is imported.

python image_batches.py FOLDER HEIGHT WIDTH BATCH
"""

import sys
import time

import keras

folder, height, width, batch = sys.argv[1], *map(int, sys.argv[2:5])
keras.ops.zeros(1)  # the backend is awake
wall, cpu = time.perf_counter(), time.process_time()
data = keras.utils.image_dataset_from_directory(
    folder, image_size=(height, width), batch_size=batch, shuffle=False, verbose=False
)
rows, total = 0, 0.0
for images, _ in data:
    rows += len(images)
    total += float(images[0, 0, 0, 0])
print(f"{rows} rows, cpu {time.process_time() - cpu:.3f}, wall {time.perf_counter() - wall:.3f}")
