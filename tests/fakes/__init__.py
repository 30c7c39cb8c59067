"""Servers on loopback that answer as the networks document: for tests and for trying Otklik out.

Nothing here imports the product: a fake that shared its code could not contradict it.
"""
