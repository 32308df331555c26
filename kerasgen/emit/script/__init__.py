"""An experiment as one Python script that needs Keras and no kerasgen."""
