"""Russian-language classifiers: text in, ``Prediction`` out."""
