"""Learning from what people said: collect, split, train, compare, promote only what is better.

Only ``retrain``, ``recalibrate`` and ``noise`` import scikit-learn; nothing else here does.
"""
