"""The emitters: from IR and reports to text and pictures, without Keras."""
