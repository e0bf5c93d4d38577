"""Training of the encoder, in Keras 3 and NumPy only, so that any Keras backend can run it."""
