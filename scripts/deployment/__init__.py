"""`scripts/deploy`: the gallery on AWS, or in any cloud that speaks as AWS does."""
