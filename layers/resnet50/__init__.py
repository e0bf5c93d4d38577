"""The model layer: packs, how a pack is built from Keras' ResNet50, and training."""
